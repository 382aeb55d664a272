/* The allocation sweep: every entry point of both C modules is called again and again while the
** n-th allocation fails, for n = 0, 1, 2, … until a call gets by without a failure. It covers what
** Lua allocates, what the C core allocates itself (malloc and friends are wrapped by the linker),
** and what libcrypto and libcurl allocate. Each call is swept in two ways: the n-th allocation and
** all after it fail (memory is gone), or only the n-th does (it comes back).
**
** A swept call must raise, or return nil and a second value, or give the right result; the same
** call without failures must then work in the same state; and after lua_close LeakSanitizer must
** find nothing. The entry points are in oom_entries.lua.
**
** Usage: test_oom ENTRIES.lua [NAME]   (built for each Lua by spec/steps/oom.sh) */
#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <sanitizer/lsan_interface.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int luaopen_jdvm_core(lua_State *L);
int luaopen_jdvm_curl(lua_State *L);

/* --- allocators ------------------------------------------------------------------------------ */

static long budget = -1; /* allocations until one fails; negative: none fails */
static bool for_good;    /* whether all after it fail too */
static long refused;     /* how many have failed since the budget was set */

static bool refuse(void) {
  if (budget < 0) {
    return false;
  }
  if (budget > 0) {
    budget--;
    return false;
  }
  if (refused > 0 && !for_good) {
    return false;
  }
  refused++;
  return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t size) {
  return refuse() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
  return refuse() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size) {
  return refuse() ? NULL : __real_realloc(block, size);
}

char *__wrap_strdup(const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = __wrap_malloc(size);
  return copy == NULL ? NULL : memcpy(copy, text, size);
}

static void *lua_alloc(void *ud, void *block, size_t old_size, size_t new_size) {
  (void)ud;
  if (new_size == 0) {
    free(block);
    return NULL;
  }
  /* Lua takes for granted that shrinking works. */
  if ((block == NULL || new_size > old_size) && refuse()) {
    return NULL;
  }
  return __real_realloc(block, new_size);
}

static void *crypto_malloc(size_t size, const char *file, int line) {
  (void)file;
  (void)line;
  return __wrap_malloc(size);
}

static void *crypto_realloc(void *block, size_t size, const char *file, int line) {
  (void)file;
  (void)line;
  if (size == 0) {
    free(block);
    return NULL;
  }
  return __wrap_realloc(block, size);
}

static void crypto_free(void *block, const char *file, int line) {
  (void)file;
  (void)line;
  free(block);
}

/* --- one call -------------------------------------------------------------------------------- */

static bool is_core; /* whether the entry is one of jdvm.core */
static int passed;
static int failed;

/* A state with both modules ready to be required and the table of entries at index 1. */
static lua_State *new_state(const char *entries) {
#if LUA_VERSION_NUM >= 505
  lua_State *L = lua_newstate(lua_alloc, NULL, 1);
#else
  lua_State *L = lua_newstate(lua_alloc, NULL);
#endif
  if (L == NULL) {
    fprintf(stderr, "this Lua takes no allocator of ours\n");
    exit(2);
  }
  luaL_openlibs(L);
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "preload");
  lua_pushcfunction(L, luaopen_jdvm_core);
  lua_setfield(L, -2, "jdvm.core");
  lua_pushcfunction(L, luaopen_jdvm_curl);
  lua_setfield(L, -2, "jdvm.curl");
  lua_settop(L, 0);
  if (luaL_loadfile(L, entries) != 0 || lua_pcall(L, 0, 1, 0) != 0) {
    fprintf(stderr, "%s\n", lua_tostring(L, -1));
    exit(2);
  }
  return L;
}

/* Pushes what entry number `index` prepares: the function to sweep and the one that judges its
** results. */
static void prepare(lua_State *L, int index) {
  lua_rawgeti(L, 1, index);
  lua_getfield(L, -1, "prepare");
  lua_remove(L, -2);
  if (lua_pcall(L, 0, 2, 0) != 0) {
    fprintf(stderr, "entry %d cannot be prepared: %s\n", index, lua_tostring(L, -1));
    exit(2);
  }
}

/* What stands at the top of the stack, as text for a report. */
static const char *top_text(lua_State *L) {
  const char *text = lua_tostring(L, -1);
  return text != NULL ? text : luaL_typename(L, -1);
}

