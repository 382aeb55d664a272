-- What reads the text of an option: gives its value, or nil and what is wrong with the text.
local say = require("jdvm.cli.language").say

local values = {}

-- "90", "90s", "1.5m", "2h"
function values.duration(text)
  local number, unit = text:match("^(%d*%.?%d+)([smh]?)$")
  local seconds = number and tonumber(number) * ({ [""] = 1, s = 1, m = 60, h = 3600 })[unit]
  if not seconds or seconds <= 0 then
    return nil, say("is not a duration; write 30, 30s, 5m or 1h", "不是时长；请写作 30、30s、5m 或 1h")
  end
  return seconds
end

function values.whole_number(lowest, highest)
  return function(text)
    local number = text:match("^%d+$") and tonumber(text)
    if number and number >= lowest and number <= (highest or number) then return number end
    if not highest then return nil, say("is not a whole number from %d", "不是 %d 以上的整数", lowest) end
    return nil, say("is not a whole number from %d to %d", "不是 %d 到 %d 的整数", lowest, highest)
  end
end

-- In a table, since argparse takes a converted `false` for a failure.
function values.boxed_boolean(text)
  if text ~= "true" and text ~= "false" then
    return nil, say("is neither true nor false", "既非 true 也非 false")
  end
  return { boxed = text == "true" }
end

-- Ids and regions hold no comma; people write one between several.
function values.one_of_several(text, name)
  if not text:find(",", 1, true) then return text end
  local each = name .. " " .. text:gsub("%s*,%s*", " " .. name .. " ")
  return nil, say("is a list; repeat the option for each: %s", "是列表；请为每个值重复该选项：%s", each)
end

function values.name_and_value(text)
  local name, value = text:match("^([%w_]+)=(.*)$")
  if not name then return nil, say("is not of the form name=value", "不是 name=value 的形式") end
  return { name, value }
end

return values
