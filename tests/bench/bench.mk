# What the benchmarks run beside memtrace (tests/bench/run).
BENCH_DIR := $(BUILD)/tests/bench
BENCH_FIXTURES := $(addprefix $(BENCH_DIR)/,pairs stacks frames syscalls filled reading)
BENCH_TOOLS := $(addprefix $(BENCH_DIR)/,floor kernel_floor load scan)
BENCH_WARNINGS := -Wall -Wextra $(if $(CI)$(WERROR),-Werror)

$(BENCH_FIXTURES): $(BENCH_DIR)/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(CC) -O2 -g $(BENCH_FRAME_POINTERS) -std=gnu17 $(BENCH_WARNINGS) -o $@ $<

# As distributions build.
$(BENCH_DIR)/frames: BENCH_FRAME_POINTERS := -fomit-frame-pointer
BENCH_FRAME_POINTERS := -fno-omit-frame-pointer

$(BENCH_DIR)/%.bpf.o: tests/bench/%.bpf.c $(wildcard vmlinux/*.h) | $(BUILD)/.dependencies
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -c -o $@ $<

$(BENCH_DIR)/%.skel.h: $(BENCH_DIR)/%.bpf.o
	$(BPFTOOL) gen skeleton $< name $*_bpf > $@.tmp
	mv $@.tmp $@

$(BENCH_DIR)/floor: $(BENCH_DIR)/floor.skel.h
$(BENCH_DIR)/kernel_floor: $(BENCH_DIR)/kernel_floor.skel.h
$(BENCH_DIR)/scan: bpf/memtrace.h

$(BENCH_TOOLS): $(BENCH_DIR)/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -I$(BENCH_DIR) $(CFLAGS) -std=gnu17 $(BENCH_WARNINGS) -o $@ $< -l:libbpf.a -lelf -lz

# The writer of recordings alone.
RECORDED_OBJECTS := $(filter $(BUILD)/src/recording/% $(BUILD)/src/model/% $(BUILD)/src/util/% $(BUILD)/src/analyze/aggregate.o,$(OBJECTS))

$(BENCH_DIR)/recorded: tests/bench/recorded.c $(RECORDED_OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -std=gnu17 $(BENCH_WARNINGS) -o $@ $^ -lsqlite3 -lm

fixtures: $(BENCH_DIR)/recorded

# The renderers alone, as they stand in the program.
BENCH_FORMS := $(BENCH_DIR)/forms

$(BENCH_FORMS): tests/bench/forms.c $(filter $(BUILD)/src/report/% $(BUILD)/src/model/% $(BUILD)/src/util/%,$(OBJECTS))
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -std=gnu17 $(BENCH_WARNINGS) -o $@ $^ $(LDLIBS)

.PHONY: bench-programs
bench-programs: $(BENCH_FIXTURES) $(BENCH_TOOLS) $(BENCH_FORMS) $(BENCH_DIR)/recorded $(BUILD)/tests/unwind/speed $(SYMBOL_TOOL)
