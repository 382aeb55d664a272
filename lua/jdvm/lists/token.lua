-- Resume tokens: where a list stood, bound to what was listed. Pure.
--
-- A token is the letters "jdvm", its version and hexadecimal digits: opaque to its holder, safe in a URL,
-- a file name and a shell. Inside: page size, page, offset in the page, the id delivered last, and a
-- fingerprint of region, filters and of the rest, so that a token of another list or a damaged one is refused.

local token = {}

local PREFIX = "jdvm1-"

-- 64 bits of fingerprint in numbers that every Lua has. It tells lists apart; it is no protection
-- against someone who makes tokens.
local function fingerprint(text)
  local a, b = 5381, 52711
  for i = 1, #text do
    local byte = text:byte(i)
    a = (a * 33 + byte) % 4294967291
    b = (b * 1009 + byte + i) % 4294967279
  end
  return ("%08x%08x"):format(a, b)
end

--- Names a list: operation, region, and its filters in the order of the operation's entry.
---@param path string path of the request; holds the region
---@param query string[] name, value, name, value …, without the number and the size of a page
---@return string
function token.list_name(path, query)
  local parts = { path }
  for i = 1, #query, 2 do
    parts[#parts + 1] = ("%d:%s=%d:%s"):format(#query[i], query[i], #query[i + 1], query[i + 1])
  end
  return table.concat(parts, "\n")
end

--- Makes a token.
---@param list string as list_name gives it
---@param size integer rows a page
---@param row integer rows delivered, counted in the service's order
---@param id string id of the last of them, "" at the start
---@return string
function token.encode(list, size, row, id)
  local page = row > 0 and math.floor((row - 1) / size) + 1 or 1
  local text = ("%.0f:%.0f:%.0f:%s"):format(size, page, row - (page - 1) * size, id)
  local hex = text:gsub(".", function(c) return ("%02x"):format(c:byte()) end)
  return PREFIX .. fingerprint(list) .. fingerprint(list .. "\n" .. text) .. hex
end

--- Reads a token.
---@param value any
---@param list string
---@return integer|nil row nil when the token is refused
---@return string id_or_message
function token.decode(value, list)
  if type(value) ~= "string" then return nil, "must be a string that an iterator's token() gave" end
  if value:sub(1, 4) == "jdvm" and value:find("^jdvm%d+%-") and value:sub(1, #PREFIX) ~= PREFIX then
    return nil, "was made by another version of jdvm"
  end
  local digits = value:match("^jdvm1%-(%x+)$")
  if not digits or #digits < 40 or #digits % 2 == 1 then return nil, "is not a resume token, or not all of it" end
  local text = digits:sub(33):gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end)
  if digits:sub(1, 16) ~= fingerprint(list) then return nil, "belongs to another region or other filters" end
  local size, page, offset, id = text:match("^(%d+):(%d+):(%d+):(.*)$")
  if not size or digits:sub(17, 32) ~= fingerprint(list .. "\n" .. text) then return nil, "is damaged" end
  return (tonumber(page) - 1) * tonumber(size) + tonumber(offset), id
end

return token
