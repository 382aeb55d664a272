-- Finds the files of profiles for `jdvm configure`, and changes them under a lock. A file stays readable by its owner
-- only, and no reader ever sees half of one.
local profile = require "jdvm.keys.profile"
local say = require("jdvm.cli.language").say
local shell = require "jdvm.util.shell"

local profile_files = {}

local quote = shell.quote

---A file's text, "" where there is none; nil and why where it cannot be read, since what cannot be read must not be
---written over.
---@param path string
---@return string? content
---@return string? message
function profile_files.read(path)
  local content, message = profile.read_file(path)
  return content or not message and "" or nil, message
end

-- Prints "locked", or who holds the lock when it is still held after 5 seconds. The lock is a symbolic link to nowhere,
-- since a link is created whole or not at all (but in a folder of that name), and its text says whose it is: this
-- machine and Lua's process. A holder that has ended is cleared away by whoever creates a second link, named after it,
-- so that nobody removes a new lock.
local LOCK = [[
exec 2>/dev/null; LC_ALL=C; export LC_ALL
machine=$(uname -n); me=$machine:$PPID; tries=0
[ -w "${lock%/*}" ] || exit
until [ ! -d "$lock" ] && ln -s "$me" "$lock"; do
  holder=$(readlink "$lock"); gone=
  case $holder in "$machine":*) case $(kill -0 "${holder##*:}" 2>&1) in *[Nn]o\ such*) gone=yes ;; esac ;; esac
  if [ "$gone" ] && ln -s "$me" "$lock.$holder"; then
    [ "$(readlink "$lock")" != "$holder" ] || rm -f "$lock"
    rm -f "$lock.$holder"
  else
    tries=$((tries + 1))
    [ $tries -le 50 ] || { echo "${holder:-unknown}"; exit; }
    sleep 0.1 || sleep 1
  fi
done
echo locked]]

local function unwritable(path)
  return say(
    "could not write %s; check its owner and the free space",
    "无法写入 %s；请检查其所有者与剩余空间",
    path
  )
end

-- Runs a function while no other `configure` runs it for the same file. Gives what it gives, or nil and a message.
local function while_locked(path, run)
  local lock = path .. ".lock"
  local holder = shell.line_of("lock=" .. quote(lock) .. "\n" .. LOCK)
  if not holder then return nil, unwritable(path) end
  if holder ~= "locked" then
    local machine, process = holder:match("^(.*):(%d+)$")
    return nil,
      say(
        "another jdvm configure (%s) is writing %s; if none is running, remove %s",
        "另一个 jdvm configure（%s）正在写入 %s；若并无此进程，请删除 %s",
        process and say("process %s on %s", "进程 %s，主机 %s", process, machine) or holder,
        path,
        lock
      )
  end
  local ok, result, message = pcall(run)
  os.remove(lock)
  if not ok then error(result, 0) end
  return result, message
end

-- The file that a path leads to: a link stays one.
local function target_of(path) return shell.line_of("readlink -f " .. quote(path) .. " 2>/dev/null") or path end

-- Moves the text into place whole, from a file beside it that mktemp creates for its owner only. The text goes through
-- a pipe, since arguments are visible to every user, and is read to its end even when it cannot be kept.
local WRITE = [[
exec 2>/dev/null
new=$(mktemp "$path.XXXXXX") || { cat >/dev/null; exit; }
trap 'rm -f "$new"' EXIT; trap 'exit' INT TERM HUP
cat >"$new" && mv -f "$new" "$path"]]

---Writes a file whole.
---@param path string a link stays one
---@param content string
---@return true?
---@return string? message
function profile_files.write(path, content)
  path = target_of(path)
  local pipe = io.popen("path=" .. quote(path) .. "\n" .. WRITE, "w")
  if pipe then
    pipe:write(content)
    pipe:close()
  end
  if profile_files.read(path) ~= content then return nil, unwritable(path) end
  return true
end

---Looks where the files are and which profile is in use.
---@param wanted string? the profile that the command line names
---@return table? files folder, config, current, content (of config), name (of the profile), origin (what chose it)
---@return string? message
function profile_files.look(wanted)
  local folder = profile.directory(os.getenv)
  if not folder then
    return nil, say("HOME is not set, so there is no ~/.jdc/config", "未设置 HOME，因此没有 ~/.jdc/config")
  end
  local name, origin = profile.in_use(wanted, os.getenv)
  if not name then
    return nil, origin .. say("; it should name the profile in use", "；该文件应写有所用配置的名称")
  end
  local files = { folder = folder, config = folder .. "/config", current = folder .. "/current" }
  local content, message = profile_files.read(files.config)
  if not content then return nil, message .. say("; it was left as it is", "；未作改动") end
  files.content, files.name, files.origin = content, name, origin
  return files
end

---Replaces the content of the config file.
---@param files table see `look`
---@param change fun(before: string): string
---@param after? fun(before: string): any, string? runs before the lock is released
---@return any result nil when it failed
---@return string? message
function profile_files.rewrite(files, change, after)
  os.execute(("umask 077 && mkdir -p %s 2>/dev/null"):format(quote(files.folder)))
  local target = target_of(files.config)
  return while_locked(target, function()
    local before, message = profile_files.read(target) -- others may have written since
    if not before then return nil, message end
    local is_written
    is_written, message = profile_files.write(target, change(before))
    if is_written and after then return after(before) end
    return is_written, message
  end)
end

return profile_files
