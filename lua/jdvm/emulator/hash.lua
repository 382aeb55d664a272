-- SHA-256 and HMAC for the emulator. On LuaJIT through libcrypto, so that the emulator runs in an nginx
-- for which no module of jdvm was built and shares no code with the signer it judges; elsewhere jdvm.core.

local M = {}

local FFI_NAMES = { "libcrypto.so.3", "libcrypto.so.1.1", "crypto" }

local function hex_text(bytes)
  return (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

-- nginx has libcrypto mapped already; a plain luajit has to load it.
local function find_libcrypto(ffi)
  if pcall(function() return ffi.C.HMAC end) then return ffi.C end
  for _, name in ipairs(FFI_NAMES) do
    local found, library = pcall(ffi.load, name)
    if found then return library end
  end
end

local function from_ffi()
  local has_ffi, ffi = pcall(require, "ffi")
  if not has_ffi then return nil end
  ffi.cdef [[
    const void *EVP_sha256(void);
    unsigned char *SHA256(const unsigned char *data, size_t count, unsigned char *digest);
    unsigned char *HMAC(const void *md, const void *key, int key_len, const unsigned char *data, size_t count,
                        unsigned char *digest, unsigned int *digest_len);
  ]]
  local crypto = find_libcrypto(ffi)
  if not crypto then return nil end
  local sha256 = crypto.EVP_sha256()
  local digest, length = ffi.new("unsigned char[32]"), ffi.new("unsigned int[1]")
  return {
    name = "libcrypto",
    sha256_hex = function(bytes)
      crypto.SHA256(bytes, #bytes, digest)
      return hex_text(ffi.string(digest, 32))
    end,
    hmac = function(key, bytes)
      crypto.HMAC(sha256, key, #key, bytes, #bytes, digest, length)
      return ffi.string(digest, 32)
    end,
    hex = hex_text,
  }
end

local function from_core()
  local has_core, core = pcall(require, "jdvm.core")
  if not has_core then return nil end
  return { name = "jdvm.core", sha256_hex = core.sha256, hmac = core.hmac_sha256, hex = hex_text }
end

--- The provider that this Lua offers.
---@return table provider with `name`, `sha256_hex(bytes)`, `hmac(key, bytes)` (raw bytes), `hex(bytes)`
function M.provider()
  local provider = from_ffi() or from_core()
  if not provider then error("jdvm.emulator needs libcrypto: neither LuaJIT's FFI nor jdvm.core found it", 0) end
  return provider
end

--- Compares in a time that depends on the lengths only.
---@param a string
---@param b string
---@return boolean
function M.equal(a, b)
  if #a ~= #b then return false end
  local difference = 0
  for i = 1, #a do
    local d = a:byte(i) - b:byte(i)
    difference = difference + d * d
  end
  return difference == 0
end

return M