/* Calls the function at stack index 2 while allocation `n` fails (none for n < 0) and tells whether
** the outcome is acceptable: the right result, or, if an allocation did fail, an error or nil and a
** second value. Otherwise `why` says what was wrong. */
static bool call(lua_State *L, long n, char *why, size_t size) {
  int top = lua_gettop(L), status;
  bool good;
  lua_pushvalue(L, 2);
  refused = 0;
  budget = n;
  status = lua_pcall(L, 0, LUA_MULTRET, 0);
  budget = -1;
  if (is_core && ERR_peek_error() != 0) { /* nginx would meet it; libcurl leaves some of its own */
    good = false;
    (void)snprintf(why, size, "left an error in OpenSSL's queue");
  } else if (status != 0) {
    good = refused > 0;
    (void)snprintf(why, size, "raised: %s", top_text(L));
  } else if (refused > 0 && lua_gettop(L) >= top + 2 && lua_isnil(L, top + 1) &&
             !lua_isnil(L, top + 2)) {
    good = true;
  } else {
    lua_pushvalue(L, 3);
    lua_insert(L, top + 1);
    status = lua_pcall(L, lua_gettop(L) - top - 1, 1, 0);
    good = status == 0 && lua_toboolean(L, -1);
    (void)snprintf(why, size, "gave a wrong result: %s", top_text(L));
  }
  lua_settop(L, top);
  return good;
}

/* Sweeps entry `index` in one of the two ways. Returns how many allocations one call makes, or -1
** after a failure, which has been printed. */
static long sweep(const char *entries, int index, const char *name) {
  char why[512];
  long n = 0, step = 1;
  do {
    lua_State *L = new_state(entries);
    bool good;
    lua_rawgeti(L, 1, index);
    lua_getfield(L, -1, "step"); /* entries with thousands of allocations try every step-th */
    step = lua_isnil(L, -1) ? 1 : (long)lua_tointeger(L, -1);
    lua_settop(L, 1);
    prepare(L, index);
    good = call(L, n, why, sizeof why);
    if (good && refused > 0) {
      long refusals = refused;
      good = call(L, -1, why, sizeof why);
      refused = refusals;
      if (!good) {
        printf("  the next call, with memory again, %s\n", why);
      }
    }
    lua_close(L);
    if (!good) {
      printf("not ok - %s\n  allocation %ld %s fails: the call %s\n", name, n,
             for_good ? "and all after it" : "alone", why);
      return -1;
    }
    n += step;
  } while (refused > 0);
  return n - step;
}

static void run(const char *entries, int index, const char *name) {
  long counts[2];
  int way;
  bool good = true;
  is_core = strstr(name, "curl") == NULL;
  ERR_clear_error();
  for (way = 0; way < 2; way++) {
    for_good = way == 0;
    counts[way] = sweep(entries, index, name);
    good = good && counts[way] >= 0;
  }
  if (good && __lsan_do_recoverable_leak_check() != 0) {
    printf("not ok - %s\n  it leaks when an allocation fails (see above)\n", name);
    good = false;
  }
  if (good) {
    printf("ok - %s (%ld allocations)\n", name, counts[0]);
    passed++;
  } else {
    failed++;
  }
  fflush(stdout);
}

int main(int argc, char **argv) {
  const char *only = argc > 2 ? argv[2] : NULL;
  lua_State *L;
  int index, count;
  if (argc < 2) {
    fprintf(stderr, "usage: test_oom ENTRIES.lua [NAME]\n");
    return 2;
  }
  if (!CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free) ||
      curl_global_init_mem(CURL_GLOBAL_DEFAULT, __wrap_malloc, free, __wrap_realloc, __wrap_strdup,
                           __wrap_calloc) != CURLE_OK) {
    fprintf(stderr, "the libraries do not take our allocators\n");
    return 2;
  }
  L = new_state(argv[1]);
#if LUA_VERSION_NUM >= 502
  count = (int)lua_rawlen(L, 1);
#else
  count = (int)lua_objlen(L, 1);
#endif
  for (index = 1; index <= count; index++) {
    char name[128];
    lua_rawgeti(L, 1, index);
    lua_getfield(L, -1, "name");
    (void)snprintf(name, sizeof name, "%s", lua_tostring(L, -1));
    lua_settop(L, 1);
    if (only == NULL || strstr(name, only) != NULL) {
      run(argv[1], index, name);
    }
  }
  lua_close(L);
  printf("%d passed, %d failed\n", passed, failed);
  return failed > 0;
}
