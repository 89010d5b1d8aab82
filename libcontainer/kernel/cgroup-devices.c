/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/cgroup-devices.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "spec/spec.h"

#define ACCESS_ALL (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)
#define RULES_MAX 4096
/* a rule becomes at most 3 comparisons and 4 instructions for its access */
#define PER_RULE 8

/* A rule, made sense of. */
struct match {
	bool allow;
	uint32_t type;	      /* BPF_DEVCG_DEV_*, 0: any */
	int64_t major, minor; /* -1: any */
	uint32_t access;      /* BPF_DEVCG_ACC_* */
};

/* Registers of the program. */
enum {
	ANSWER = BPF_REG_0,
	CONTEXT = BPF_REG_1,
	SCRATCH = BPF_REG_1,
	TYPE = BPF_REG_2,
	PENDING = BPF_REG_3,
	MAJOR = BPF_REG_4,
	MINOR = BPF_REG_5
};

struct program {
	struct bpf_insn *code;
	size_t n;
};

static void emit(struct program *p, uint8_t code, uint8_t dst, uint8_t src, int16_t off,
		 int32_t imm)
{
	p->code[p->n++] = (struct bpf_insn){ .code = code,
					     .dst_reg = dst & 0xf,
					     .src_reg = src & 0xf,
					     .off = off,
					     .imm = imm };
}

static void emit_answer(struct program *p, bool allow)
{
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, ANSWER, 0, 0, allow);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* struct bpf_cgroup_dev_ctx: access_type (access << 16 | type), major, minor */
static void emit_start(struct program *p)
{
	emit(p, BPF_LDX | BPF_MEM | BPF_W, TYPE, CONTEXT,
	     offsetof(struct bpf_cgroup_dev_ctx, access_type), 0);
	emit(p, BPF_ALU | BPF_AND | BPF_K, TYPE, 0, 0, 0xffff);
	emit(p, BPF_LDX | BPF_MEM | BPF_W, PENDING, CONTEXT,
	     offsetof(struct bpf_cgroup_dev_ctx, access_type), 0);
	emit(p, BPF_ALU | BPF_RSH | BPF_K, PENDING, 0, 0, 16);
	emit(p, BPF_LDX | BPF_MEM | BPF_W, MAJOR, CONTEXT,
	     offsetof(struct bpf_cgroup_dev_ctx, major), 0);
	emit(p, BPF_LDX | BPF_MEM | BPF_W, MINOR, CONTEXT,
	     offsetof(struct bpf_cgroup_dev_ctx, minor), 0);
}

/*
 * The rules stand in the program from the last to the first. PENDING are the accesses that no later
 * rule has decided yet: an allowing rule takes its own out of them, and when none is left, all are
 * allowed; a denying one ends the matter when it has one of them.
 */
static void emit_rule(struct program *p, const struct match *m)
{
	size_t start = p->n, comparisons = 0;

	/* jumps out of the rule are filled in when its end is known */
	if (m->type)
		emit(p, BPF_JMP32 | BPF_JNE | BPF_K, TYPE, 0, 0, (int32_t)m->type);
	if (m->major >= 0)
		emit(p, BPF_JMP32 | BPF_JNE | BPF_K, MAJOR, 0, 0, (int32_t)m->major);
	if (m->minor >= 0)
		emit(p, BPF_JMP32 | BPF_JNE | BPF_K, MINOR, 0, 0, (int32_t)m->minor);
	comparisons = p->n - start;
	if (m->access != ACCESS_ALL && m->allow) {
		emit(p, BPF_ALU | BPF_AND | BPF_K, PENDING, 0, 0, (int32_t)~m->access);
		emit(p, BPF_JMP32 | BPF_JNE | BPF_K, PENDING, 0, 2, 0);
	} else if (m->access != ACCESS_ALL) {
		emit(p, BPF_ALU | BPF_MOV | BPF_X, SCRATCH, PENDING, 0, 0);
		emit(p, BPF_ALU | BPF_AND | BPF_K, SCRATCH, 0, 0, (int32_t)m->access);
		emit(p, BPF_JMP32 | BPF_JEQ | BPF_K, SCRATCH, 0, 2, 0);
	}
	emit_answer(p, m->allow);
	for (size_t i = start; i < start + comparisons; i++)
		p->code[i].off = (int16_t)(p->n - i - 1);
}

