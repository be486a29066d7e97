// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/check_json.h"

#include "report/json_value.h"

static json_t *build_kinds(const struct judgement *judgement)
{
	json_t *kinds = json_array();
	int failed = 0;

	for (int i = 0; i < CHECK_KIND_COUNT; i++) {
		if (judgement->kinds[i])
			failed |= json_array_append_new(kinds, json_string(check_kind_name((enum check_kind)i)));
	}
	return json_whole(kinds, failed);
}

/* What is whole stays an integer. */
static json_t *build_number(double value)
{
	if (value >= 0x1p64)
		return json_uint(UINT64_MAX);
	if (value >= 0 && value == (double)(uint64_t)value)
		return json_uint((uint64_t)value);
	return json_real(value);
}

static json_t *build_rules(const struct judgement *judgement)
{
	json_t *rules = json_array();
	int failed = 0;

	for (int i = 0; i < RULE_COUNT; i++) {
		if (!judgement->rules[i].applied)
			continue;
		failed |=
		    json_array_append_new(rules, json_pack("{s:s, s:o}", "rule", check_rule_name((enum check_rule)i),
		                                           "limit", build_number(judgement->rules[i].limit)));
	}
	return json_whole(rules, failed);
}

/* Stacks with findings are shown before the others, so that the index is one of "stacks". */
static json_t *build_findings(const struct judgement *judgement)
{
	json_t *findings = json_array();
	int failed = 0;

	for (size_t i = 0; i < judgement->n_findings; i++) {
		const struct check_finding *finding = &judgement->findings[i];
		bool of_all = finding->stack == FINDING_OF_ALL;

		failed |= json_array_append_new(
		    findings, json_pack("{s:s, s:o, s:o}", "rule", check_rule_name(finding->rule), "stack",
		                        of_all ? json_null() : json_integer((json_int_t)finding->stack), "value",
		                        build_number(finding->value)));
	}
	return json_whole(findings, failed);
}

static json_t *build_doubts(const struct judgement *judgement)
{
	json_t *doubts = json_array();
	int failed = 0;

	for (int i = 0; i < DOUBT_COUNT; i++) {
		if (judgement->doubts[i])
			failed |= json_array_append_new(doubts, json_string(check_doubt_name((enum check_doubt)i)));
	}
	return json_whole(doubts, failed);
}

static json_t *build_uses(const struct judgement *judgement)
{
	json_t *uses = json_array();
	int failed = 0;

	for (size_t i = 0; i < judgement->n_uses; i++) {
		const struct suppression_use *use = &judgement->uses[i];

		failed |= json_array_append_new(uses, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "text",
		                                                json_name(use->text), "origin", json_name(use->origin),
		                                                "reason", json_name_or_null(use->reason), "bytes",
		                                                json_uint(use->bytes), "blocks", json_uint(use->blocks),
		                                                "stacks", json_uint(use->stacks)));
	}
	return json_whole(uses, failed);
}

static json_t *build_amount(uint64_t bytes, uint64_t blocks)
{
	return json_pack("{s:o, s:o}", "bytes", json_uint(bytes), "blocks", json_uint(blocks));
}

json_t *check_json_members(const struct snapshot *snapshot)
{
	const struct judgement *judgement = snapshot->judgement;
	json_t *gone = judgement->has_baseline ? json_uint(judgement->gone_stacks) : json_null();

	return json_pack("{s:{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}}", "check", "verdict",
	                 check_outcome_name(judgement_outcome(judgement)), "doubts", build_doubts(judgement), "kinds",
	                 build_kinds(judgement), "rules", build_rules(judgement), "findings", build_findings(judgement),
	                 "judged_stacks", json_uint(judgement->n_stacks), "judged",
	                 build_amount(judgement->bytes, judgement->blocks), "suppressed",
	                 build_amount(judgement->suppressed_bytes, judgement->suppressed_blocks), "suppressions",
	                 build_uses(judgement), "baseline_gone", gone);
}

int check_json_set_stack(json_t *object, const struct snapshot *snapshot, size_t stack)
{
	const struct judged_stack *judged = &snapshot->judgement->stacks[stack];

	return json_object_set_new(object, "judged_as", json_string(check_kind_name(judged->kind))) |
	       json_object_set_new(object, "growth_bytes_per_s", build_number(judged->growth_bytes_per_s)) |
	       json_object_set_new(object, "baseline_bytes",
	                           judged->known ? json_uint(judged->known_bytes) : json_null());
}
