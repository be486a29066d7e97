# memtrace: see README.md. `make help` lists the targets.
VERSION := 0.1.0
PREFIX ?= /usr/local
HOST := $(shell uname -m)
ARCH ?= $(HOST)
# The kernel's name of it too.
override ARCH := $(ARCH:arm64=aarch64)

# Cross-compiling (scripts/setup cross): with a compiler and libraries of its own, in a folder of its own.
ifeq ($(ARCH),$(HOST))
BUILD ?= build
COMPILER := gcc
else ifeq ($(ARCH),aarch64)
BUILD ?= build-arm64
COMPILER := aarch64-linux-gnu-gcc
SYSROOT ?= $(BUILD)/sysroot
TARGET_FLAGS := --sysroot=$(abspath $(SYSROOT))
else
$(error memtrace is cross-compiled for aarch64 only, not for '$(ARCH)')
endif

ifeq ($(origin CC),default)
CC := $(COMPILER)
endif
CLANG ?= clang
BPFTOOL ?= $(shell scripts/find-bpftool)
LLVM_STRIP ?= llvm-strip
CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wvla \
	    $(if $(CI)$(WERROR),-Werror)
CPPFLAGS += $(TARGET_FLAGS) -D_GNU_SOURCE -DMEMTRACE_VERSION='"$(VERSION)"' -DMEMTRACE_HTML='"$(BUILD)/html"' \
	    -Isrc -Ibpf -I$(BUILD)
# libbpf stands in the program itself; elfutils cannot be linked so (its static archive lacks symbols).
LDLIBS := -l:libbpf.a -ldw -lelf -lcapstone -ljansson -lsqlite3 -l:libiberty.a -llzma -lzstd -lz -lncursesw -ltinfo -lm -lpthread

BPF_TARGET_x86_64 := x86
BPF_TARGET_aarch64 := arm64
BPF_CFLAGS := -O2 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_$(BPF_TARGET_$(ARCH)) -Ibpf -Isrc -Ivmlinux \
	      -I$(BUILD) $(SYSROOT:%=-isystem %/usr/include) -Wall -Wextra -Wno-unused-parameter -Wno-missing-declarations -Wno-address-of-packed-member \
	      $(if $(CI)$(WERROR),-Werror)

BPF_OBJECTS := $(patsubst bpf/%.bpf.c,$(BUILD)/bpf/%.bpf.o,$(wildcard bpf/*.bpf.c bpf/kernel/*.bpf.c))
# Of what is written for each machine (NAME_MACHINE.c), only this one's.
of_this_machine = $(filter-out %_$(filter-out $(ARCH),x86_64 aarch64).c,$(1))
SOURCES := $(call of_this_machine,$(wildcard src/*.c src/*/*.c))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
SKELETON := $(BUILD)/memtrace.skel.h
GUARD_SKELETON := $(BUILD)/guard.skel.h

.PHONY: all
all: $(BUILD)/memtrace

$(BUILD)/memtrace: $(OBJECTS)
	$(CC) $(TARGET_FLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/src/%.o: src/%.c | $(BUILD)/.dependencies
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -std=gnu17 $(WARNINGS) -MMD -MP -c -o $@ $<

# Only collect/ and probe/ see the skeleton.
$(filter $(BUILD)/src/collect/% $(BUILD)/src/probe/%,$(OBJECTS)): | $(SKELETON) $(GUARD_SKELETON)

# What the program carries within itself; see src/util/embed.h.
embedding = $(patsubst %,$(BUILD)/%/report/$(1).o,src unit/src fuzz-objects/src)
$(call embedding,svg): $(wildcard src/report/svg/*)
$(call embedding,html): $(BUILD)/html/head.html

# The page of --format html, left out where it cannot be made.
$(BUILD)/html/head.html: scripts/bundle-html $(wildcard $(addprefix src/report/html/,*.js *.css *.html *.json bundle/*.html))
	@scripts/bundle-html $(@D)

# What was left out is tried again. Without npm that takes no time, and what stays as it was is not built anew.
ifneq ($(wildcard $(BUILD)/html/left-out),)
.PHONY: html-again
$(BUILD)/html/head.html: html-again
endif

$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c $(wildcard bpf/*.h bpf/kernel/*.h vmlinux/*.h) $(wildcard src/model/*.h) | $(BUILD)/.dependencies
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -c -o $@ $<

$(BUILD)/memtrace.bpf.o: $(BPF_OBJECTS)
	$(BPFTOOL) gen object $@ $^

# The linter has nothing to say to what is generated.
gen_skeleton = { echo '/* NOLINTBEGIN */' && $(BPFTOOL) gen skeleton $(1) name $(2) && echo '/* NOLINTEND */'; }

$(SKELETON): $(BUILD)/memtrace.bpf.o
	$(call gen_skeleton,$<,memtrace_bpf) > $@.tmp
	mv $@.tmp $@

# An object of its own, loaded when it is needed.
$(BUILD)/bpf/guard.o: bpf/guard/guard.bpf.c $(wildcard bpf/*.h bpf/kernel/*.h vmlinux/*.h) | $(BUILD)/.dependencies
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -c -o $@ $<

$(GUARD_SKELETON): $(BUILD)/bpf/guard.o
	$(BPFTOOL) gen object $(BUILD)/guard.bpf.o $<
	$(call gen_skeleton,$(BUILD)/guard.bpf.o,guard_bpf) > $@.tmp
	mv $@.tmp $@

$(BUILD)/.dependencies: scripts/check-dependencies | $(SYSROOT)
	@mkdir -p $(BUILD)
	@scripts/check-dependencies $(CC) $(CLANG) $(BPFTOOL) $(TARGET_FLAGS)
	@touch $@

ifdef SYSROOT
$(SYSROOT):
	@scripts/check-dependencies --compiler $(CC)
	@mkdir -p $(@D)
	@scripts/sysroot-arm64 $@
endif

-include $(OBJECTS:.o=.d)

include tests/tests.mk
include scripts/develop.mk
include scripts/release.mk

.PHONY: clean
clean: ## remove everything that was built
	rm -rf $(BUILD)
