-- What happened, counted for all workers in a shared dict: the hooks of a client, and the text that Prometheus reads.
local core = require "jdvm.core"
local encode = require "jdvm.util.json"

local dict = ngx.shared.metrics

local metrics = {}

local BUCKETS = { 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30 } -- seconds
local FAMILIES = {
  jdvm_attempts_total = { "counter", "Requests to the image service, by HTTP status or failure." },
  jdvm_cache_age_seconds = { "gauge", "Age of the last answer from the cache." },
  jdvm_cache_total = { "counter", "Answers from the cache: hit, stale or miss." },
  jdvm_call_seconds = { "histogram", "Duration of calls of the image service, with retries." },
  jdvm_calls_total = { "counter", "Calls of the image service, by outcome." },
  jdvm_failing_seconds = { "gauge", "How long the image service has given no answer." },
  jdvm_retries_total = { "counter", "Attempts that were followed by another, by reason." },
}

local function add(number, sample, ...) dict:incr(sample:format(...), number, 0) end

---Hook for attempts.
function metrics.on_attempt(event)
  add(1, 'jdvm_attempts_total{operation="%s",result="%s"}', event.operation, event.status or event.reason)
  if event.retry then add(1, 'jdvm_retries_total{reason="%s"}', event.retry) end
end

---Hook for calls. That an image does not exist, or that a question makes no sense, is an answer like others.
function metrics.on_call(event)
  add(1, 'jdvm_calls_total{operation="%s",outcome="%s"}', event.operation, event.ok and "ok" or event.kind)
  for _, limit in ipairs(BUCKETS) do
    add(event.elapsed <= limit and 1 or 0, 'jdvm_call_seconds_bucket{le="%s"}', limit)
  end
  add(1, 'jdvm_call_seconds_bucket{le="+Inf"}')
  add(event.elapsed, "jdvm_call_seconds_sum")
  add(1, "jdvm_call_seconds_count")
  local status = event.http_status
  if event.ok or event.kind == "api" and (status == 400 or status == 404) then return dict:delete "failing since" end
  dict:add("failing since", ngx.time())
  dict:set("failure", encode(event))
end

---Counts an answer from the cache.
---@param kind string list or image
---@param meta table with cache and age
function metrics.answered(kind, meta)
  add(1, 'jdvm_cache_total{kind="%s",state="%s"}', kind, meta.cache)
  dict:set(('jdvm_cache_age_seconds{kind="%s"}'):format(kind), meta.age)
end

---The last failed call, and since when all have failed; nil while the service answers.
function metrics.trouble()
  local since, failure = dict:get "failing since", core.decode(dict:get "failure" or "{}")
  failure.since = since
  return since and failure
end

-- Families together, and the buckets of the histogram by their numbers.
local function rank(sample)
  return (sample:gsub('le="(.-)"', function(le) return ("%09.2f"):format(math.min(tonumber(le) or 1e5, 1e5)) end))
end

---The text for Prometheus.
function metrics.text()
  local trouble = metrics.trouble()
  dict:set("jdvm_failing_seconds", trouble and ngx.time() - trouble.since or 0)
  local samples, lines, last = dict:get_keys(0), {}, nil
  table.sort(samples, function(a, b) return rank(a) < rank(b) end)
  for _, sample in ipairs(samples) do
    local name = sample:match "^[%l_]+"
    local family = FAMILIES[name] and name or name:match "^(jdvm_call_seconds)_"
    if family and family ~= last then
      lines[#lines + 1] = ("# HELP %s %s"):format(family, FAMILIES[family][2])
      lines[#lines + 1] = ("# TYPE %s %s"):format(family, FAMILIES[family][1])
      last = family
    end
    if family then lines[#lines + 1] = ("%s %.14g"):format(sample, dict:get(sample)) end
  end
  return table.concat(lines, "\n") .. "\n"
end

return metrics
