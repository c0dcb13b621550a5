# Builds tacet, its tests and its benchmarks. `make help` says what can be made.
#
# One run of make builds one configuration into $(B):
#	build/                          release, the default
#	build/san-address-undefined/    SAN=address,undefined
#	build/fuzz/                     FUZZ=1: clang's libFuzzer with both sanitizers
# Sources are found by wildcard: a new file needs no line here.

MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
SHELL := /bin/sh

CC      := gcc
AR      := ar
FUZZ_CC := clang
PREFIX  ?= /usr/local
JOBS    ?= $(shell nproc 2>/dev/null || echo 1)
PKG_CONFIG ?= pkg-config

# One line per step; V=1 shows the whole commands.
Q := $(if $(V),,@)
say = $(if $(V),,@echo '  $(1)')

# ---- configuration ---------------------------------------------------------------------------

comma := ,
B := build
EXTRA_CFLAGS  :=
EXTRA_LDFLAGS :=
HARDEN := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection
ifneq ($(filter x86_64 i%86,$(shell uname -m)),)
HARDEN += -fcf-protection
endif

ifdef SAN
B := build/san-$(subst $(comma),-,$(SAN))
HARDEN :=
EXTRA_CFLAGS  := -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer
EXTRA_LDFLAGS := -fsanitize=$(SAN)
endif
ifdef FUZZ
B := build/fuzz
CC := $(FUZZ_CC)
HARDEN :=
EXTRA_CFLAGS  := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
EXTRA_LDFLAGS := -fsanitize=fuzzer,address,undefined
endif

WERROR ?= $(if $(filter 1 true,$(CI)),1)

PKGS := libuv libcares openssl libnghttp2 yaml-0.1 libmaxminddb libpsl libpcre2-8 zlib libdeflate libbrotlienc libbrotlidec libzstd
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PKGS) 2>/dev/null)
PKG_LIBS   := $(shell $(PKG_CONFIG) --libs $(PKGS) 2>/dev/null)

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wconversion \
	-Wno-sign-conversion -Wpointer-arith -Wcast-qual -Wvla -Wimplicit-fallthrough -Wformat=2
# A test includes the .c file it tests: its functions are tested there, its warnings shown elsewhere.
WARN_TEST := -Wall -Wextra -Wstrict-prototypes -Wwrite-strings -Wno-unused-function -Wno-missing-prototypes

BASE_CFLAGS := -std=c11 -O2 -g -D_GNU_SOURCE -include include/tacet/banned.h $(HARDEN) $(EXTRA_CFLAGS) -fPIE
# Where an include looks after the file's own folder. Build with the PREFIX that will be installed to.
SHARE := -DTACET_SHARE='"$(PREFIX)/share/tacet"'
CFLAGS_ALL   = $(BASE_CFLAGS) $(SHARE) $(WARN) $(if $(WERROR),-Werror) $(CFLAGS)
CFLAGS_TEST  = $(BASE_CFLAGS) $(WARN_TEST) $(if $(WERROR),-Werror) $(CFLAGS)
LDFLAGS_ALL  = $(EXTRA_LDFLAGS) -pie -Wl,-z,relro,-z,now $(LDFLAGS)
LIBS        := $(PKG_LIBS) -lm -lpthread

# llhttp: Debian's C sources, strict (design: http.md 6). Only h1_parse.c sees its header.
LLHTTP_SRC := /usr/share/llhttp
LLHTTP_INC := /usr/share/include/llhttp
LLHTTP_CFLAGS := -isystem $(LLHTTP_INC) -DLLHTTP_STRICT_MODE=1
# Its loops know SSE4.2 when they are compiled for it: there is a second build of them, and h1_parse.c chooses.
LLHTTP_FAST := $(if $(findstring x86_64,$(shell $(CC) -dumpmachine 2>/dev/null)),llhttp_sse42)
LLHTTP_USE  := $(LLHTTP_CFLAGS) $(if $(LLHTTP_FAST),-DLLHTTP_SSE42=1)

# ---- sources ---------------------------------------------------------------------------------

MODULES := base http net consent config geo stats core admin cli
# What each module may include, beside include/tacet (style, section 1).
SEES_base   := base
SEES_http   := http base
SEES_net    := net base
SEES_consent := consent base
SEES_config := config consent base
SEES_geo    := geo base
SEES_stats  := stats base http
SEES_core   := core base http net consent config geo stats
SEES_admin  := $(MODULES)
SEES_cli    := $(MODULES)

