/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/seccomp-program.h"

#include <errno.h>
#include <linux/audit.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/cbpf-build.h"

#define FOREIGN SECCOMP_RET_KILL_THREAD
#define NEWER (SECCOMP_RET_ERRNO | ENOSYS)

/* Rules that decide about a call, strictest first; the last one has no comparisons, or the default
 * follows. */
struct block {
	const struct ar_seccomp_entry *entries;
	size_t n, place;
	bool narrow;
};

struct program {
	struct ar_cbpf_builder builder;
	const struct ar_seccomp_plan *plan;
	struct ar_cbpf_range *ranges; /* of the table in hand */
	size_t n_ranges;
	struct block *blocks;
	size_t n_blocks;
};

/* --- comparisons --- */

/* Where the halves of an argument lie: in the order of this machine. */
static size_t half_offset(unsigned int arg, bool high)
{
	bool first = high == (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);

	return offsetof(struct seccomp_data, args) + 8 * arg + (first ? 0 : 4);
}

/* To yes, if the half is equal to that of value under the mask, else to no. */
static size_t equal_half(struct ar_cbpf_builder *b, const struct ar_compare_arg *arg, bool high,
			 size_t yes, size_t no)
{
	bool masked = arg->op == AR_COMPARE_MASKED_EQ;
	uint32_t mask = masked ? (uint32_t)(arg->a >> (high ? 32 : 0)) : UINT32_MAX;
	uint64_t value = masked ? arg->b : arg->a;

	if (!mask) /* nothing is looked at */
		return yes;
	ar_cbpf_build_jump(b, BPF_JEQ, (uint32_t)(value >> (high ? 32 : 0)) & mask, yes, no);
	if (mask != UINT32_MAX)
		ar_cbpf_build_and(b, mask);
	return ar_cbpf_build_load(b, half_offset(arg->arg, high));
}

/* op: BPF_JGT or BPF_JGE, of all 64 bits: the lower half counts when the upper ones are equal. */
static size_t greater(struct ar_cbpf_builder *b, const struct ar_compare_arg *arg, bool narrow,
		      uint16_t op, size_t yes, size_t no)
{
	uint32_t high = (uint32_t)(arg->a >> 32);
	size_t place;

	ar_cbpf_build_jump(b, op, (uint32_t)arg->a, yes, no);
	place = ar_cbpf_build_load(b, half_offset(arg->arg, false));
	if (narrow)
		return place;
	place = ar_cbpf_build_jump(b, BPF_JEQ, high, place, no);
	ar_cbpf_build_jump(b, BPF_JGT, high, yes, place);
	return ar_cbpf_build_load(b, half_offset(arg->arg, true));
}

static size_t compare(struct ar_cbpf_builder *b, const struct ar_compare_arg *arg, bool narrow,
		      size_t yes, size_t no)
{
	size_t place;

	switch (arg->op) {
	case AR_COMPARE_GT:
		return greater(b, arg, narrow, BPF_JGT, yes, no);
	case AR_COMPARE_GE:
		return greater(b, arg, narrow, BPF_JGE, yes, no);
	case AR_COMPARE_LE:
		return greater(b, arg, narrow, BPF_JGT, no, yes);
	case AR_COMPARE_LT:
		return greater(b, arg, narrow, BPF_JGE, no, yes);
	case AR_COMPARE_NE:
		place = equal_half(b, arg, false, no, yes);
		return narrow ? place : equal_half(b, arg, true, place, yes);
	default: /* AR_COMPARE_EQ, AR_COMPARE_MASKED_EQ */
		place = equal_half(b, arg, false, yes, no);
		return narrow ? place : equal_half(b, arg, true, place, no);
	}
}

/* --- the rules of a call --- */

static bool same_block(const struct block *block, const struct ar_seccomp_entry *entries, size_t n,
		       bool narrow)
{
	if (block->n != n || block->narrow != narrow)
		return false;
	for (size_t i = 0; i < n; i++)
		if (block->entries[i].rule != entries[i].rule)
			return false;
	return true;
}

