-- The catalogue page: HTML from plain data. Whatever comes from images or from the query is escaped.
local page = {}

local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

local function escape(value)
  return (tostring(value == nil and "" or value):gsub("[&<>\"']", ESCAPES))
end

local HEAD = [[<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Images</title>
<style>
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --accent: #0b66c3; }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 64rem; padding: 1rem; }
h1 { font-size: 1.25rem; margin: 0 0 .75rem; }
form { display: grid; gap: .5rem; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); margin-bottom: 1rem; }
label { display: grid; font-size: .8rem; gap: .15rem; }
select, input, button {
  border: 1px solid var(--line); border-radius: .4rem; font: inherit; padding: .5rem; width: 100%;
}
button { align-self: end; background: var(--accent); border-color: var(--accent); color: #fff; }
.count { font-size: .9rem; margin: 0 0 .5rem; opacity: .75; }
ul { list-style: none; margin: 0; padding: 0; }
li { border-top: 1px solid var(--line); display: grid; gap: 0 1rem; grid-template-columns: 1fr auto; padding: .6rem 0; }
.name { font-weight: 600; overflow-wrap: anywhere; }
.facts, .desc { font-size: .85rem; grid-column: 1 / -1; opacity: .8; overflow-wrap: anywhere; }
.desc { -webkit-box-orient: vertical; -webkit-line-clamp: 3; display: -webkit-box; overflow: hidden; }
.status {
  background: var(--soft); border-radius: 1rem; font-size: .8rem; grid-column: 2; grid-row: 1; padding: .1rem .7rem;
}
.ready { background: #1a7f3730; } .error { background: #c0282830; }
a { color: inherit; }
</style>
]]

local function select_box(label, name, values, chosen, any)
  local parts = { ('<label>%s<select name="%s">'):format(label, name) }
  if any then
    parts[#parts + 1] = ('<option value="">%s</option>'):format(any)
  end
  for _, value in ipairs(values) do
    parts[#parts + 1] = ('<option%s>%s</option>'):format(value == chosen and " selected" or "", escape(value))
  end
  parts[#parts + 1] = "</select></label>"
  return table.concat(parts)
end

local function image_item(image, region)
  local facts = { escape(image.imageId), escape(image.platform), escape(image.osVersion), escape(image.architecture) }
  if image.systemDiskSizeGB then
    facts[#facts + 1] = ("%d GB"):format(image.systemDiskSizeGB)
  end
  facts[#facts + 1] = escape(image.createTime)
  return ('<li><a class="name" href="/images/%s?region=%s">%s</a><span class="status %s">%s</span>'
    .. '<span class="facts">%s</span>%s</li>\n'):format(escape(image.imageId), escape(region), escape(image.name),
    escape(image.status), escape(image.status), table.concat(facts, " · "),
    image.desc and image.desc ~= "" and '<span class="desc">' .. escape(image.desc) .. "</span>" or "")
end

---The page for a result.
---@param result table filters, images, total, platforms, regions, sources, cache, age
---@return string html
function page.render(result)
  local filters = result.filters
  local parts = {
    HEAD, "<h1>Images</h1>\n<form>",
    select_box("Region", "region", result.regions, filters.region),
    select_box("Source", "source", result.sources, filters.source),
    select_box("Platform", "platform", result.platforms, filters.platform, "any"),
    ('<label>Search<input name="text" type="search" value="%s" placeholder="name, id, description"></label>')
      :format(escape(filters.text)),
    "<button>Show</button></form>\n",
    ('<p class="count">%d of %d images, %s</p>\n<ul>\n'):format(#result.images, result.total,
      result.cache == "miss" and "just fetched" or ("%d s old"):format(result.age or 0)),
  }
  for _, image in ipairs(result.images) do
    parts[#parts + 1] = image_item(image, filters.region)
  end
  parts[#parts + 1] = "</ul>\n"
  return table.concat(parts)
end

---The page for when there is nothing to show.
---@return string html
function page.failure()
  return HEAD .. "<h1>Images</h1>\n<p>The image service gave no answer, and nothing is cached yet. Try again "
    .. "soon.</p>\n"
end

return page
