/* A plain stand-in for the `lua` command, to be linked with a sanitizer: the instrumented program
** then needs no LD_PRELOAD, which every child would inherit. It takes what the tests use:
** lua [-e CODE]… [-l NAME]… [SCRIPT [ARGUMENT]…], or code on standard input. */
#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>

static int traceback(lua_State *L) {
  if (!lua_isstring(L, 1)) {
    return 1;
  }
  lua_getglobal(L, "debug");
  lua_getfield(L, -1, "traceback");
  lua_pushvalue(L, 1);
  lua_pushinteger(L, 2);
  lua_call(L, 2, 1);
  return 1;
}

static lua_State *running;

static void stop(lua_State *L, lua_Debug *record) {
  (void)record;
  lua_sethook(L, NULL, 0, 0);
  luaL_error(L, "interrupted!");
}

/* As the real one does: Ctrl-C raises in what runs, a second one ends the program. */
static void interrupt(int number) {
  (void)signal(number, SIG_DFL);
  lua_sethook(running, stop, LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT, 1);
}

/* Calls the function on top with `count` arguments above it; complains if that fails. */
static int run(lua_State *L, const char *program, int status, int count) {
  if (status == 0) {
    int base = lua_gettop(L) - count;
    lua_pushcfunction(L, traceback);
    lua_insert(L, base);
    running = L;
    (void)signal(SIGINT, interrupt);
    status = lua_pcall(L, count, 0, base);
    (void)signal(SIGINT, SIG_DFL);
    lua_remove(L, base);
  }
  if (status != 0) {
    const char *message = lua_tostring(L, -1);
    fprintf(stderr, "%s: %s\n", program, message != NULL ? message : "(error object)");
    lua_pop(L, 1);
  }
  return status;
}

static void set_arg(lua_State *L, int argc, char **argv, int script) {
  int i;
  lua_newtable(L);
  for (i = 0; i < argc; i++) {
    lua_pushstring(L, argv[i]);
    lua_rawseti(L, -2, i - script);
  }
  lua_setglobal(L, "arg");
}

int main(int argc, char **argv) {
  lua_State *L = luaL_newstate();
  int i, script = 1, status = 0, ran = 0;
  if (L == NULL) {
    return 1;
  }
  luaL_openlibs(L);
  while (script + 1 < argc &&
         (strcmp(argv[script], "-e") == 0 || strcmp(argv[script], "-l") == 0)) {
    script += 2;
  }
  set_arg(L, argc, argv, script);
  for (i = 1; i < script && status == 0; i += 2) {
    if (argv[i][1] == 'e') {
      status = run(L, argv[0],
                   luaL_loadbuffer(L, argv[i + 1], strlen(argv[i + 1]), "=(command line)"), 0);
    } else {
      lua_getglobal(L, "require");
      lua_pushstring(L, argv[i + 1]);
      status = run(L, argv[0], 0, 1);
    }
    ran = 1;
  }
  if (status == 0 && script < argc) {
    const char *name = strcmp(argv[script], "-") == 0 ? NULL : argv[script];
    status = luaL_loadfile(L, name);
    for (i = script + 1; status == 0 && i < argc; i++) {
      luaL_checkstack(L, 1, "too many arguments");
      lua_pushstring(L, argv[i]);
    }
    status = run(L, argv[0], status, argc - script - 1);
  } else if (status == 0 && !ran) {
    status = run(L, argv[0], luaL_loadfile(L, NULL), 0);
  }
  lua_close(L);
  return status != 0;
}