/* A call's rules on x86_64 and on x32, say, are one block. */
static size_t find_block(const struct program *p, const struct ar_seccomp_entry *entries, size_t n,
			 bool narrow)
{
	for (size_t i = 0; i < p->n_blocks; i++)
		if (same_block(&p->blocks[i], entries, n, narrow))
			return p->blocks[i].place;
	return 0;
}

static size_t make_block(struct program *p, const struct ar_seccomp_entry *entries, size_t n,
			 bool narrow)
{
	struct ar_cbpf_builder *b = &p->builder;
	bool decided = entries[n - 1].rule->n_args == 0;
	uint32_t otherwise = decided ? entries[n - 1].rule->action : p->plan->default_action;
	size_t place = find_block(p, entries, n, narrow), useful;

	if (place)
		return place;
	place = ar_cbpf_build_end(b, otherwise);
	useful = n - decided;
	while (useful && entries[useful - 1].rule->action == otherwise)
		useful--;
	for (size_t i = useful; i > 0; i--) {
		const struct ar_seccomp_rule *rule = entries[i - 1].rule;
		size_t yes = ar_cbpf_build_end(b, rule->action), no = place;

		for (size_t a = rule->n_args; a > 0; a--)
			yes = compare(b, &rule->args[a - 1], narrow, yes, no);
		place = yes;
	}
	p->blocks[p->n_blocks++] = (struct block){ entries, n, place, narrow };
	return place;
}

/* --- the numbers of an architecture --- */

static int by_number(const void *a, const void *b)
{
	const struct ar_seccomp_entry *x = a, *y = b;
	int32_t x_action = (int32_t)(x->rule->action & SECCOMP_RET_ACTION_FULL);
	int32_t y_action = (int32_t)(y->rule->action & SECCOMP_RET_ACTION_FULL);

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	if (x_action != y_action) /* strictest first, see ar_cbpf_stricter() */
		return x_action < y_action ? -1 : 1;
	if (!x->rule->n_args != !y->rule->n_args)
		return x->rule->n_args ? -1 : 1;
	return (x->rule > y->rule) - (x->rule < y->rule); /* as in the document */
}

static void add_range(struct program *p, uint32_t first, uint32_t verdict, size_t block)
{
	const struct ar_cbpf_range *last;

	if (p->n_ranges && p->ranges[p->n_ranges - 1].first == first)
		p->n_ranges--; /* nothing was left between two calls */
	last = p->n_ranges ? &p->ranges[p->n_ranges - 1] : NULL;
	if (last && !block && !last->block && last->verdict == verdict)
		return;
	p->ranges[p->n_ranges++] = (struct ar_cbpf_range){ first, verdict, block };
}

/* What a number without a rule gets. */
static uint32_t verdict_between(const struct program *p, const struct ar_seccomp_table *table,
				uint32_t number)
{
	if (p->plan->newer_enosys && table->newest && number > table->newest)
		return NEWER;
	return p->plan->default_action;
}

/* One call's entries from first on; returns how many they are. */
static size_t add_call(struct program *p, const struct ar_seccomp_table *table, size_t first)
{
	const struct ar_seccomp_entry *entries = &table->entries[first];
	size_t n = 1, useful = 0;
	uint32_t number = entries->number;

	while (first + n < table->n && entries[n].number == number)
		n++;
	/* behind a rule that always holds nothing is reached */
	while (useful < n && entries[useful].rule->n_args)
		useful++;
	useful += useful < n;
	if (entries[0].rule->n_args == 0)
		add_range(p, number, entries[0].rule->action, 0);
	else
		add_range(p, number, 0, make_block(p, entries, useful, table->narrow));
	if (number < UINT32_MAX)
		add_range(p, number + 1, verdict_between(p, table, number + 1), 0);
	return n;
}

/* From number start on; ranges for numbers below are there already. */
static void add_table(struct program *p, const struct ar_seccomp_table *table, uint32_t start)
{
	qsort(table->entries, table->n, sizeof(*table->entries), by_number);
	add_range(p, start, verdict_between(p, table, start), 0);
	for (size_t i = 0; i < table->n;)
		i += add_call(p, table, i);
}