/* --- rules --- */

static int parse_access(const char *access, uint32_t *ret, struct ar_error *err)
{
	static const char letters[] = "mrw"; /* in the order of BPF_DEVCG_ACC_* */

	*ret = 0;
	for (const char *p = access; *p; p++) {
		const char *letter = strchr(letters, *p);

		if (!letter)
			return ar_refuse(err, EINVAL,
					 "device rule: access '%s' is not made of r, w and m",
					 access);
		*ret |= 1u << (letter - letters);
	}
	return 0;
}

static int parse_number(const struct ar_opt_i64 *number, int64_t *ret, struct ar_error *err)
{
	*ret = number->set ? number->value : -1;
	if (*ret < -1 || *ret > UINT32_MAX)
		return ar_refuse(err, EINVAL, "device rule: %" PRId64 " is not a device number",
				 *ret);
	return 0;
}

static int parse_type(const char *type, uint32_t *ret, struct ar_error *err)
{
	*ret = 0;
	if (!type || ar_streq(type, "a"))
		return 0;
	if (ar_streq(type, "b"))
		*ret = BPF_DEVCG_DEV_BLOCK;
	else if (ar_streq(type, "c"))
		*ret = BPF_DEVCG_DEV_CHAR;
	else
		return ar_refuse(err, EINVAL, "device rule: type '%s' is not a, b or c", type);
	return 0;
}

static bool of_all_devices(const struct match *m)
{
	return m->type == 0 && m->major < 0 && m->minor < 0;
}

static int parse_rule(const struct ar_device_rule *rule, struct match *ret, struct ar_error *err)
{
	struct match m = { .allow = rule->allow == AR_YES, .access = ACCESS_ALL };
	int r = parse_type(rule->type, &m.type, err);

	if (r == 0)
		r = parse_number(&rule->major, &m.major, err);
	if (r == 0)
		r = parse_number(&rule->minor, &m.minor, err);
	if (r == 0 && rule->access && rule->access[0])
		r = parse_access(rule->access, &m.access, err);
	if (r == 0 && !m.allow && of_all_devices(&m))
		m.access = ACCESS_ALL;
	*ret = m;
	return r;
}

int ar_device_program(struct ar_arena *arena, const struct ar_list *rules,
		      struct ar_device_program *ret, struct ar_error *err)
{
	const struct ar_device_rule *rule = rules->items;
	struct program p = { 0 };
	struct match *matches, all = { .type = 0, .major = -1, .minor = -1, .access = ACCESS_ALL };
	size_t first = rules->n;

	if (rules->n > RULES_MAX)
		return ar_refuse(err, E2BIG, "%zu device rules are too many", rules->n);
	matches = ar_alloc_array(arena, rules->n + 1, sizeof(*matches));
	for (size_t i = 0; i < rules->n; i++) {
		int r = parse_rule(&rule[i], &matches[i], err);

		if (r < 0)
			return r;
	}
	p.code = ar_alloc_array(arena, rules->n * PER_RULE + 16, sizeof(*p.code));
	emit_start(&p);
	/* what stands before a rule for everything is never asked */
	while (first > 0 &&
	       !(of_all_devices(&matches[first - 1]) && matches[first - 1].access == ACCESS_ALL))
		emit_rule(&p, &matches[--first]);
	if (first > 0)
		all.allow = matches[first - 1].allow;
	ret->allows_all = all.allow && p.n == 6;
	emit_answer(&p, all.allow);
	ret->code = p.code;
	ret->n = p.n;
	return 0;
}
