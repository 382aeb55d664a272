-- The catalogue page: HTML from plain data, without state and without scripts. Whatever comes from images or from the
-- query is escaped.
local page = {}

local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

-- HTML allows no control characters but blanks, not even escaped: they become U+FFFD.
local function escape(value)
  local text = tostring(value == nil and "" or value):gsub("[%z\1-\8\11\12\14-\31\127]", "\239\191\189")
  return (text:gsub("[&<>\"']", ESCAPES))
end

local function url_escape(value)
  return (tostring(value):gsub("[^A-Za-z0-9%-_.~]", function(char) return ("%%%02X"):format(char:byte()) end))
end

local HEAD = [[<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>%s</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<header>
<h1><a href="/">Images</a></h1>
]]

local FOOT = "</main>\n</body>\n</html>\n"

-- The words of the service, for people.
local WORDS = {
  public = "Public (official)",
  thirdparty = "Marketplace",
  private = "Private (mine)",
  shared = "Shared with me",
  community = "Community",
  ["cn-north-1"] = "Beijing (cn-north-1)",
  ["cn-east-1"] = "Suqian (cn-east-1)",
  ["cn-east-2"] = "Shanghai (cn-east-2)",
  ["cn-south-1"] = "Guangzhou (cn-south-1)",
}

local function select_box(label, name, values, chosen, any)
  local parts = { ('<label>%s<select name="%s">'):format(label, name) }
  if any then parts[#parts + 1] = ('<option value="">%s</option>'):format(any) end
  -- What is chosen stands there even where no image has it: else a filter is on that nobody sees.
  local known = not chosen
  for _, value in ipairs(values) do
    known = known or value == chosen
  end
  if not known then parts[#parts + 1] = ("<option selected>%s</option>"):format(escape(chosen)) end
  for _, value in ipairs(values) do
    parts[#parts + 1] = ('<option value="%s"%s>%s</option>'):format(
      escape(value),
      value == chosen and " selected" or "",
      escape(WORDS[value] or value)
    )
  end
  parts[#parts + 1] = "</select></label>\n"
  return table.concat(parts)
end

local function form(result)
  local filters = result.filters
  return table.concat {
    '<form role="search">\n',
    select_box("Region", "region", result.regions, filters.region),
    select_box("Source", "source", result.sources, filters.source),
    (
      '<label class="wide">Text<input name="text" type="search" value="%s" placeholder="name, id or description"'
      .. ' maxlength="64"></label>\n'
    ):format(escape(filters.text)),
    select_box("Platform", "platform", result.platforms, filters.platform, "Any"),
    "<button>Search</button>\n</form>\n</header>\n<main>\n",
  }
end

local function facts(image)
  local list = {}
  local function fact(value)
    if value and value ~= "" then list[#list + 1] = "<span>" .. value .. "</span>" end
  end
  fact(escape(image.platform) .. (image.osVersion and " " .. escape(image.osVersion) or ""))
  fact(escape(image.architecture))
  fact(image.systemDiskSizeGB and escape(image.systemDiskSizeGB) .. " GB")
  fact(image.createTime and escape(image.createTime:sub(1, 10)))
  return table.concat(list)
end

local function card(image, region)
  local described = image.desc and image.desc:find("%S")
  return ([[
<li class="image">
<div class="head"><h2>%s</h2><span class="status %s">%s</span></div>
<p class="facts">%s</p>
%s<div class="foot"><code>%s</code><a href="/images/%s?region=%s">JSON</a></div>
</li>
]]):format(
    escape(image.name),
    escape(image.status),
    escape(image.status),
    facts(image),
    described and '<details><summary class="desc">' .. escape(image.desc) .. "</summary></details>\n" or "",
    escape(image.imageId),
    url_escape(image.imageId),
    url_escape(region)
  )
end

local function age_words(seconds)
  if seconds < 90 then return ("%d s"):format(seconds) end
  if seconds < 5400 then return ("%d min"):format(seconds / 60) end
  return ("%d h"):format(seconds / 3600)
end

-- A link to a page with these of the filters.
local function link(filters, names, number, words)
  local parts = {}
  for _, name in ipairs(names) do
    if filters[name] then parts[#parts + 1] = name .. "=" .. url_escape(filters[name]) end
  end
  if number then parts[#parts + 1] = "page=" .. number end
  return ('<a href="/?%s">%s</a>'):format(escape(table.concat(parts, "&")), words)
end

local PLACE, ALL = { "region", "source" }, { "region", "source", "platform", "text" }

local function title(filters)
  return escape(
    ("%s%s, %s"):format(filters.text and filters.text .. ": " or "", WORDS[filters.source], WORDS[filters.region])
  )
end

---The page for a result.
---@param result table filters, images (those of this page), count, total, page, pages, platforms, regions, sources,
---  cache, age
---@return string html
function page.render(result)
  local filters = result.filters
  local parts = { HEAD:format(title(filters)), form(result) }
  local function add(text) parts[#parts + 1] = text end
  -- A stale answer is normal for a moment, while a timer fetches a new one; after that the service is down.
  if result.cache == "stale" and result.age > 180 then
    add(
      ('<p class="notice">The image service has given no new answer. This is what it said %s ago.</p>\n'):format(
        age_words(result.age)
      )
    )
  end
  add(
    ('<p class="count">%s</p>\n'):format(
      result.count == result.total and ("%d images"):format(result.total)
        or ("%d of %d images"):format(result.count, result.total)
    )
  )
  if #result.images == 0 then
    add(('<p class="empty">No image matches. %s</p>\n'):format(link(filters, PLACE, nil, "Show all")))
  else
    add '<ul class="images">\n'
    for _, image in ipairs(result.images) do
      add(card(image, filters.region))
    end
    add "</ul>\n"
  end
  if result.pages > 1 then
    add '<nav aria-label="Pages">'
    if result.page > 1 then add(link(filters, ALL, result.page - 1, "Previous")) end
    add(("<span>%d of %d</span>"):format(result.page, result.pages))
    if result.page < result.pages then add(link(filters, ALL, result.page + 1, "Next")) end
    add "</nav>\n"
  end
  add(
    ("<footer>%s</footer>\n"):format(
      result.age < 1 and "Fetched just now" or ("Fetched %s ago"):format(age_words(result.age))
    )
  )
  add(FOOT)
  return table.concat(parts)
end

---The page for when there is nothing to show.
---@param result table filters, platforms, regions, sources
---@return string html
function page.failure(result)
  return HEAD:format("No answer")
    .. form(result)
    .. '<p class="notice">The image service gave no answer, '
    .. 'and nothing is cached yet. <a href="">Try again</a></p>\n'
    .. FOOT
end

return page
