# What people run by hand: installing, and keeping the code in order. `make help` lists it.

BINDIR ?= $(PREFIX)/bin
DATADIR ?= $(PREFIX)/share
MANDIR ?= $(DATADIR)/man
DOCDIR ?= $(DATADIR)/doc/memtrace
ZSHDIR ?= $(DATADIR)/zsh/site-functions
INSTALL ?= install

PAGES := $(wildcard docs/man/*.1)
DOCUMENTS := README.md LICENSE CHANGELOG.md docs/RECORDINGS.md docs/ci.md $(wildcard docs/*.schema.json)

# MODE:FILE:WHERE of all that is installed.
INSTALLED := 755:$(BUILD)/memtrace:$(BINDIR)/memtrace \
	     $(foreach page,$(PAGES),644:$(page):$(MANDIR)/man1/$(notdir $(page))) \
	     $(foreach document,$(DOCUMENTS),644:$(document):$(DOCDIR)/$(notdir $(document))) \
	     644:scripts/completions/memtrace.bash:$(DATADIR)/bash-completion/completions/memtrace \
	     644:scripts/completions/_memtrace:$(ZSHDIR)/_memtrace \
	     644:scripts/completions/memtrace.fish:$(DATADIR)/fish/vendor_completions.d/memtrace.fish

part = $(word $(1),$(subst :, ,$(2)))

.PHONY: install uninstall
install: all ## install under PREFIX (/usr/local), below DESTDIR when that is given
	$(foreach row,$(INSTALLED),$(INSTALL) -D -m $(call part,1,$(row)) $(call part,2,$(row)) $(DESTDIR)$(call part,3,$(row))$(newline))

uninstall: ## remove what install put there
	rm -f $(foreach row,$(INSTALLED),$(DESTDIR)$(call part,3,$(row)))

define newline

	
endef

C_FILES = $(wildcard src/*.[ch] src/*/*.[ch] bpf/*.[ch] bpf/*/*.[ch] vmlinux/*.h tests/*.[ch] tests/*/*.[ch] \
	    tests/*/*.cc tests/*/*/*.[ch] tests/*/*/*.cc)
SHELL_FILES = $(shell grep -lE '^\#!/bin/(ba)?sh' scripts/* tests/run tests/*/run tests/*/*.sh tests/vm/* tests/vm/*/* tests/unwind/* tests/heap/* .ci/run 2>/dev/null)
# What collect/ and probe/ include, wherever there are BPF programs.
GENERATED := $(if $(BPF_OBJECTS),$(SKELETON))

.PHONY: format format-check
format: ## lay all C sources out by .clang-format
	clang-format -i $(C_FILES)

format-check: ## fail where format would change something
	clang-format --dry-run --Werror $(C_FILES)

LINT_CPPFLAGS = $(filter-out -I$(BUILD),$(CPPFLAGS))

.PHONY: lint lint-includes lint-shell lint-cppcheck lint-tidy
lint: lint-includes lint-shell lint-cppcheck lint-tidy hdr-check ## static checks of all kinds; warnings are errors

lint-includes:
	scripts/check-includes

lint-shell:
	shellcheck -x $(SHELL_FILES)

lint-cppcheck:
	cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability --inline-suppr \
		--suppress=missingInclude --suppress=missingIncludeSystem -D__$(ARCH)__ \
		'-DLIBBPF_OPTS(type,name,...)=struct type name={__VA_ARGS__}' $(LINT_CPPFLAGS) src

lint-tidy: $(GENERATED)
	printf '%s\n' $(SOURCES) | xargs -P $$(nproc) -I {} clang-tidy --quiet --warnings-as-errors='*' {} -- \
		$(LINT_CPPFLAGS) -isystem $(BUILD) -std=gnu17

# Every header, compiled alone; those of the machines are what machine.bpf.h includes.
HEADER_CHECKS := $(patsubst %.h,$(BUILD)/headers/%.ok,$(wildcard src/*/*.h bpf/memtrace.h))
BPF_HEADER_CHECKS := $(patsubst %.h,$(BUILD)/headers/%.ok,$(filter-out bpf/machine_%,$(wildcard bpf/*.bpf.h vmlinux/*.h)))

.PHONY: hdr-check
hdr-check: $(HEADER_CHECKS) $(BPF_HEADER_CHECKS) ## compile every header alone

$(HEADER_CHECKS): $(BUILD)/headers/%.ok: %.h $(wildcard src/*/*.h bpf/*.h) | $(GENERATED) $(BUILD)/.dependencies
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS) -std=gnu17 $(WARNINGS) -Werror -Wno-unused-function -fsyntax-only -include $< -x c /dev/null
	@touch $@

$(BPF_HEADER_CHECKS): $(BUILD)/headers/%.ok: %.h $(wildcard bpf/*.h vmlinux/*.h) | $(BUILD)/.dependencies
	@mkdir -p $(@D)
	@$(CLANG) $(BPF_CFLAGS) -Werror -Wno-unused-function -fsyntax-only -include $< -x c /dev/null
	@touch $@

.PHONY: test bench
# TESTS="heap mappings" runs a part; TESTFLAGS=--no-bpf leaves out what needs BPF.
test: ## everything that can be tested; as root, or the tests that need BPF fail
	scripts/test $(TESTFLAGS) $(TESTS)

bench: ## what memtrace costs, beside other tools
	scripts/setup bench
	$(MAKE) all bench-programs
	tests/bench/run $(BENCHFLAGS)

# What is not part of `make test`: bigger programs, more of the same, and what few have installed.
.PHONY: stacks-long
stacks-long: all fixtures ## stacks against gdb, libgcc and their programs at length, the shares by end printed
	scripts/setup stacks
	$(MAKE) $(STACK_LONG)
	@failed=0; for test in tests/integration/stacks_*.py; do echo "$$test"; \
		MEMTRACE_TEST_LONG=1 MEMTRACE_TEST_PATIENCE=5 $$test || { [ $$? = 77 ] || failed=1; }; done; exit $$failed

.PHONY: leaks-long
leaks-long: all fixtures ## heaps of all settings, and real programs three times each
	scripts/setup stacks
	MEMTRACE_TEST_LONG=1 tests/run real_leaks walked_heaps leaks_followed leaks_ends leaks_killed record_ fuzz_

.PHONY: vm
vm: all fixtures ## this build on other kernels, in emulated machines; KERNELS chooses some of tests/vm/kernels.tsv
	scripts/setup vm
	tests/vm/run $(KERNELS)

.PHONY: symbols
symbols: $(SYMBOL_TOOL) ## functions, files and lines of large programs against llvm-symbolizer's
	scripts/setup symbols
	tests/symbols/run

# Fuzzers: tests/fuzz/fuzz_NAME.c, with seeds in tests/fuzz/seeds/NAME where there are any.
FUZZ_SECONDS ?= 60
FUZZ_CFLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZERS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_OBJECTS = $(UNIT_SOURCES:%.c=$(BUILD)/fuzz-objects/%.o)

.PHONY: fuzz $(FUZZERS:%=fuzz-%)
fuzz: $(FUZZERS:%=fuzz-%) ## run every fuzzer for FUZZ_SECONDS (60); `make fuzz-NAME` runs one

$(FUZZERS:%=fuzz-%): fuzz-%: $(BUILD)/tests/fuzz/fuzz_%
	@mkdir -p $(BUILD)/fuzz/$*
	$< -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix=$(BUILD)/fuzz/$*- $(BUILD)/fuzz/$* $(wildcard tests/fuzz/seeds/$*) $(FUZZ_SEEDS_$*)

FUZZ_LIBRARIES := $(patsubst %,$(BUILD)/fuzz-seeds/library%.so,-g0 -gdwarf-4 -gdwarf-5 -gz)

# Those that run briefly among the tests (tests/integration/fuzz_*.sh).
.PHONY: fuzz-programs
fuzz-programs: $(patsubst tests/integration/fuzz_%.sh,$(BUILD)/tests/fuzz/fuzz_%,$(wildcard tests/integration/fuzz_*.sh)) $(FUZZ_LIBRARIES)

# No fuzzer finds the ELF format by itself: those that read it start from small libraries.
FUZZ_SEEDS_elf_file := $(BUILD)/fuzz-seeds
FUZZ_SEEDS_symbolize := $(BUILD)/fuzz-seeds

fuzz-elf_file fuzz-symbolize: $(FUZZ_LIBRARIES)

$(BUILD)/fuzz-seeds/library%.so: tests/fuzz/seeds/library.c
	@mkdir -p $(@D)
	$(CC) -g -O1 $* -fno-builtin -fPIC -shared -nostdlib -Wl,-z,noseparate-code,--build-id -o $@ $<

$(BUILD)/fuzz-objects/src/%.o: src/%.c | $(BUILD)/.dependencies
	@mkdir -p $(@D)
	$(CLANG) $(CPPFLAGS) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -std=gnu17 -MMD -MP -c -o $@ $<

FUZZ_LIBRARY := $(BUILD)/fuzz-objects/src.a
$(FUZZ_LIBRARY): $(FUZZ_OBJECTS)
	$(library_of)

.SECONDARY: $(FUZZ_OBJECTS) $(FUZZ_LIBRARY)

$(BUILD)/tests/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(FUZZ_LIBRARY)
	@mkdir -p $(@D)
	$(CLANG) $(CPPFLAGS) -Itests $(FUZZ_CFLAGS) -fsanitize=fuzzer -std=gnu17 -o $@ $^ $(LDLIBS)

-include $(FUZZ_OBJECTS:.o=.d)

.PHONY: help
help: ## list these targets
	@echo 'make              build $(BUILD)/memtrace'
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r target what; do \
		printf 'make %-12s %s\n' "$$target" "$$what"; done
	@echo 'make ARCH=arm64   compile for aarch64, in build-arm64'
	@echo 'Variables: ARCH CC CLANG BPFTOOL CFLAGS PREFIX DESTDIR BUILD; WERROR=1 makes warnings errors.'
