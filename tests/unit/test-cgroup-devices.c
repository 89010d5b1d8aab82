/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "kernel/cgroup-devices.h"
#include "spec/spec.h"

#include "test.h"

/*
 * The kernel's part: runs a program as the verifier would let it run. Only what our programs are
 * made of is known, so that anything else fails the test.
 */
static uint32_t run(const struct ar_device_program *program, uint32_t type, uint32_t access,
		    uint32_t major, uint32_t minor)
{
	const struct bpf_cgroup_dev_ctx ctx = { access << 16 | type, major, minor };
	uint64_t reg[11] = { 0 };
	size_t at = 0;

	for (size_t steps = 0; steps < program->n; steps++) {
		const struct bpf_insn *i = &program->code[at++];
		uint64_t operand = BPF_SRC(i->code) == BPF_X ? reg[i->src_reg]
							     : (uint64_t)(int64_t)i->imm;
		uint32_t a = (uint32_t)reg[i->dst_reg], b = (uint32_t)operand;

		CHECK(at <= program->n);
		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			CHECK_INT(i->src_reg, BPF_REG_1);
			CHECK(i->off >= 0 && i->off % 4 == 0 && (size_t)i->off < sizeof(ctx));
			memcpy(&b, (const char *)&ctx + i->off, sizeof(b));
			reg[i->dst_reg] = b;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			reg[i->dst_reg] = a & b;
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			reg[i->dst_reg] = a >> b;
			break;
		case BPF_ALU | BPF_MOV | BPF_X:
			reg[i->dst_reg] = b;
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			reg[i->dst_reg] = operand;
			break;
		case BPF_JMP32 | BPF_JNE | BPF_K:
			at += a != b ? (size_t)i->off : 0;
			break;
		case BPF_JMP32 | BPF_JEQ | BPF_K:
			at += a == b ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_EXIT:
			return (uint32_t)reg[0];
		default:
			test_fail(__FILE__, __LINE__, "instruction %#x is unknown here", i->code);
		}
	}
	test_fail(__FILE__, __LINE__, "the program does not end");
}

/* "-a *:* rwm" or "+c 1:3 rw" as a rule; the parts may be left out from the right. */
static struct ar_device_rule rule(struct ar_arena *arena, const char *text)
{
	struct ar_device_rule r = { .allow = text[0] == '+' ? AR_YES : AR_NO };
	char type[2] = "", major[16] = "*", minor[16] = "*", access[8] = "";
	int n = sscanf(text + 1, "%1s %15[^:]:%15s %7s", type, major, minor, access);

	r.type = n > 0 ? ar_strdup(arena, type) : NULL;
	r.major.set = !ar_streq(major, "*");
	r.minor.set = !ar_streq(minor, "*");
	if (r.major.set)
		CHECK_INT(ar_parse_i64(major, &r.major.value), 0);
	if (r.minor.set)
		CHECK_INT(ar_parse_i64(minor, &r.minor.value), 0);
	r.access = n > 3 ? ar_strdup(arena, access) : NULL;
	return r;
}

static int compile(struct ar_arena *arena, const char *const *texts, struct ar_device_program *ret,
		   struct ar_error *err)
{
	struct ar_list list = { 0 };
	struct ar_device_rule *items = ar_alloc_array(arena, 16, sizeof(*items));

	for (; texts[list.n]; list.n++)
		items[list.n] = rule(arena, texts[list.n]);
	list.items = items;
	return ar_device_program(arena, &list, ret, err);
}

/* "c 1:3 rw" asked of the rules. */
static bool allowed(const char *const *rules, const char *question)
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_device_program program;
	struct ar_error err = { 0 };
	unsigned int major, minor;
	uint32_t access = 0, verdict;
	char type, letters[8] = "";

	CHECK(sscanf(question, "%c %u:%u %7s", &type, &major, &minor, letters) >= 3);
	for (const char *p = letters; *p; p++)
		access |= *p == 'm'   ? BPF_DEVCG_ACC_MKNOD
			  : *p == 'r' ? BPF_DEVCG_ACC_READ
				      : BPF_DEVCG_ACC_WRITE;
	if (compile(arena, rules, &program, &err) < 0)
		test_fail(__FILE__, __LINE__, "%s", err.text);
	verdict = run(&program, type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR, access,
		      major, minor);
	CHECK(verdict <= 1);
	return verdict == 1;
}

struct verdict {
	const char *question;
	bool allowed;
};

static void check_verdicts(const char *const *rules, const struct verdict *verdicts)
{
	for (; verdicts->question; verdicts++) {
		if (allowed(rules, verdicts->question) != verdicts->allowed)
			test_fail(__FILE__, __LINE__, "asked: %s\n# expected: %s",
				  verdicts->question, verdicts->allowed ? "allowed" : "denied");
	}
}

#define RULES(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define VERDICTS(...) ((const struct verdict[]){ __VA_ARGS__, { 0 } })

TEST("without a rule every device is denied")
{
	check_verdicts((const char *const[]){ NULL },
		       VERDICTS({ "c 1:3 r", false }, { "b 8:0 m", false }, { "c 0:0", false }));
}

