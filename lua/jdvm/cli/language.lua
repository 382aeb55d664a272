-- The language in which the command speaks to people: Chinese with a Chinese locale or --lang zh, else English. What
-- programs read is the same in both.
local language = {}

local current = "en"

-- The first of these variables that is set decides, as for setlocale.
local function locale(category)
  for _, name in ipairs { "LC_ALL", category, "LANG" } do
    local value = os.getenv(name)
    if value and value ~= "" then return value end
  end
  return ""
end

---The language that --lang names, which is needed before the command line is parsed.
---@param arguments string[]
---@return "en"|"zh"|nil
function language.wanted(arguments)
  for i, word in ipairs(arguments) do
    local value = word == "--lang" and arguments[i + 1] or word:match("^%-%-lang=(.*)$")
    if value == "zh" or value == "en" then return value end
  end
end

---Chooses the language.
---@param wanted string? "en" or "zh"; nil: that of the locale
function language.choose(wanted) current = wanted or locale("LC_MESSAGES"):find("^zh") and "zh" or "en" end

---@return "en"|"zh"
function language.current() return current end

---The text in the language that was chosen, with values in place of its `%s`.
---@param en string
---@param zh string
---@param ... any
---@return string
function language.say(en, zh, ...)
  local text = current == "zh" and zh or en
  return select("#", ...) > 0 and text:format(...) or text
end

---A Chinese encoding other than UTF-8 that the terminal has by its locale, or nil.
---@return string?
function language.charmap()
  local name = locale "LC_CTYPE"
  local charmap = name:match("%.([^@]+)") or name:find("^zh_CN") and "GB2312" or ""
  return charmap:upper():match("^GB[%w]+") or charmap:upper():match("^BIG5")
end

return language
