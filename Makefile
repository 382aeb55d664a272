# jdvm for its developers. Users install with LuaRocks (see the rockspec); this file builds both C
# modules for every Lua found, runs the demo and the tests. `make help` lists the targets.

INCLUDE  ?= /usr/include /usr/local/include
headers   = $(patsubst %/lua.h,%,$(firstword $(wildcard $(INCLUDE:%=%/lua$(1)/lua.h))))
LUAS     := $(foreach v,5.1 5.2 5.3 5.4 5.5,$(if $(call headers,$(v)),$(v)))
BUILD    ?= build
CC       ?= cc
OPTIMIZE ?= -O2
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Werror
CFLAGS   ?=
LDFLAGS  ?=
ALL_CFLAGS = -std=c99 $(OPTIMIZE) -g -fPIC -fvisibility=hidden -MMD -MP $(WARNINGS) $(CFLAGS)
ALL_LDFLAGS = -shared -Wl,-z,nodelete -Wl,-z,now $(LDFLAGS)

# The sources of each module; the rockspec lists the same (spec/structure_spec.lua compares).
CORE_PURE := buf chars crypto sign \
             json skip number fields shape
CORE_LUA  := core sign json json_options json_build
CURL_PURE := buf chars sockets http_request response failure libcurl libcurl_watch libcurl_events http
CURL_LUA  := bell http

.PHONY: all build help deps demo test spec lint format bench fuzz docs texts widths clean
all: build

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

build: $(foreach v,$(LUAS),$(BUILD)/$(v)/jdvm/core.so $(BUILD)/$(v)/jdvm/curl.so) ## both C modules for every Lua found
	@test -n '$(strip $(LUAS))' || { echo 'make build: found no Lua: install its headers, such as liblua5.4-dev' >&2; exit 1; }

deps: ## install what is missing (apt-get), or print the command
	@spec/support/deps.sh

demo: ## start the emulator, list images through signed HTTP, stop it
	@spec/support/deps.sh demo
	@$(MAKE) --no-print-directory -s -j2 build LUAS='5.1 5.4'
	@examples/demo.sh

# Every test. A step is a target of its own, such as `make test-lint`; the longest come first, so that two side by
# side end together. nginx runs alone, because time is measured there.
SUITES := lua5.4 lua5.1 luajit lua5.2 lua5.3 $(and $(filter 5.5,$(LUAS)),$(shell command -v lua5.5 >/dev/null && echo lua5.5))
SWEEPS := oom5.1 oom5.2 oom5.3 oom5.4 oomjit
STEPS  := asan valgrind package $(SUITES) $(SWEEPS) gc fuzz lint browser interop c coverage

test: deps ## every test; one step alone is make test-lint, test-lua5.4, …
	@mkdir -p build; rm -f build/logs/*.count; find build -name '*.gcda' -delete
	@$(MAKE) --no-print-directory -s -k -j2 --output-sync=target $(STEPS:%=test-%) || true
	@$(MAKE) --no-print-directory -s test-nginx || true
	@spec/steps/total.sh $(STEPS) nginx

step = @spec/steps/step.sh $(@:test-%=%)
.PHONY: $(STEPS:%=test-%) test-nginx
test-lint:     ; $(step) lint.sh
test-c:        ; $(step) c.sh
test-asan:     ; $(step) asan.sh 5.4
test-valgrind: ; $(step) valgrind.sh 5.4
test-gc:       ; $(step) full_tilt.sh 5.4
test-coverage: test-asan test-c
	$(step) coverage.sh
test-fuzz:     ; $(step) fuzz.sh 5
test-nginx:    ; $(step) nginx.sh
test-interop:  ; $(step) interop.sh
test-browser:  ; $(step) browser.sh
test-package:  ; $(step) package.sh
$(SUITES:%=test-%): ; $(step) busted.sh $(patsubst lua5%,5%,$(@:test-%=%))
$(SWEEPS:%=test-%): ; $(step) oom.sh $(subst jit,luajit,$(@:test-oom%=%))

spec: ## one spec on one Lua, e.g. make spec LUA=luajit SPEC=spec/lists/pages_spec.lua
	@spec/steps/busted.sh $(or $(LUA),5.4) $(SPEC)

lint: ## luacheck, clang-format, the warnings of gcc and clang
	@spec/steps/lint.sh

format: ## clang-format and StyLua, in place
	clang-format -i $(wildcard src/*/*.[ch] spec/*/*.[ch])
	@spec/stylua/run.sh

bench: ## ratios against named peers, in one run
	@spec/support/deps.sh bench
	@$(MAKE) --no-print-directory build
	@spec/bench/run.sh

fuzz: ## libFuzzer, a minute a target (SECONDS=n for longer)
	@spec/fuzz/run.sh $(or $(SECONDS),60)

docs: ## editor types and reference pages, from the tables of operations and options
	@lua5.4 docs/make.lua

texts: ## every text that people read, in both languages
	@lua5.4 docs/texts.lua

widths: ## the widths of characters, from Debian's unicode-data
	@lua5.4 docs/widths.lua >lua/jdvm/cli/widths.lua

clean: ## remove what was built, by LuaRocks, too
	rm -rf $(BUILD) jdvm
	rm -f src/*/*.o

# Pure C is compiled once, bindings once for each Lua.
$(BUILD)/c/%.o: src/pure/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

# C tests: each spec/c/test_*.c is a program of its own over the pure C part.
$(BUILD)/c/libjdvm.a: $(patsubst src/pure/%.c,$(BUILD)/c/%.o,$(wildcard src/pure/*.c))
	rm -f $@
	ar rcs $@ $^

$(BUILD)/test/%: spec/c/%.c $(BUILD)/c/libjdvm.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Isrc -o $@ $< $(BUILD)/c/libjdvm.a $(LDFLAGS) -lcrypto -lcurl -lm

define for_lua
$(BUILD)/$(1)/obj/%.o: src/lua/%.c
	@mkdir -p $$(@D)
	$(CC) $(ALL_CFLAGS) -I$(call headers,$(1)) -c -o $$@ $$<

$(BUILD)/$(1)/jdvm/core.so: $(CORE_PURE:%=$(BUILD)/c/%.o) $(CORE_LUA:%=$(BUILD)/$(1)/obj/%.o)
	@mkdir -p $$(@D)
	$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ -lcrypto

$(BUILD)/$(1)/jdvm/curl.so: $(CURL_PURE:%=$(BUILD)/c/%.o) $(CURL_LUA:%=$(BUILD)/$(1)/obj/%.o)
	@mkdir -p $$(@D)
	$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ -lcurl

-include $(wildcard $(BUILD)/$(1)/obj/*.d)
endef
$(foreach v,$(LUAS),$(eval $(call for_lua,$(v))))
-include $(wildcard $(BUILD)/c/*.d $(BUILD)/test/*.d)
