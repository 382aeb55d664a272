-- jdvm.util.time against the calendar of the C library.
local dates = require "jdvm.util.time"

describe("seconds since 1970", function()
  it("are those of UTC", function()
    assert.equal(0, dates.seconds(1970, 1, 1, 0, 0, 0))
    assert.equal(951782400, dates.seconds(2000, 2, 29, 0, 0, 0))
    assert.equal(1784038245, dates.seconds("2026", "07", "14", "14", "10", "45"))
    for seconds = 0, 4102444800, 86400 * 97 + 12345 do
      local d = os.date("!*t", seconds)
      assert.equal(seconds, dates.seconds(d.year, d.month, d.day, d.hour, d.min, d.sec))
    end
  end)
end)
