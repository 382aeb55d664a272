-- luacheck: globals setfenv
--- Reads the repository as text, for the specs that check rules about the sources themselves.
local source = {}

--- The lines a command prints.
---@param command string
---@return string[]
function source.lines(command)
  local pipe = assert(io.popen(command))
  local lines = {}
  for line in pipe:lines() do
    lines[#lines + 1] = line
  end
  pipe:close()
  return lines
end

--- Every file of the repository: tracked, or new and not ignored.
---@param pattern? string  Lua pattern the path must match
---@return string[] paths
function source.files(pattern)
  local command = "git -c safe.directory='*' ls-files --cached --others --exclude-standard"
  local files = {}
  for _, path in ipairs(source.lines(command)) do
    local file = path:find(pattern or "") and io.open(path, "rb")
    if file then -- a deleted file stays listed until the deletion is committed
      file:close()
      files[#files + 1] = path
    end
  end
  table.sort(files)
  return files
end

--- The content of a file.
---@param path string
---@return string
function source.read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

-- Blanks all but line ends, so that line numbers stay true.
local function blank(text) return (text:gsub("[^\n]", " ")) end

--- Lua code with its comments blanked, and with `strings` also what stands inside string literals.
---@param text string
---@param strings? boolean
---@return string
function source.strip_lua(text, strings)
  local out, position = {}, 1
  while true do
    local start = text:find("[-\"'%[]", position)
    if not start then break end
    local stop
    local comment = text:sub(start, start + 1) == "--"
    local level = text:match(comment and "^%-%-%[(=*)%[" or "^%[(=*)%[", start)
    local quote = text:match("^[\"']", start)
    if level then
      local _, close = text:find("]" .. level .. "]", start, true)
      stop = close or #text
    elseif comment then
      stop = (text:find("\n", start, true) or #text + 1) - 1
    elseif quote then
      stop = start + 1
      while stop < #text and text:sub(stop, stop) ~= quote do
        stop = stop + (text:sub(stop, stop) == "\\" and 2 or 1)
      end
    end
    if stop then
      local piece = text:sub(start, stop)
      out[#out + 1] = text:sub(position, start - 1)
      if comment then
        piece = blank(piece)
      elseif strings then
        local edge = level and #level + 2 or 1
        piece = piece:sub(1, edge) .. blank(piece:sub(edge + 1, -edge - 1)) .. piece:sub(-edge)
      end
      out[#out + 1] = piece
      position = stop + 1
    else
      out[#out + 1] = text:sub(position, start)
      position = start + 1
    end
  end
  out[#out + 1] = text:sub(position)
  return table.concat(out)
end

--- Lines of `text` in which `pattern` is found, as "path:number: line".
---@param path string
---@param text string
---@param pattern string
---@return string[]
function source.grep(path, text, pattern)
  local found, number = {}, 0
  for line in (text .. "\n"):gmatch("(.-)\n") do
    number = number + 1
    if line:find(pattern) then found[#found + 1] = ("%s:%d: %s"):format(path, number, line:match("^%s*(.-)%s*$")) end
  end
  return found
end

--- The globals a trusted Lua file sets (the rockspec, .luacheckrc).
---@param path string
---@return table
function source.globals(path)
  local result = {}
  local chunk
  if setfenv then
    chunk = setfenv(assert(loadfile(path)), result)
  else
    chunk = assert(loadfile(path, "t", result))
  end
  chunk()
  return result
end

return source
