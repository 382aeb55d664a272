-- jdvm.emulator.responses: fields in the order of the service's models.
local core = require "jdvm.core"
local models = require "jdvm.service.models"
local responses = require "jdvm.emulator.responses"

describe("the emulator's JSON", function()
  it("has the fields of a model in its order, whatever they hold", function()
    local image = {
      name = 'a "b"\\ \1\127 中🚀',
      imageId = "img-1",
      sizeMB = 0,
      offline = false,
      dataDisks = {},
      unknown = "x",
      systemDisk = { deviceName = "vda", localDisk = { diskSizeGB = 40 } },
      chargeInfo = { formula = { "a", "b" } },
    }
    local text = responses.write(image, "Image")
    image.unknown = nil
    assert.same(image, core.decode(text))
    local last = 0
    for _, field in ipairs(models.by_name.Image) do
      local at = text:find('"' .. field.name .. '":', 1, true)
      if image[field.name] ~= nil then
        assert.is_true(at > last, field.name)
        last = at
      end
    end
    assert.truthy(text:find('"dataDisks":[]', 1, true))
    assert.equal("{}", responses.write({}, "Image"))
  end)

  it("names an error by its status, or by the gateway's word for its code", function()
    local body = core.decode(responses.failure("r", { code = 414, message = 'a "b"' }))
    assert.same({ code = 414, status = "HTTP_URI_TOO_LONG", message = 'a "b"' }, body.error)
    body = core.decode(responses.failure("r", { code = 400, status = "X", message = "m", details = "[1]" }))
    assert.same({ code = 400, status = "X", message = "m", details = { 1 } }, body.error)
  end)
end)
