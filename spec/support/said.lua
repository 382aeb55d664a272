--- The message that a transport's failure becomes.
local errors = require "jdvm.failures.failure"

return function(failure)
  local _, detail = errors.new(failure)
  return detail.message
end
