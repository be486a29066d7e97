# How the tests, fixtures, fuzzers and benchmarks are built and run.

# Unit tests: tests/unit/NAME.c (cmocka), each linked with what it needs of src/ but main.c, the commands
# and what needs the BPF programs, under ASan and UBSan.
# What is cross-compiled runs emulated, where there are none.
UNIT_CFLAGS := -O1 -g -fno-omit-frame-pointer \
	       $(if $(SYSROOT),,-fsanitize=address,undefined -fno-sanitize-recover=all)
UNIT_SOURCES := $(filter-out src/main.c src/cli/% src/collect/% src/probe/attach.c src/probe/detach.c src/probe/guard.c,$(SOURCES)) \
		src/cli/options.c src/cli/option_rows.c src/cli/option_values.c src/cli/help.c src/cli/moment.c \
		$(patsubst %,src/collect/%.c,frames ranges maps nodes place place_memo procfs modules resident kernel_words \
				     memory memory_parts smaps thread_stacks thread_descriptor)
UNIT_OBJECTS := $(UNIT_SOURCES:%.c=$(BUILD)/unit/%.o)
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(call of_this_machine,$(wildcard tests/unit/*.c)))

$(BUILD)/unit/src/%.o: src/%.c | $(BUILD)/.dependencies
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(UNIT_CFLAGS) -std=gnu17 $(WARNINGS) -MMD -MP -c -o $@ $<

# Linked as a library: of all objects, and the debug information in them, a test takes in those that it calls.
# Names of objects are paths in it (T), for two folders may have a file of one name.
define library_of
	@rm -f $@
	$(AR) qcsT $@ $^
endef

UNIT_LIBRARY := $(BUILD)/unit/src.a
$(UNIT_LIBRARY): $(UNIT_OBJECTS)
	$(library_of)

$(BUILD)/tests/unit/%: tests/unit/%.c $(UNIT_LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Itests $(UNIT_CFLAGS) -std=gnu17 $(WARNINGS) -o $@ $^ $(LDLIBS) -lcmocka

# Kept between runs, though they are only steps on the way to the tests.
.SECONDARY: $(UNIT_OBJECTS) $(UNIT_LIBRARY)

# Machines that were recorded (tests/vm/record), as trees.
MACHINES := $(patsubst tests/fixtures/machines/%.tar.xz,$(BUILD)/tests/machines/%/unpacked,\
	      $(wildcard tests/fixtures/machines/*.tar.xz))

$(BUILD)/tests/machines/%/unpacked: tests/fixtures/machines/%.tar.xz
	@rm -rf $(@D)
	@mkdir -p $(@D)
	tar -C $(@D) -xJf $<
	@touch $@

.PHONY: unit-tests
unit-tests: $(UNIT_TESTS) $(MACHINES)

-include $(UNIT_OBJECTS:.o=.d)

# Unwind tables of all programs and libraries of the machine against libdw and Capstone.
UNWIND_ORACLE_PATHS ?= /usr/bin /usr/sbin /usr/lib
UNWIND_OBJECTS := $(filter $(BUILD)/src/unwind/%,$(OBJECTS))

$(BUILD)/tests/unwind/%: tests/unwind/%.c tests/unwind/compare.h $(UNWIND_OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Itests $(CFLAGS) -std=gnu17 $(WARNINGS) -o $@ $< $(UNWIND_OBJECTS) -ldw -lelf -lcapstone -lz -lzstd

.PHONY: unwind-oracle unwind-speed
unwind-oracle: $(BUILD)/tests/unwind/oracle ## every unwind table that this machine has code for, against libdw
	-tests/unwind/fetch-arm64
	$< $(UNWIND_ORACLE_PATHS) $$(ls -d $(BUILD)/arm64 2>/dev/null)

UNWIND_SPEED_FILES ?= $(wildcard /usr/lib/*-linux-gnu/libLLVM-*.so.1 /usr/lib/*-linux-gnu/libc.so.6)

unwind-speed: $(BUILD)/tests/unwind/speed ## what making unwind tables costs; UNWIND_SPEED_FILES chooses of what
	$< $(UNWIND_SPEED_FILES)

# Fixtures: tests/fixtures/NAME.{c,cc,go} are programs, libNAME.c shared libraries. Each
# performs a known scenario and prints its own truth (tests/fixtures/truth.h). Frame
# pointers and no tail calls, so that the caller of an allocator is always a frame.
FIXTURE_DIR := $(BUILD)/tests/fixtures
FIXTURE_CFLAGS := $(TARGET_FLAGS) -O2 -g -fno-omit-frame-pointer -fno-optimize-sibling-calls -fno-builtin -D_GNU_SOURCE -Wall -Wextra \
		  $(if $(CI)$(WERROR),-Werror)
FIXTURE_SOURCES := $(wildcard tests/fixtures/*.c tests/fixtures/*.cc)
FIXTURE_PROGRAMS := $(patsubst tests/fixtures/%,$(FIXTURE_DIR)/%,$(basename $(filter-out tests/fixtures/lib%,$(FIXTURE_SOURCES))))
FIXTURE_LIBRARIES := $(patsubst tests/fixtures/%.c,$(FIXTURE_DIR)/%.so,$(wildcard tests/fixtures/lib*.c))
FIXTURE_RUNPATH := -Wl,-rpath,'$$ORIGIN'

include tests/fixtures/flags.mk
include tests/fixtures/stacks/stacks.mk
include tests/fixtures/leaks/leaks.mk

FIXTURE_EXTRA := $(FIXTURE_VARIANTS:%=$(FIXTURE_DIR)/%)

$(FIXTURE_DIR)/%: tests/fixtures/%.c tests/fixtures/truth.h
	@mkdir -p $(@D)
	$(CC) $(FIXTURE_CFLAGS) -std=gnu17 $(CFLAGS_$*) -o $@ $< $(LDFLAGS_$*) -lpthread

$(FIXTURE_DIR)/%: tests/fixtures/%.cc tests/fixtures/truth.h
	@mkdir -p $(@D)
	$(CXX) $(FIXTURE_CFLAGS) -std=gnu++17 $(CFLAGS_$*) -o $@ $< $(LDFLAGS_$*) -lpthread

$(FIXTURE_DIR)/lib%.so: tests/fixtures/lib%.c
	@mkdir -p $(@D)
	$(CC) $(FIXTURE_CFLAGS) -std=gnu17 -fPIC -shared $(CFLAGS_lib$*) -o $@ $<

.PHONY: fixtures
fixtures: $(FIXTURE_PROGRAMS) $(FIXTURE_LIBRARIES) $(FIXTURE_EXTRA) $(STACK_FIXTURES) $(LEAK_FIXTURES)

# The heap walkers on a process that is stopped; and that process made a seed for their fuzzer.
HEAP_TOOLS := $(patsubst %,$(BUILD)/tests/heap/%,walk capture)
HEAP_TOOL_OBJECTS := $(filter-out $(BUILD)/src/main.o $(BUILD)/src/cli/%,$(OBJECTS))

$(BUILD)/tests/heap/%: tests/heap/%.c $(wildcard tests/heap/*.h) $(HEAP_TOOL_OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Itests $(CFLAGS) -std=gnu17 $(WARNINGS) -o $@ $< $(HEAP_TOOL_OBJECTS) $(LDLIBS)

fixtures: $(HEAP_TOOLS)

# Reports of snapshots made up, for the tests that look at them in a browser.
HTML_SAMPLES := $(BUILD)/tests/html/samples

$(HTML_SAMPLES): tests/html/samples.c tests/unit/sample_snapshot.h $(HEAP_TOOL_OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Itests $(CFLAGS) -std=gnu17 $(WARNINGS) -o $@ $< $(HEAP_TOOL_OBJECTS) $(LDLIBS)

fixtures: $(HTML_SAMPLES)

include tests/bench/bench.mk

# The symbolizer alone, for what compares and measures it. Optimised as the program is.
SYMBOL_TOOL := $(BUILD)/tests/symbols/addresses

$(SYMBOL_TOOL): tests/symbols/addresses.c $(filter $(BUILD)/src/symbolize/% $(BUILD)/src/model/% $(BUILD)/src/util/printable.o,$(OBJECTS))
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -std=gnu17 $(WARNINGS) -o $@ $^ $(LDLIBS)

fixtures: $(SYMBOL_TOOL)
