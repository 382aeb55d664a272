-- Faults of the emulator that return well-formed HTTP with a body of the wrong shape, by name.

local M = {}

-- In place of the whole body.
local BODIES = {
  empty = "{}",
  array = "[]",
  null = "null",
  string = '"ok"',
  number = "200",
  blank = "",
  no_result = '{"requestId":"r"}',
  result_null = '{"requestId":"r","result":null}',
  result_array = '{"requestId":"r","result":[]}',
  result = '{"requestId":"r","result":{}}',
  error_empty = '{"requestId":"r","error":{}}',
  error_null = '{"requestId":"r","error":null}',
  error_text = '{"requestId":"r","error":"something went wrong"}',
  html = "<html><body>Welcome to the captive portal</body></html>",
  both = '{"requestId":"r","error":{"code":500,"status":"INTERNAL","message":"partial"},'
    .. '"result":{"images":[],"totalCount":18}}',
}

-- In place of the result.
local RESULTS = {
  images_null = '{"images":null,"totalCount":18}',
  images_missing = '{"totalCount":18}',
  images_object = '{"images":{},"totalCount":18}',
  images_string = '{"images":"none","totalCount":18}',
  images_of_numbers = '{"images":[1,2,3],"totalCount":18}',
  images_with_null = '{"images":[null],"totalCount":18}',
  images_without_id = '{"images":[{"name":"x"}],"totalCount":18}',
  no_images = '{"images":[],"totalCount":18}',
  image_null = '{"image":null}',
  image_string = '{"image":"img"}',
  image_array = '{"image":[]}',
  image_empty = '{"image":{}}',
  image_other = '{"image":{"imageId":"img-0therother","status":"ready"}}',
}

local function escape(text)
  return (text:gsub("[%%,%s]", function(c) return ("%%%02X"):format(c:byte()) end))
end

for name, text in pairs(BODIES) do
  M[name] = "body:text=" .. escape(text)
end
for name, text in pairs(RESULTS) do
  M[name] = "body:result=" .. escape(text)
end

-- In place of the total.
M.total_string = 'total:text="18"'
M.total_negative = "total:text=-1"
M.total_fraction = "total:text=18.5"

return M