TEST("the rules of an engine let through what they name and nothing else")
{
	check_verdicts(
		RULES("-a", "+c *:* m", "+b *:* m", "+c 1:3 rwm", "+c 136:* rwm", "+c 10:200 r"),
		VERDICTS({ "c 1:3 rw", true }, { "c 1:3 rwm", true }, { "c 1:4 r", false },
			 { "c 1:4 m", true }, { "b 1:3 r", false }, { "b 8:0 m", true },
			 { "b 8:0 rm", false }, { "c 136:0 rw", true }, { "c 136:99999 rw", true },
			 { "c 137:0 rw", false }, { "c 10:200 r", true }, { "c 10:200 w", false },
			 { "c 10:200 rw", false }));
}

TEST("a later rule overrides an earlier one")
{
	check_verdicts(RULES("+c 1:3 rwm", "-c 1:3 w"),
		       VERDICTS({ "c 1:3 r", true }, { "c 1:3 w", false }, { "c 1:3 rw", false },
				{ "c 1:3 m", true }));
	check_verdicts(RULES("-c 1:3 w", "+c 1:3 rwm"), VERDICTS({ "c 1:3 rw", true }));
	check_verdicts(RULES("+c 1:3 rwm", "-a"), VERDICTS({ "c 1:3 r", false }));
	check_verdicts(RULES("-b 8:1 rwm", "+a", "-b 8:2 rwm"),
		       VERDICTS({ "b 8:1 rw", true }, { "b 8:2 r", false }, { "c 1:3 rw", true }));
}

TEST("a hole can be made in a wildcard")
{
	check_verdicts(RULES("+c 1:* rw", "-c 1:1 rwm"),
		       VERDICTS({ "c 1:1 r", false }, { "c 1:2 rw", true }, { "c 2:1 r", false }));
	check_verdicts(RULES("+c *:1 rw", "-c 4:* w"),
		       VERDICTS({ "c 4:1 r", true }, { "c 4:1 w", false }, { "c 5:1 w", true }));
}

TEST("two rules for one device add up")
{
	check_verdicts(RULES("+c 1:3 r", "+c 1:3 w"),
		       VERDICTS({ "c 1:3 rw", true }, { "c 1:3 rwm", false }));
}

TEST("a privileged container may use every device but those denied behind")
{
	check_verdicts(RULES("+a *:* rwm"), VERDICTS({ "b 8:0 rwm", true }, { "c 0:0", true }));
	check_verdicts(RULES("+a *:* rwm", "-b 8:0 w"),
		       VERDICTS({ "b 8:0 r", true }, { "b 8:0 w", false }, { "b 8:1 w", true }));
}

TEST("denying all devices denies the accesses that are not named as well")
{
	check_verdicts(RULES("+c 1:3 rwm", "-a *:* w"), VERDICTS({ "c 1:3 r", false }));
}

TEST("a rule for both kinds of devices is held to its numbers and accesses")
{
	check_verdicts(RULES("+a 8:* r"), VERDICTS({ "b 8:3 r", true }, { "c 8:3 r", true },
						   { "b 8:3 w", false }, { "b 9:3 r", false }));
}

TEST("the largest device numbers are compared whole")
{
	check_verdicts(RULES("+c 4294967295:4294967295 r"),
		       VERDICTS({ "c 4294967295:4294967295 r", true },
				{ "c 4294967295:0 r", false }));
}

TEST("only a program that allows everything says so of itself")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_device_program p;

	CHECK_INT(compile(arena, RULES("-a", "+a"), &p, NULL), 0);
	CHECK(p.allows_all);
	CHECK_INT(compile(arena, RULES("+a", "-b 8:0 r"), &p, NULL), 0);
	CHECK(!p.allows_all);
	CHECK_INT(compile(arena, RULES("+a", "+b 8:0 r"), &p, NULL), 0);
	CHECK(!p.allows_all);
	CHECK_INT(compile(arena, RULES("-a"), &p, NULL), 0);
	CHECK(!p.allows_all);
}

TEST("a rule that makes no sense is refused by name")
{
	static const struct {
		const char *rule, *text;
	} table[] = {
		{ "+c 1:3 rx", "device rule: access 'rx' is not made of r, w and m" },
		{ "+p 1:3 r", "device rule: type 'p' is not a, b or c" },
		{ "+c 4294967296:3 r", "device rule: 4294967296 is not a device number" },
		{ "+c 1:-2 r", "device rule: -2 is not a device number" },
	};

	for (size_t i = 0; i < AR_COUNT(table); i++) {
		_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
		struct ar_device_program p;
		struct ar_error err = { 0 };

		CHECK_INT(compile(arena, RULES(table[i].rule), &p, &err), -EINVAL);
		CHECK_STR(err.text, table[i].text);
	}
}

TEST("a list without end is refused")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_list list = { .n = 5000 };
	struct ar_device_program p;

	list.items = ar_alloc_array(arena, list.n, sizeof(struct ar_device_rule));
	CHECK_INT(ar_device_program(arena, &list, &p, NULL), -E2BIG);
}

int main(void)
{
	return test_main();
}
