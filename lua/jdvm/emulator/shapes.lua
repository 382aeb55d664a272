-- Bodies that are well-formed HTTP and not what they should be.

local answers = require "jdvm.emulator.answers"

local M = {}

-- What stands in for the whole body, or (a function) for the `result`.
local WHOLE = {
  empty = "{}",
  array = "[]",
  ["null"] = "null",
  string = '"ok"',
  number = "200",
  blank = "",
  no_result = '{"requestId":"%s"}',
  result_null = '{"requestId":"%s","result":null}',
  result_array = '{"requestId":"%s","result":[]}',
  result = '{"requestId":"%s","result":{}}',
  error_empty = '{"requestId":"%s","error":{}}',
  error_null = '{"requestId":"%s","error":null}',
  error_text = '{"requestId":"%s","error":"something went wrong"}',
  html = "<html><body>Welcome to the captive portal</body></html>",
}

local RESULT = {
  images_null = function(r) return '{"images":null,"totalCount":' .. r.total .. "}" end,
  images_missing = function(r) return '{"totalCount":' .. r.total .. "}" end,
  images_object = function(r) return '{"images":{},"totalCount":' .. r.total .. "}" end,
  images_string = function(r) return '{"images":"none","totalCount":' .. r.total .. "}" end,
  images_of_numbers = function(r) return '{"images":[1,2,3],"totalCount":' .. r.total .. "}" end,
  images_with_null = function(r) return '{"images":[null],"totalCount":' .. r.total .. "}" end,
  images_without_id = function(r) return '{"images":[{"name":"x"}],"totalCount":' .. r.total .. "}" end,
  total_string = function(r) return '{"images":[' .. r.images .. '],"totalCount":"' .. r.total .. '"}' end,
  total_null = function(r) return '{"images":[' .. r.images .. '],"totalCount":null}' end,
  total_missing = function(r) return '{"images":[' .. r.images .. "]}" end,
  total_negative = function(r) return '{"images":[' .. r.images .. '],"totalCount":-1}' end,
  total_fraction = function(r) return '{"images":[' .. r.images .. '],"totalCount":' .. r.total .. ".5}" end,
  no_images = function(r) return '{"images":[],"totalCount":' .. r.total .. "}" end,
  image_null = function() return '{"image":null}' end,
  image_string = function() return '{"image":"img"}' end,
  image_array = function() return '{"image":[]}' end,
  image_empty = function() return '{"image":{}}' end,
  image_other = function() return '{"image":{"imageId":"img-0therother","status":"ready"}}' end,
}

M.names = { "both" }
for name in pairs(WHOLE) do
  M.names[#M.names + 1] = name
end
for name in pairs(RESULT) do
  M.names[#M.names + 1] = name
end
table.sort(M.names)

--- A body of the wrong shape.
---@param shape string one of `names`
---@param request_id string
---@param result table the true answer: `{images, total}` or `{image}`
---@return string body
function M.body(shape, request_id, result)
  if WHOLE[shape] then return (WHOLE[shape]:gsub("%%s", request_id)) end
  local shown = { images = result.images or "", total = result.total or 0, image = result.image }
  if shape == "both" then
    return (
      '{"requestId":"%s","error":{"code":500,"status":"INTERNAL","message":"partial"},"result":{"images":[%s],'
      .. '"totalCount":%s}}'
    ):format(request_id, shown.images, shown.total)
  end
  return table.concat(answers.success(request_id, RESULT[shape](shown), "}"))
end

local function little_endian(value, bytes)
  local out = {}
  for i = 1, bytes do
    out[i] = string.char(value % 256)
    value = math.floor(value / 256)
  end
  return table.concat(out)
end

-- A gzip file that stores its text as it is; the checksum is never right.
local function stored_gzip(text)
  text = text:sub(1, 65535)
  return "\31\139\8\0\0\0\0\0\0\3"
    .. "\1"
    .. little_endian(#text, 2)
    .. little_endian(65535 - #text, 2)
    .. text
    .. "\1\2\3\4"
    .. little_endian(#text, 4)
end

---@param how string `garbage` (no gzip at all), `truncated`, `checksum`
---@param text string
---@return string
function M.broken_gzip(how, text)
  if how == "garbage" then return "this is not gzip: " .. text end
  local packed = stored_gzip(text)
  return how == "truncated" and packed:sub(1, math.floor(#packed / 2)) or packed
end

return M