/* --- all architectures --- */

static const struct ar_seccomp_table *find_table(const struct ar_seccomp_table *tables, size_t n,
						 uint32_t arch)
{
	for (size_t i = 0; i < n; i++)
		if (tables[i].arch == arch)
			return &tables[i];
	return NULL;
}

/* x86_64 and x32 are one architecture, its calls told apart by a bit of the number. */
static void add_x86_64(struct program *p, const struct ar_seccomp_table *x86_64,
		       const struct ar_seccomp_table *x32)
{
	if (x86_64)
		add_table(p, x86_64, 0);
	else
		add_range(p, 0, FOREIGN, 0);
	if (x32) {
		add_table(p, x32, AR_X32_BIT);
		return;
	}
	add_range(p, AR_X32_BIT, FOREIGN, 0);
	if (x86_64) /* a tracer's "no call at all" */
		add_range(p, UINT32_MAX, verdict_between(p, x86_64, UINT32_MAX), 0);
}

/* Calls of the kernel that s390 does not know arrive as number 0, which is none of today's. */
static void add_s390(struct program *p, const struct ar_seccomp_table *table)
{
	add_table(p, table, 0);
	if (p->plan->newer_enosys && table->newest && p->n_ranges > 1 && p->ranges[1].first == 1)
		p->ranges[0].verdict = NEWER;
}

/* Where the part for tables[i] begins; 0: it is in the part of another one. */
static size_t make_part(struct program *p, const struct ar_seccomp_table *tables, size_t n,
			size_t i)
{
	const struct ar_seccomp_table *table = &tables[i];

	p->n_ranges = 0;
	switch (table->arch) {
	case AUDIT_ARCH_X86_64:
		add_x86_64(p, table, find_table(tables, n, AR_ARCH_X32));
		break;
	case AR_ARCH_X32:
		if (find_table(tables, n, AUDIT_ARCH_X86_64))
			return 0;
		add_x86_64(p, NULL, table);
		break;
	case AUDIT_ARCH_S390:
	case AUDIT_ARCH_S390X:
		add_s390(p, table);
		break;
	default:
		add_table(p, table, 0);
	}
	ar_cbpf_build_tree(&p->builder, p->ranges, p->n_ranges);
	return ar_cbpf_build_load(&p->builder, offsetof(struct seccomp_data, nr));
}

int ar_seccomp_program(struct ar_arena *arena, const struct ar_seccomp_plan *plan,
		       const struct ar_seccomp_table *tables, size_t n, struct ar_cbpf *ret)
{
	struct program *p = ar_alloc(arena, sizeof(*p));
	size_t *parts = ar_alloc_array(arena, n, sizeof(*parts)), entries = 0, place;
	struct sock_filter *code;

	for (size_t i = 0; i < n; i++)
		entries += tables[i].n;
	p->plan = plan;
	p->ranges = ar_alloc_array(arena, 2 * entries + 8, sizeof(*p->ranges));
	p->blocks = ar_alloc_array(arena, entries, sizeof(*p->blocks));
	ar_cbpf_build_init(&p->builder);
	for (size_t i = 0; i < n; i++)
		parts[i] = make_part(p, tables, n, i);

	place = ar_cbpf_build_end(&p->builder, FOREIGN);
	for (size_t i = n; i > 0; i--) {
		uint32_t arch = tables[i - 1].arch == AR_ARCH_X32 ? AUDIT_ARCH_X86_64
								  : tables[i - 1].arch;

		if (parts[i - 1])
			place = ar_cbpf_build_jump(&p->builder, BPF_JEQ, arch, parts[i - 1], place);
	}
	ar_cbpf_build_load(&p->builder, offsetof(struct seccomp_data, arch));
	if (p->builder.full)
		return -E2BIG;
	code = p->builder.code + p->builder.at;
	*ret = (struct ar_cbpf){ code, AR_CBPF_MAX - p->builder.at };
	return 0;
}
