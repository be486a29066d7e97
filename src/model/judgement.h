/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What memtrace check makes of a snapshot: which stacks were judged, by which rules, and what was found. */
#ifndef MEMTRACE_MODEL_JUDGEMENT_H
#define MEMTRACE_MODEL_JUDGEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Kinds of blocks that can be judged. A stack is judged as the first one that it is. */
enum check_kind {
	CHECK_DEFINITE,
	CHECK_INDIRECT,
	CHECK_POSSIBLE,
	CHECK_GROWING,     /* live bytes rose in every round */
	CHECK_OUTSTANDING, /* live, whatever leads to them */
	CHECK_KIND_COUNT,
};

enum check_rule {
	RULE_NO_LEAK,     /* no block at all */
	RULE_LEAK_BYTES,  /* of all judged stacks: bytes */
	RULE_LEAK_COUNT,  /* of all judged stacks: blocks */
	RULE_STACK_BYTES, /* of each stack: bytes */
	RULE_GROWTH,      /* of each stack: bytes per second, in every round */
	RULE_NEW_STACK,   /* each stack is in the baseline */
	RULE_REGRESSION,  /* no stack has more bytes than the baseline, and so many per cent */
	RULE_COUNT,
};

/* What stands in the way of a verdict. */
enum check_doubt {
	DOUBT_LOSS,        /* something was lost */
	DOUBT_CHILDREN,    /* children were not traced */
	DOUBT_UNREAD,      /* a process's memory was not read, so that nobody knows what it has leaked */
	DOUBT_ENDED,       /* the target ended before the time was over */
	DOUBT_INTERRUPTED, /* memtrace was asked to end before */
	DOUBT_COUNT,
};

struct judged_stack {
	enum check_kind kind;
	double growth_bytes_per_s; /* least of all rounds; 0 where nobody asked */
	uint64_t known_bytes;      /* by the baseline, where it has the stack */
	bool known;
};

#define FINDING_OF_ALL SIZE_MAX

/* A rule that was broken. */
struct check_finding {
	enum check_rule rule;
	size_t stack; /* index into snapshot.stacks; FINDING_OF_ALL: the sum */
	double value; /* in the rule's unit */
};

struct suppression_use {
	char *text;         /* as it stands in its file, or its name; owned */
	char *origin;       /* "FILE:LINE"; owned */
	const char *reason; /* of one that is built in, static; else NULL */
	uint64_t bytes, blocks;
	uint64_t stacks; /* that it has hidden; 0: not used */
};

struct judgement {
	struct {
		bool applied;
		double limit; /* in the rule's unit */
	} rules[RULE_COUNT];
	bool kinds[CHECK_KIND_COUNT]; /* that were asked for */
	struct judged_stack *stacks;  /* of snapshot.stacks[0..n) */
	size_t n_stacks;
	uint64_t bytes, blocks; /* of these */
	uint64_t suppressed_bytes, suppressed_blocks;
	struct check_finding *findings; /* in the order of their stacks, those of all at the end */
	size_t n_findings;
	struct suppression_use *uses; /* also those that were not used, but for built-in ones */
	size_t n_uses;
	bool has_baseline;
	uint64_t gone_stacks; /* of the baseline */
	bool doubts[DOUBT_COUNT];
};

enum check_outcome { CHECK_PASSED, CHECK_FAILED, CHECK_UNDECIDED };

/* What was found counts more than what may have been missed. */
enum check_outcome judgement_outcome(const struct judgement *judgement);

/* "definite", …; static, like all names here. */
const char *check_kind_name(enum check_kind kind);
/* "max-leak-bytes", … */
const char *check_rule_name(enum check_rule rule);
/* What the rule asks for, in a sentence: "no stack has more bytes than the limit". */
const char *check_rule_words(enum check_rule rule);
/* "untraced-children", … */
const char *check_doubt_name(enum check_doubt doubt);
/* "children were not traced", … */
const char *check_doubt_words(enum check_doubt doubt);
/* "passed", "failed", "undecided" */
const char *check_outcome_name(enum check_outcome outcome);

/* NULL is allowed. */
void judgement_free(struct judgement *judgement);

#endif
