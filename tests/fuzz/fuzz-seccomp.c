/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <linux/audit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/cbpf.h"
#include "base/error.h"
#include "kernel/seccomp-file.h"
#include "kernel/seccomp-plan.h"
#include "kernel/seccomp-program.h"
#include "kernel/seccomp-resolve.h"
#include "json/read.h"

#include "fuzz.h"

/*
 * Any bytes as the seccomp section of a config.json: refused with a message of one line, or
 *compiled into a program that the kernel takes and that does what the rules say, for the values
 *around those that they compare with. The bytes are tried as a file of compiled filters too.
 *
 *	clang -g -O1 -fsanitize=fuzzer,address,undefined -std=c11 -D_GNU_SOURCE -Ilibcontainer \
 *		-I BUILD/libcontainer tests/fuzz/fuzz-seccomp.c libcontainer/base/X.c \
 *		libcontainer/json/X.c libcontainer/spec/X.c libcontainer/kernel/seccomp*.c -lyajl \
 *		-o fuzz-seccomp                                     (X: all of them)
 *	./fuzz-seccomp -max_len=8192 NEW-INPUTS tests/fuzz/corpus/seccomp
 */
const char fuzz_corpus[] = "seccomp";

#define MUST(condition)                                                                         \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                \
		}                                                                               \
	} while (0)

static void check_error(int r, const struct ar_error *err)
{
	MUST(r < 0 && err->code == -r);
	MUST(err->text[0] && !strchr(err->text, '\n'));
}

/* --- what rules mean -------------------------------------------------------------------------- */

static bool arg_holds(const struct ar_compare_arg *arg, bool narrow,
		      const struct seccomp_data *data)
{
	uint64_t mask = narrow ? UINT32_MAX : UINT64_MAX, a = arg->a & mask;
	uint64_t value = data->args[arg->arg] & mask;

	switch (arg->op) {
	case AR_COMPARE_NE:
		return value != a;
	case AR_COMPARE_LT:
		return value < a;
	case AR_COMPARE_LE:
		return value <= a;
	case AR_COMPARE_EQ:
		return value == a;
	case AR_COMPARE_GE:
		return value >= a;
	case AR_COMPARE_GT:
		return value > a;
	default:
		return (value & a) == (arg->b & a);
	}
}

static bool rule_holds(const struct ar_seccomp_rule *rule, bool narrow,
		       const struct seccomp_data *data)
{
	for (size_t i = 0; i < rule->n_args; i++)
		if (!arg_holds(&rule->args[i], narrow, data))
			return false;
	return true;
}

/* The action for a call that has rules. */
static uint32_t meant(const struct ar_seccomp_plan *plan, const struct ar_seccomp_table *table,
		      const struct seccomp_data *data)
{
	uint32_t verdict = 0;
	bool found = false;

	for (size_t i = 0; i < table->n; i++) {
		const struct ar_seccomp_rule *rule = table->entries[i].rule;

		if (table->entries[i].number != (uint32_t)data->nr ||
		    !rule_holds(rule, table->narrow, data))
			continue;
		verdict = found ? ar_cbpf_stricter(verdict, rule->action) : rule->action;
		found = true;
	}
	return (found ? verdict : plan->default_action) & SECCOMP_RET_ACTION_FULL;
}

static void check_call(const struct ar_seccomp_plan *plan, const struct ar_seccomp_table *table,
		       const struct ar_cbpf *program, const struct seccomp_data *data)
{
	uint32_t got = ar_cbpf_run(program, data);

	MUST((got & SECCOMP_RET_ACTION_FULL) == meant(plan, table, data));
}

/* The values that a rule compares with, and those beside them. */
static void check_rule(const struct ar_seccomp_plan *plan, const struct ar_seccomp_table *table,
		       size_t i, const struct ar_cbpf *program)
{
	const struct ar_seccomp_rule *rule = table->entries[i].rule;
	bool x32 = table->arch == AR_ARCH_X32;
	struct seccomp_data data = { .nr = (int)table->entries[i].number,
				     .arch = x32 ? AUDIT_ARCH_X86_64 : table->arch };

	check_call(plan, table, program, &data);
	for (uint64_t step = 0; step < 3; step++) {
		for (size_t a = 0; a < rule->n_args; a++) {
			const struct ar_compare_arg *arg = &rule->args[a];
			bool masked = arg->op == AR_COMPARE_MASKED_EQ;

			data.args[arg->arg] = (masked ? arg->b : arg->a) + step - 1;
			check_call(plan, table, program, &data);
			data.args[arg->arg] ^= 1ull << 32;
			check_call(plan, table, program, &data);
			data.args[arg->arg] ^= 1ull << 32;
		}
	}
}

/* --- the input -------------------------------------------------------------------------------- */

static void try_profile(struct ar_arena *arena, const struct ar_seccomp *profile)
{
	struct ar_seccomp_table *tables;
	struct ar_seccomp_plan plan;
	struct ar_cbpf program;
	struct ar_error err = { 0 };
	const char *library;
	size_t n;
	int r;

	r = ar_seccomp_plan(arena, profile, &plan, &err);
	if (r == 0 && !plan.empty)
		r = ar_seccomp_resolve(arena, &plan, &tables, &n, &library, &err);
	if (r < 0) {
		check_error(r, &err);
		return;
	}
	if (plan.empty || ar_seccomp_program(arena, &plan, tables, n, &program) < 0)
		return;
	MUST(ar_cbpf_check(&program) == 0);
	for (size_t t = 0; t < n; t++)
		for (size_t i = 0; i < tables[t].n && i < 100; i++)
			check_rule(&plan, &tables[t], i, &program);
}

static void try_file(struct ar_arena *arena, const uint8_t *data, size_t size)
{
	struct ar_filters filters;
	const char *maker;

	if (ar_filters_decode(arena, ar_memdup(arena, data, size), size, "", &filters, &maker) < 0)
		return;
	for (size_t i = 0; i < filters.n; i++) {
		const struct ar_cbpf program = { filters.item[i].code, filters.item[i].n };
		const struct seccomp_data call = { .nr = (int)size };

		(void)ar_cbpf_run(&program, &call); /* ends, and stays inside */
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_seccomp profile = { 0 };
	const struct ar_json *json;
	struct ar_error err = { 0 };
	int r;

	try_file(arena, data, size);
	r = ar_json_parse(arena, "input", (const char *)data, size, &ar_json_limits_default, &json,
			  &err);
	if (r == 0)
		r = ar_decode(arena, &ar_seccomp_class, "input", "", json, &profile, &err);
	if (r < 0)
		check_error(r, &err);
	else
		try_profile(arena, &profile);
	return 0;
}
