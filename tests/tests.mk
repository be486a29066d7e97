# How the tests, fixtures, fuzzers and benchmarks are built and run.

# Unit tests: tests/unit/NAME.c (cmocka), each linked with all of src/ but main.c and the
# parts that need BPF, under ASan and UBSan.
UNIT_CFLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
UNIT_SOURCES := $(filter-out src/main.c src/cli/% src/collect/% src/probe/attach.c src/probe/features.c,$(SOURCES)) \
		src/cli/options.c src/cli/option_rows.c src/cli/help.c
UNIT_OBJECTS := $(UNIT_SOURCES:%.c=$(BUILD)/unit/%.o)
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/*.c))

$(BUILD)/unit/src/%.o: src/%.c | $(BUILD)/.dependencies
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(UNIT_CFLAGS) -std=gnu17 $(WARNINGS) -MMD -MP -c -o $@ $<

$(BUILD)/tests/unit/%: tests/unit/%.c $(UNIT_OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Itests $(UNIT_CFLAGS) -std=gnu17 $(WARNINGS) -o $@ $^ $(LDLIBS) -lcmocka

# Kept between runs, though they are only steps on the way to the tests.
.SECONDARY: $(UNIT_OBJECTS)

.PHONY: unit-tests
unit-tests: $(UNIT_TESTS)

-include $(UNIT_OBJECTS:.o=.d)