GENERATORS  := $(wildcard filters/match/mkpack.c filters/mkembed.c filters/mkbridge.c)
FILTERS_SRC := $(filter-out $(GENERATORS),$(wildcard filters/*.c filters/*/*.c))
PROXY_SRC   := $(foreach m,$(MODULES),$(wildcard proxy/$(m)/*.c))

GEN_SRC := $(if $(wildcard filters/match/mkpack.c),$(B)/gen/pack.c) \
	$(if $(wildcard filters/mkembed.c),$(B)/gen/surrogates.c) \
	$(if $(wildcard filters/mkbridge.c),$(B)/gen/bridge_scripts.c)

FILTERS_OBJ := $(FILTERS_SRC:%.c=$(B)/o/%.o) $(GEN_SRC:.c=.o)
LLHTTP_OBJ  := $(patsubst %,$(B)/o/llhttp/%.o,api http llhttp $(LLHTTP_FAST))
MAIN_OBJ    := $(if $(wildcard proxy/cli/main.c),$(B)/o/proxy/cli/main.o)
DEMO_OBJ    := $(if $(wildcard proxy/cli/demo_site/*.html),$(B)/gen/demo_site.o)
PROXY_OBJ   := $(filter-out $(MAIN_OBJ),$(PROXY_SRC:%.c=$(B)/o/%.o)) $(LLHTTP_OBJ) $(DEMO_OBJ) $(B)/gen/consent_tools.o $(B)/gen/shipped.o
LIB_OBJS    := $(B)/libtacet.a $(B)/libfilters.a
LINK_LIBS    = -Wl,--start-group $(LIB_OBJS) -Wl,--end-group $(LIBS)

UNIT   := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/test_*.c))
SPLIT  := $(patsubst tests/split/%.c,$(B)/tests/split/%,$(wildcard tests/split/test_*.c))
TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
REPLAY := $(TARGETS:%=$(B)/tests/replay/%)
RELIABILITY := $(patsubst tests/reliability/%.c,build/reliability/%,$(wildcard tests/reliability/*.c))
DIFFERENTIAL := $(B)/tests/differential/rewrite_many $(B)/tests/differential/match_many \
	$(B)/tests/differential/decide_many
MICRO  := $(patsubst bench/micro/%.c,$(B)/bench/%,$(wildcard bench/micro/bench_*.c))

# ---- targets for people ----------------------------------------------------------------------

.DEFAULT_GOAL := all
.PHONY: all help setup run test check tests bench micro fuzz browser differential reliability lint lint-deep matrix fmt install man compdb clean FORCE

## all        build/tacet (the default); SAN=address,undefined builds beside it
all: $(if $(MAIN_OBJ),$(B)/tacet) $(LIB_OBJS)

## setup      install what building, running and testing need (apt, npm, geo data)
setup:
	@sh tests/setup.sh all

## run        setup, build, and the demo in the foreground
run:
	@sh tests/setup.sh run
	@$(MAKE) -j$(JOBS) all
	@exec $(B)/tacet demo --geo .cache/geo

## test       setup, build, all tests; SAN=address,undefined runs them sanitized
test:
	@sh tests/setup.sh all
	@$(MAKE) -j$(JOBS) all tests
	@$(MAKE) check

# The same for those who have all that is needed. ONLY=unit,split,replay,e2e,reliability,node,browser chooses suites.
check: all tests
	@$(PYTHON) tests/run.py --build $(B) $(if $(ONLY),--only $(ONLY)) $(if $(K),-k "$(K)")

tests: $(UNIT) $(SPLIT) $(REPLAY) $(RELIABILITY) $(DIFFERENTIAL)

## browser    every page of the corpus in a real browser (quick subset: make test)
browser: all
	@TACET_BROWSER=all $(PYTHON) tests/run.py --build $(B) --only browser; status=$$?; \
		cat build/browser-oracle.txt; exit $$status

## differential  10,000 damaged documents against parse5, many requests against two matchers; DOCUMENTS=N ROWS=N SEED=N
differential: $(DIFFERENTIAL)
	@node tests/differential/run.mjs $(B)/tests/differential/rewrite_many --documents $(or $(DOCUMENTS),10000) --seed $(or $(SEED),1)
	@for lists in easyprivacy easyprivacy,easylist ublock; do node tests/differential/lists/run.mjs \
		$(B)/tests/differential/match_many --lists $$lists --rows $(or $(ROWS),30000) --seed $(or $(SEED),1) || exit 1; done

## reliability  what holds under load, faults and attacks, as a table; ONLY=R03,R07 chooses
reliability: all $(RELIABILITY)
	@$(PYTHON) tests/reliability/run.py --tacet $(B)/tacet $(if $(ONLY),--only $(ONLY))

## bench      CPU per request beside nginx and HAProxy; ONLY=run,tls_h2,html,lists QUICK=1 SAVE=1 (bench/results/DATE.md)
LOADS := $(if $(ONLY),$(subst $(comma), ,$(ONLY)),run tls_h2 html lists)
bench: all $(if $(filter html lists,$(LOADS)),micro) $(B)/bench/origin $(B)/bench/relay
	@set -e; $(foreach l,$(LOADS),TACET_BUILD=$(B) $(PYTHON) bench/load/$(l).py $(if $(SAVE),--save) \
		$(if $(filter run tls_h2,$(l)),$(if $(QUICK),--quick)) $(if $(ONLY)$(filter run,$(l)),$(BENCH_ARGS));)

micro: $(MICRO)

## fuzz       make fuzz T=url SECS=60 (one of tests/fuzz/fuzz_*.c)
fuzz:
	@test -n "$(T)" || { echo "which one? make fuzz T=NAME SECS=60, NAME of: $(TARGETS)" >&2; exit 2; }
	@$(MAKE) FUZZ=1 build/fuzz/$(T)
	@mkdir -p build/fuzz/found/$(T) tests/fuzz/corpus/$(T)
	build/fuzz/$(T) -max_total_time=$(or $(SECS),60) -timeout=10 -rss_limit_mb=2048 \
		-artifact_prefix=build/fuzz/$(T)- build/fuzz/found/$(T) tests/fuzz/corpus/$(T)

## lint       layout, cppcheck, include rules, sizes, docs (lint-deep: clang-tidy too)
lint:
	@$(PYTHON) tests/lint/run.py

lint-deep: lint compdb
	@clang-tidy -p . --quiet $(FILTERS_SRC) $(PROXY_SRC)

## matrix     docs/matrix.md: which tests hold each row of the acceptance matrix
matrix:
	@$(PYTHON) tests/lint/matrix.py --write

## fmt        lay out every C file as the house does
fmt:
	@$(PYTHON) tests/lint/layout.py

## man        build/man/*.8, *.5 from docs/*.scd
MAN := $(patsubst docs/%.scd,build/man/%,$(wildcard docs/*.scd))
man: $(MAN)
build/man/%: docs/%.scd
	@mkdir -p $(@D)
	scdoc < $< > $@

## install    into $(DESTDIR)$(PREFIX)
install: all man
	install -d "$(DESTDIR)$(PREFIX)/bin" "$(DESTDIR)$(PREFIX)/share/tacet"
	install -m 755 build/tacet "$(DESTDIR)$(PREFIX)/bin/tacet"
	cd conf && find . -name '*.yaml' -exec install -D -m 644 {} "$(abspath $(DESTDIR)$(PREFIX))/share/tacet/{}" \;
	@set -e; for m in $(MAN); do install -D -m 644 $$m "$(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$${m##*/}"; done

## compdb     compile_commands.json for editors and clang-tidy
compdb:
	@$(PYTHON) tests/lint/compdb.py > compile_commands.json

## clean      remove build/
clean:
	rm -rf build compile_commands.json

## help       this text
help:
	@sed -n 's/^## /  make /p' Makefile

# The first python3 that can run the tests: not every one on the path has pytest.
PYTHON = $(shell for p in python3 /usr/bin/python3; do \
	$$p -c 'import pytest' 2>/dev/null && { echo $$p; exit; }; done; echo python3)

# ---- rules -----------------------------------------------------------------------------------

# Says what is missing in one line, rather than in a hundred of the compiler's.
build/.libraries:
	@mkdir -p build
	@$(PKG_CONFIG) --exists --print-errors $(PKGS) && test -e $(LLHTTP_SRC)/llhttp.c || \
		{ echo "make: libraries are missing: run 'make setup'" >&2; exit 1; }
	@touch $@

# Objects are made anew when the flags change.
$(B)/.flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(BASE_CFLAGS) $(WARN) $(PKG_CFLAGS) $(LLHTTP_CFLAGS) $(CFLAGS)' | cmp -s - $@ || \
		echo '$(CC) $(BASE_CFLAGS) $(WARN) $(PKG_CFLAGS) $(LLHTTP_CFLAGS) $(CFLAGS)' > $@
FORCE:

# build/inc/MODULE/ holds a link to each module that MODULE may include, so that a wrong include does not build.
define module_rules
build/inc/$(1)/.done: Makefile
	@mkdir -p $$(@D)
	@for m in $(SEES_$(1)); do ln -sfn ../../../proxy/$$$$m $$(@D)/$$$$m; done
	@touch $$@
$(B)/o/proxy/$(1)/%.o: proxy/$(1)/%.c $(B)/.flags | build/.libraries build/inc/$(1)/.done
	@mkdir -p $$(@D)
	$$(call say,cc $$<)
	$$(Q)$$(CC) $$(CFLAGS_ALL) $$(CFLAGS_$$*) -Iinclude -Ibuild/inc/$(1) $$(PKG_CFLAGS) -MMD -MP -c -o $$@ $$<
endef
$(foreach m,$(MODULES),$(eval $(call module_rules,$(m))))
CFLAGS_h1_parse := $(LLHTTP_USE)

$(B)/o/filters/%.o: filters/%.c $(B)/.flags | build/.libraries
	@mkdir -p $(@D)
	$(call say,cc $<)
	$(Q)$(CC) $(CFLAGS_ALL) -Iinclude -MMD -MP -c -o $@ $<

$(B)/gen/%.o: $(B)/gen/%.c $(B)/.flags
	$(call say,cc $<)
	$(Q)$(CC) $(CFLAGS_ALL) -Iinclude -Ifilters -Iproxy/cli -Iproxy/config -MMD -MP -c -o $@ $<

# Another project's code: its warnings are not ours to mend.
CFLAGS_LLHTTP = -std=c11 -O2 -g $(HARDEN) $(EXTRA_CFLAGS) -fPIE -w $(LLHTTP_CFLAGS)
$(B)/o/llhttp/%.o: $(LLHTTP_SRC)/%.c $(B)/.flags | build/.libraries
	@mkdir -p $(@D)
	$(call say,cc $<)
	$(Q)$(CC) $(CFLAGS_LLHTTP) -MMD -MP -c -o $@ $<
# Of the second build only its entry is seen outside: all other names are the first's.
$(B)/o/llhttp/llhttp_sse42.o: $(LLHTTP_SRC)/llhttp.c $(B)/.flags | build/.libraries
	@mkdir -p $(@D)
	$(call say,cc $< for SSE4.2)
	$(Q)$(CC) $(CFLAGS_LLHTTP) -msse4.2 -Dllhttp__internal_execute=llhttp__internal_execute_sse42 -MMD -MP -c -o $@ $<
	$(Q)objcopy --keep-global-symbol=llhttp__internal_execute_sse42 $@

# Archives are made anew: a removed source must not live on in them.
$(B)/libfilters.a: $(FILTERS_OBJ) $(B)/.sources
	$(call say,ar $@)
	@rm -f $@
	$(Q)$(AR) rcs $@ $(FILTERS_OBJ)
$(B)/libtacet.a: $(PROXY_OBJ) $(B)/.sources
	$(call say,ar $@)
	@rm -f $@
	$(Q)$(AR) rcs $@ $(PROXY_OBJ)
$(B)/.sources: FORCE
	@mkdir -p $(@D)
	@echo '$(FILTERS_OBJ) $(PROXY_OBJ)' | cmp -s - $@ || echo '$(FILTERS_OBJ) $(PROXY_OBJ)' > $@

$(B)/tacet: $(MAIN_OBJ) $(LIB_OBJS)
	$(call say,ld $@)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $(MAIN_OBJ) $(LINK_LIBS)

# ---- generated sources: host programs, the same for every configuration -------------------------

HOST_CFLAGS = -std=c11 -O2 -g -D_GNU_SOURCE -include include/tacet/banned.h $(WARN) $(if $(WERROR),-Werror)
build/mkpack: filters/match/mkpack.c
build/mkembed: filters/mkembed.c
build/mkbridge: filters/mkbridge.c
build/mkpack build/mkembed build/mkbridge:
	@mkdir -p $(@D)
	$(call say,cc $<)
	$(Q)gcc $(HOST_CFLAGS) -Iinclude -MMD -MP -o $@ $<

$(B)/gen/pack.c: build/mkpack $(wildcard conf/lists/*)
	@mkdir -p $(@D)
	$(call say,made $@)
	$(Q)build/mkpack conf/lists $@
$(B)/gen/surrogates.c: build/mkembed $(wildcard conf/surrogates/*)
	@mkdir -p $(@D)
	$(call say,made $@)
	$(Q)build/mkembed conf/surrogates $@
$(B)/gen/bridge_scripts.c: build/mkbridge $(wildcard conf/bridge/*)
	@mkdir -p $(@D)
	$(call say,made $@)
	$(Q)build/mkbridge conf/bridge $@
$(B)/gen/demo_site.c: proxy/cli/demo_site/embed.sh $(wildcard proxy/cli/demo_site/*)
	@mkdir -p $(@D)
	$(call say,made $@)
	$(Q)sh proxy/cli/demo_site/embed.sh proxy/cli/demo_site > $@
$(B)/gen/consent_tools.c: proxy/config/embed.sh conf/lists/cmp.yaml
	@mkdir -p $(@D)
	$(call say,made $@)
	$(Q)sh proxy/config/embed.sh consent_tools conf/lists/cmp.yaml > $@

$(B)/gen/shipped.c: proxy/config/shipped.sh $(wildcard conf/regions/*.yaml conf/policies/*.yaml)
	@mkdir -p $(@D)
	$(call say,made $@)
	$(Q)sh proxy/config/shipped.sh conf > $@

# Load and origin of the reliability tests: never sanitized, they are not what is tested.
build/reliability/%: tests/reliability/%.c
	@mkdir -p $(@D)
	$(call say,cc $<)
	$(Q)gcc $(HOST_CFLAGS) -Iinclude -MMD -MP -MF $@.d -o $@ $< -lm

# ---- tests, fuzz targets, benchmarks ---------------------------------------------------------------

TEST_INC = -Iinclude -Iproxy -I. -Itests/unit $(LLHTTP_USE) $(PKG_CFLAGS)
define test_rules
$(B)/tests/$(1)/%: tests/$(1)/%.c $(LIB_OBJS)
	@mkdir -p $$(@D)
	$$(call say,cc $$<)
	$$(Q)$$(CC) $$(CFLAGS_TEST) $$(TEST_INC) -MMD -MP -MF $$@.d -o $$@ $$< $$(LDFLAGS_ALL) $$(LINK_LIBS) -lcmocka
endef
$(eval $(call test_rules,unit))
$(eval $(call test_rules,split))
$(eval $(call test_rules,differential))

# A fuzz target with a plain main: its corpus and every beginning of each file, by `make test`.
$(B)/tests/replay/%: tests/fuzz/fuzz_%.c tests/fuzz/replay.c $(LIB_OBJS)
	@mkdir -p $(@D)
	$(call say,cc $<)
	$(Q)$(CC) $(CFLAGS_TEST) $(TEST_INC) -MMD -MP -MF $@.d -o $@ $< tests/fuzz/replay.c $(LDFLAGS_ALL) $(LINK_LIBS)

build/fuzz/%: tests/fuzz/fuzz_%.c $(LIB_OBJS)
	@mkdir -p $(@D)
	$(call say,cc $<)
	$(Q)$(CC) $(CFLAGS_TEST) $(TEST_INC) -MMD -MP -MF $@.d -o $@ $< $(LDFLAGS_ALL) $(LINK_LIBS)

$(B)/bench/bench_%: bench/micro/bench_%.c $(LIB_OBJS)
	@mkdir -p $(@D)
	$(call say,cc $<)
	$(Q)$(CC) $(CFLAGS_TEST) $(TEST_INC) -MMD -MP -MF $@.d -o $@ $< $(LDFLAGS_ALL) $(LINK_LIBS)
$(B)/bench/origin $(B)/bench/relay: $(B)/bench/%: bench/load/%.c
	@mkdir -p $(@D)
	$(call say,cc $<)
	$(Q)$(CC) $(CFLAGS_ALL) -Iinclude -MMD -MP -MF $@.d -o $@ $< $(LDFLAGS_ALL)

-include $(FILTERS_OBJ:.o=.d) $(PROXY_OBJ:.o=.d) $(MAIN_OBJ:.o=.d) $(UNIT:=.d) $(SPLIT:=.d) $(REPLAY:=.d) $(DIFFERENTIAL:=.d)
-include build/mkpack.d build/mkembed.d build/mkbridge.d $(RELIABILITY:=.d) $(wildcard build/fuzz/*.d)
