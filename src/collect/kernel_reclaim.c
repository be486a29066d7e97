// SPDX-License-Identifier: GPL-2.0-or-later
/* Who refers to rows of the stack table where the kernel's memory is traced: live blocks alone. */
#include "collect/kernel_internal.h"

static bool always_idle(void *session, uint32_t number)
{
	(void)session;
	(void)number;
	return true;
}

static uint32_t never_used(void *session, uint32_t number)
{
	(void)session;
	(void)number;
	return 0;
}

static void forget_walks(void *context)
{
	struct kernel_session *session = context;

	__atomic_fetch_add(&session->bpf->bss->kernel_walk_version, 1, __ATOMIC_RELEASE);
}

/* A program takes a row and counts its block in one go: all that ran have ended. */
static int hold_none(void *session, struct reclaim_round *round, uint32_t end)
{
	(void)session;
	(void)round;
	(void)end;
	return 0;
}

/* To its class's row. */
static void keep_sums(void *context, uint32_t number)
{
	struct kernel_session *session = context;
	uint32_t class_number = session->stacks.rows[number].owner;

	stack_table_add_sums(&session->stacks, class_number < MK_MAX_CLASSES ? class_number : 0, number);
}

const struct reclaim_ops kernel_reclaim_ops = {
    .idle = always_idle,
    .used = never_used,
    .forget_walks = forget_walks,
    .hold = hold_none,
    .keep_sums = keep_sums,
};
