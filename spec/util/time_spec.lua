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

describe("a time of the service", function()
  it("is Beijing's, unless it or the caller says otherwise", function()
    -- date -u -d "2021-01-28 08:49:05" +%s
    assert.equal(1611823745, dates.of "2021-01-28 16:49:05")
    assert.equal("1611823745", tostring(dates.of "2021-01-28 16:49:05"))
    assert.equal(1611852545, dates.of("2021-01-28 16:49:05", "Z"))
    assert.equal(1611870545, dates.of("2021-01-28 16:49:05", "-0500"))
    assert.equal(1527525097, dates.of "2018-05-28T16:31:37Z")
    assert.equal(1580644920, dates.of("2020-02-02T20:02:00+08:00", "Z"))
    assert.equal(1709136000, dates.of "2024-02-29 00:00:00")
  end)

  it("is nil for what is none", function()
    for _, text in ipairs {
      "",
      "2021-01-28",
      "2021-01-28 16:49",
      "2021-13-01 00:00:00",
      "2021-00-01 00:00:00",
      "2021-02-29 00:00:00",
      "2021-12-32 00:00:00",
      "2021-01-00 00:00:00",
      "2021-01-28 24:00:00",
      "2021-01-28 16:60:00",
      "2021-01-28 16:49:61",
      "2021-01-28 16:49:05 CST",
      "2021-01-28 16:49:05+8",
      " 2021-01-28 16:49:05",
    } do
      assert.is_nil(dates.of(text), text)
    end
    assert.is_nil(dates.of(nil))
    assert.is_nil(dates.of(1611823745))
    assert.truthy(dates.of "2016-12-31 23:59:60")
  end)

  it("raises for a zone that is none", function()
    for _, zone in ipairs { "CST", 8, "+8", "+24:00", "+08:60" } do
      local ok, message = pcall(function() return (dates.of("2021-01-28 16:49:05", zone)) end)
      assert.is_false(ok)
      assert.matches("^spec/util/time_spec%.lua:%d+: jdvm%.time: the zone must be like", message)
    end
  end)
end)
