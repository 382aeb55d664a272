-- Prints where a loop assigns to its control variable, the first one, which Lua 5.5 does not compile: each file is
-- compiled by Lua 5.4 with that variable declared again, as a constant.
local source = require "spec.support.source"

local is_clean = true
for _, path in ipairs(source.files("%.lua$")) do
  local text = source.strip_lua(source.read(path), true)
  for _, kind in ipairs { "%s*=", "[%w_,%s]-%sin%s" } do
    local loop = "(%f[%w_]for%s+)([%w_]+)(" .. kind .. ".-%f[%w_]do)%f[^%w_]"
    text = text:gsub(loop, "%1%2%3 local %2 <const> = %2;")
  end
  local ok, message = load(text, "@" .. path)
  if not ok then
    is_clean = false
    print(message)
  end
end
os.exit(is_clean)
