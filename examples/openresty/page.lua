-- The pages: HTML from plain data, without state and without scripts. Whatever comes from images or from the query is
-- escaped.
local page = {}

local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

-- HTML allows no control characters but blanks, not even escaped: they become U+FFFD.
local function escape(value)
  local text = tostring(value):gsub("[%z\1-\8\11\12\14-\31\127]", "\239\191\189")
  return (text:gsub("[&<>\"']", ESCAPES))
end

-- Fills a template: {name} with a value of one of these tables, escaped; {=name} with one that is HTML.
local function fill(template, ...)
  local sources = { ... }
  return (
    template:gsub("{(=?)([%a_]+)}", function(raw, name)
      for _, values in ipairs(sources) do
        local value = values[name]
        if value ~= nil then return raw == "=" and value or escape(value) end
      end
      return ""
    end)
  )
end

-- What `show` makes of each item, in one piece.
local function each(list, show)
  local parts = {}
  for i, item in ipairs(list) do
    parts[i] = show(item)
  end
  return table.concat(parts)
end

-- The query of these filters, some of them changed (false: left out).
local function query(filters, changes)
  local parts = {}
  for _, name in ipairs { "region", "source", "platform", "status", "text", "sort", "page", "lang" } do
    local value = changes and changes[name]
    if value == nil then value = filters[name] end
    if value then parts[#parts + 1] = name .. "=" .. ngx.escape_uri(value) end
  end
  return #parts > 0 and "?" .. table.concat(parts, "&") or ""
end

-- The language that a screen reader is to read a text in, when it is not the page's.
local function lang_of(text, t) return t.lang == "en" and tostring(text):find "[\228-\233]" and ' lang="zh"' or "" end

local FRAME = [[<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{heading}</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<header>
<a href="/{home}">{title}</a>
<a lang="{other_lang}" hreflang="{other_lang}" href="{path}{switched}">{language}</a>
</header>
<main>
{=content}</main>
<footer>{updated}</footer>
</body>
</html>
]]
local NOTICE = '<p class="notice" role="status">{message}{down} {old} {request_id}</p>\n'

local function age_words(seconds, t)
  if seconds < 90 then return t.seconds:format(seconds) end
  if seconds < 5400 then return t.minutes:format(seconds / 60) end
  return t.hours:format(seconds / 3600)
end

-- What is wrong with the request, or with the service as far as that shows: since when, and how old the data are.
local function notice(view)
  local t, trouble = view.t, view.trouble
  if view.message then return fill(NOTICE, view) end
  if not trouble or view.cache == "hit" or view.cache == "miss" then return "" end
  local what = trouble.http_status and t.http:format(trouble.http_status)
    or t[trouble.kind]
    or t.failed:format(trouble.cause or trouble.kind)
  return fill(NOTICE, {
    down = t.down:format(os.date("!%Y-%m-%d %H:%M UTC", trouble.since), what),
    old = view.age and t.old:format(age_words(view.age, t)) or t.nothing,
    request_id = trouble.request_id and t.request:format(trouble.request_id),
  }, t)
end

local function frame(view, heading, content)
  local t, age = view.t, view.age
  return fill(FRAME, {
    heading = heading,
    content = notice(view) .. content,
    home = query { lang = view.filters.lang },
    switched = query(view.filters, { lang = t.other_lang }),
    updated = age and (age < 1 and t.now or t.age:format(age_words(age, t))),
  }, t, view)
end

local FORM = [[
<h1>{title}</h1>
<form role="search" action="/">
{=boxes}<label class="wide">{text}<input name="text" type="search" value="{given}" placeholder="{hint}" maxlength="64"></label>
{=chosen_lang}<button>{search}</button>
</form>
]]
local BOX = '<label>{label}<select name="{name}">{=any}{=options}</select></label>\n'
local OPTION = '<option value="{value}"{=selected}>{word}</option>'

local function form(view)
  local t, filters = view.t, view.filters
  local boxes = each({ "region", "source", "platform", "status", "sort" }, function(name)
    local function option(value)
      local selected = value == view.wanted[name] and " selected" or ""
      return fill(OPTION, { value = value, word = t[value] or value, selected = selected })
    end
    local any = (name == "platform" or name == "status") and fill(OPTION, { value = "", word = t.any })
    return fill(BOX, { label = t[name], name = name, any = any or "", options = each(view.choices[name], option) })
  end)
  local chosen_lang = filters.lang and fill('<input type="hidden" name="lang" value="{lang}">', filters)
  return fill(FORM, { boxes = boxes, given = filters.text or "", chosen_lang = chosen_lang }, t)
end

local CARD = [[
<li>
<div class="head"><h2><a href="/image/{id}{query}"{=name_lang}>{name}</a></h2><span class="{status}">{state}</span></div>
<p class="facts"><span>{platform} {osVersion}</span><span>{architecture}</span><span>{disk}</span><span>{day}</span></p>
<p class="desc"{=desc_lang}>{desc}</p>
<div class="foot"><code>{imageId}</code><a href="/images/{id}{region}" aria-label="{json_of}">JSON</a></div>
</li>
]]

-- What templates say about an image beyond its fields.
local function about(view, image)
  local t, name = view.t, image.name or image.imageId
  return {
    name = name,
    name_lang = lang_of(name, t),
    desc_lang = lang_of(image.desc, t),
    id = ngx.escape_uri(image.imageId),
    query = query(view.filters),
    region = query { region = view.filters.region },
    state = t[image.status] or image.status,
    disk = image.systemDiskSizeGB and image.systemDiskSizeGB .. " GB",
    day = image.createTime and image.createTime:sub(1, 10),
    json_of = t.json_of:format(name),
  }
end

local LINK = '<a href="/{query}"{=current} aria-label="{label}">{word}</a>'

-- The first page and the last, and those around this one.
local function pages(view)
  local t, numbers = view.t, {}
  local function link(number)
    local distance = math.abs(number - view.page)
    if distance > 2 and number > 1 and number < view.pages then return distance == 3 and "<span>…</span>" or "" end
    return fill(LINK, {
      query = query(view.filters, { page = number > 1 and number }),
      current = distance == 0 and ' aria-current="page"' or "",
      label = t.page:format(number),
      word = number,
    })
  end
  for number = 1, view.pages do
    numbers[number] = number
  end
  return fill('<nav aria-label="{pages}">{=links}</nav>\n', { links = each(numbers, link) }, t)
end

---The list, or why there is none.
---@param view table t (words), path; filters (as given), wanted (with defaults), choices (by filter); message, or
---  images (of this page), count, total, page, pages, cache, age; trouble
---@return string html
function page.list(view)
  local t, content = view.t, form(view)
  if not view.images then return frame(view, t.title, content) end
  local words = view.count ~= view.total and t.some or t.all
  content = content .. fill('<p class="count">{count}</p>\n', { count = words:format(view.count, view.total) })
  if view.count == 0 then
    local all = query(view.filters, { platform = false, status = false, text = false, page = false })
    content = content .. fill('<p class="count">{none} <a href="/{all}">{show_all}</a></p>\n', { all = all }, t)
  else
    local cards = each(view.images, function(image) return fill(CARD, about(view, image), image, t) end)
    content = content .. '<ul class="images">\n' .. cards .. "</ul>\n"
  end
  return frame(view, t.title, content .. (view.pages > 1 and pages(view) or ""))
end

local IMAGE = [[
<h1{=name_lang}>{name}</h1>
<div class="groups">
{=groups}</div>
<p><a href="/images/{id}{region}" aria-label="{json_of}">JSON</a></p>
]]
local GROUP = "<section><h2>{heading}</h2>\n<dl>\n{=rows}</dl></section>\n"
local GROUPS = {
  { "general", "imageId", "status", "source", "sizeMB", "desc" },
  { "system", "platform", "osType", "osVersion", "architecture", "bootMode", "systemDiskSizeGB" },
  { "lifecycle", "createTime", "expiredTime", "offline", "loginName" },
}
local DISKS = [[
<section class="wide" tabindex="0" aria-label="{disks}"><h2>{disks}</h2>
<table><tr><th>{device}</th><th>{diskType}</th><th>{gigabytes}</th><th>{autoDelete}</th></tr>
{=rows}</table></section>
]]
local DISK = "<tr><td>{deviceName}</td><td>{diskType} ({diskCategory})</td><td>{diskSizeGB}</td><td>{auto}</td></tr>\n"

---An image, or why it cannot be shown.
---@param view table as for page.list, with image in place of images
---@return string html
function page.image(view)
  local t, image = view.t, view.image
  local back = fill('<p><a href="/{query}">{back}</a></p>\n', { query = query(view.filters) }, t)
  if not image then return frame(view, t.title, "<h1>" .. escape(t.title) .. "</h1>\n" .. back) end
  local facts = about(view, image)
  local known = { status = facts.state, source = t[view.source], offline = t[tostring(image.offline)] }
  local groups = each(GROUPS, function(group)
    local rows = each({ unpack(group, 2) }, function(field)
      local value = known[field] or image[field]
      if value == nil or value == "" then return "" end
      return fill(
        "<dt>{label}</dt><dd{=lang}>{value}</dd>\n",
        { label = t[field], value = value, lang = lang_of(value, t) }
      )
    end)
    return rows == "" and "" or fill(GROUP, { heading = t[group[1]], rows = rows })
  end)
  local rows = each(
    { image.systemDisk or {}, unpack(image.dataDisks or {}) },
    function(disk)
      return fill(DISK, disk, disk.cloudDisk or disk.localDisk or {}, { auto = t[tostring(disk.autoDelete)] })
    end
  )
  facts.groups = groups .. fill(DISKS, { rows = rows }, t)
  return frame(view, facts.name, back .. fill(IMAGE, facts, t))
end

return page
