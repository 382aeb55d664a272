-- What one request is made of: the region, the options for decoding its response, and a signature.

local copy_of = require "jdvm.util.copy"
local core = require "jdvm.core"
local operations = require "jdvm.service.operations"

local request = {}

--- How responses are decoded.
---@param state table the client's
---@param operation table
---@param options table|nil null, utf8, fields and source of the call
---@param id string|nil a field that is needed whatever the caller asks for
---@return table options for core.decode
function request.decoding(state, operation, options, id)
  options = options or {}
  local fields, inner = nil, operations.inner(operation)
  if options.fields or options.source then
    fields = copy_of(options.fields)
    fields[#fields + 1] = id
  end
  return {
    null = options.null or state.null,
    utf8 = options.utf8 or state.utf8,
    array_mt = state.decoding.array_mt,
    fields = fields,
    source = options.source,
    -- The fields are those of the items, of the field that is unwrapped, or of the result itself.
    items = fields and (inner and "result." .. inner or "result"),
  }
end

--- Why a call has no region, as fields of jdvm.failures.failure; nil when it has one. It is no mistake of the
--- program: the region may come from the environment or a profile.
---@param state table
---@param params any
---@return table|nil failure
function request.region_failure(state, params)
  if state.region or type(params) == "table" and params.regionId ~= nil then return nil end
  local hint -- that of the cause
  if state.region_fault and state.lacks_keys then hint = false end -- giving a region would not be enough
  return {
    kind = "credentials",
    cause = state.region_fault and "region_not_read" or "no_region",
    message = state.region_fault,
    has_no_region = true,
    hint = hint,
  }
end

-- The signer of these keys for a region; one is kept as long as the keys are in use.
local function signer_of(state, keys, region)
  local signers = state.signers[keys]
  if not signers then
    signers = {}
    state.signers[keys] = signers
  end
  if not signers[region] then
    local access_key, secret_key, session_token = keys.reveal()
    signers[region] = core.signer {
      access_key = access_key,
      secret_key = secret_key,
      session_token = session_token,
      region = region,
      service = "vm",
      algorithm = state.algorithm,
      token_encoding = state.token_encoding,
    }
  end
  return signers[region]
end

--- A request of a call with a new date and a new nonce: no attempt repeats the signature of another.
---@param call table
---@param fresh boolean|nil whether it must not go out on a connection that was used before
---@return table request for a transport
function request.signed(call, fresh)
  local state, operation, options = call.state, call.operation, call.options
  local now = state.clock()
  call.signed_at = now + (state.offset or 0)
  if call.signed_at < 0 then call.signed_at = now end -- a clock that was set back below an offset
  local target, headers = signer_of(state, call.keys, call.region):sign(
    operation.method,
    state.endpoint.host,
    call.path,
    call.query,
    call.signed_at,
    core.nonce()
  )
  call.target, call.sent = target, headers
  return {
    method = operation.method,
    url = state.endpoint.origin .. target,
    headers = headers,
    connect_timeout = options.connect_timeout or state.connect_timeout,
    read_timeout = options.read_timeout or state.read_timeout,
    max_body = state.max_body,
    fresh = fresh,
  }
end

return request
