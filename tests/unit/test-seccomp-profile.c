/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bundles' own profiles, compiled by libseccomp, on x86_64. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "base/arena.h"
#include "base/cbpf.h"
#include "base/error.h"
#include "base/str.h"
#include "kernel/seccomp-builtin.h"
#include "kernel/seccomp-compile.h"
#include "kernel/seccomp-plan.h"
#include "kernel/seccomp-stack.h"
#include "profiles.h"
#include "test.h"
#include "verdicts.h"

/* The tables below have x86_64's numbers. */
static void want_x86_64(void)
{
	if (AR_ARCH_NATIVE != AUDIT_ARCH_X86_64)
		SKIP("not on x86_64");
}

/* seccomp-<name>.json against seccomp-<name>.tests */
static void check_profile(const char *name)
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_filters filters;
	char table[128];

	want_x86_64();
	filters = profile_compile(arena, profile_read(arena, name));
	snprintf(table, sizeof(table), "seccomp-%s.tests", name);
	CHECK_UINT(filters.n, 1);
	CHECK(check_verdicts(table, "x86_64", &filters) > 4);
}

TEST("an engine's profile gives the verdicts that it asks for")
{
	check_profile("engine");
}

TEST("a profile whose default is ENOSYS denies the known with EPERM")
{
	check_profile("enosys");
}

TEST("of rules that hold at once the strictest counts, whatever their order")
{
	check_profile("conflicts");
}

TEST("a profile that allows by default allows newer calls")
{
	check_profile("allow");
}

TEST("a multiplexer that is denied stays denied when a call behind it is allowed")
{
	check_profile("multiplexer");
}

TEST("a call behind a multiplexer is not allowed by arguments that nobody sees")
{
	check_profile("behind");
}

TEST("every action and every comparison does what it is called")
{
	check_profile("operators");
}

TEST("a profile that denies seccomp(2) and the list on top of it become one program")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_filters filters;
	struct ar_error err = { 0 };

	want_x86_64();
	filters = profile_compile(arena, profile_read(arena, "denies-seccomp"));
	CHECK_INT(ar_filters_stack(arena, AR_PROFILE_AGENT, true, NULL, &filters, &err), 0);
	CHECK_UINT(filters.n, 1);
	CHECK_UINT(filters.item[0].flags, SECCOMP_FILTER_FLAG_LOG);
	check_verdicts("seccomp-denies-seccomp.tests", "x86_64", &filters);
}

TEST("so does one that denies it by arguments which are not known before the call")
{
	static const char *const args[] = {
		"{\"index\": 2, \"value\": 139637976727552, \"op\": \"SCMP_CMP_GE\"}",
		"{\"index\": 5, \"value\": 0, \"op\": \"SCMP_CMP_NE\"}",
	};

	want_x86_64();
	for (size_t i = 0; i < AR_COUNT(args); i++) {
		_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
		struct ar_filters filters;
		struct ar_error err = { 0 };

		filters = profile_compile(
			arena,
			profile_parse(arena, ar_printf(arena,
						       "{\"defaultAction\": \"SCMP_ACT_ALLOW\", "
						       "\"syscalls\": [{\"names\": [\"seccomp\"], "
						       "\"action\": \"SCMP_ACT_ERRNO\", "
						       "\"errnoRet\": 0, \"args\": [%s]}]}",
						       args[i])));
		CHECK_INT(ar_filters_stack(arena, AR_PROFILE_AGENT, true, NULL, &filters, &err), 0);
		CHECK_UINT(filters.n, 1);
	}
}

TEST("a profile that notifies says so")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_filters filters;

	check_profile("notify");
	filters = profile_compile(arena, profile_read(arena, "notify"));
	CHECK(filters.item[0].notifies);
	filters = profile_compile(arena, profile_read(arena, "engine"));
	CHECK(!filters.item[0].notifies);
}

TEST("a profile that allows seccomp(2) keeps its filter, and the list comes last")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_filters filters;
	struct ar_cbpf agent;
	struct ar_error err = { 0 };

	want_x86_64();
	filters = profile_compile(arena, profile_read(arena, "engine"));
	CHECK_INT(ar_filters_stack(arena, AR_PROFILE_AGENT, true, NULL, &filters, &err), 0);
	CHECK_INT(ar_seccomp_builtin("agent", AUDIT_ARCH_X86_64, &agent), 0);
	CHECK_UINT(filters.n, 2);
	CHECK(filters.item[1].code == agent.code);
	CHECK_UINT(filters.item[1].flags, SECCOMP_FILTER_FLAG_LOG);
}

TEST("without a profile there is the list alone, and strict has its own")
{
	struct ar_filters filters = { .n = 0 };
	struct ar_cbpf strict;
	struct ar_error err = { 0 };

	if (ar_seccomp_builtin("strict", AR_ARCH_NATIVE, &strict) < 0)
		SKIP("this architecture has no list");
	CHECK_INT(ar_filters_stack(NULL, AR_PROFILE_STRICT, true, NULL, &filters, &err), 0);
	CHECK_UINT(filters.n, 1);
	CHECK(filters.item[0].code == strict.code);
	CHECK_UINT(filters.item[0].flags, 0);
}

/* The verdict about a call of the native architecture without arguments. */
static uint32_t verdict_of(const struct ar_filters *filters, const char *name)
{
	const struct ar_filter *last = &filters->item[filters->n - 1];
	const struct ar_cbpf program = { last->code, last->n };
	struct seccomp_data data = { .arch = AR_ARCH_NATIVE };
	uint32_t number;

	CHECK_INT(ar_seccomp_number(name, AR_ARCH_NATIVE, &number), 0);
	data.nr = (int)number;
	return ar_cbpf_run(&program, &data);
}

TEST("calls that are allowed by name are, and the others are the list's")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_filters filters = { .n = 0 };
	const char *names[] = { "io_uring_setup", "bpf", "io_uring_enter" };
	const struct ar_strings allowed = { names, AR_COUNT(names) };
	struct ar_error err = { 0 };
	struct ar_cbpf program, agent;
	struct seccomp_data foreign = { .arch = AUDIT_ARCH_I386 };

	if (ar_seccomp_builtin("agent", AR_ARCH_NATIVE, &agent) < 0)
		SKIP("this architecture has no list");
	CHECK_INT(ar_filters_stack(arena, AR_PROFILE_AGENT, true, &allowed, &filters, &err), 0);
	program = (struct ar_cbpf){ filters.item[0].code, filters.item[0].n };
	CHECK_INT(ar_cbpf_check(&program), 0);
	for (size_t i = 0; i < AR_COUNT(names); i++)
		CHECK_UINT(verdict_of(&filters, names[i]), SECCOMP_RET_ALLOW);
	CHECK_UINT(verdict_of(&filters, "read"), SECCOMP_RET_ALLOW);
	CHECK_UINT(verdict_of(&filters, "io_uring_register"), SECCOMP_RET_ERRNO | EPERM);
	CHECK_UINT(verdict_of(&filters, "mount"), SECCOMP_RET_ERRNO | EPERM);
	/* the same number in another table is another call */
	foreign.nr = __NR_bpf;
	CHECK_UINT(ar_cbpf_run(&program, &foreign), SECCOMP_RET_KILL_PROCESS);
}

TEST("a call that is allowed by name has to be one")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_filters filters = { .n = 0 };
	const char *names[] = { "io_uring_setup", "io_urings" };
	const struct ar_strings allowed = { names, AR_COUNT(names) };
	struct ar_error err = { 0 };

	if (!AR_ARCH_NATIVE)
		SKIP("this architecture has no list");
	CHECK_INT(ar_filters_stack(arena, AR_PROFILE_AGENT, true, &allowed, &filters, &err),
		  -EINVAL);
	CHECK_HAS(err.text, "'io_urings', which is not a system call of " AR_ARCH_NAME);
}

/* --- what is refused
 * ---------------------------------------------------------------------------------- */

static void check_refused(const char *json, const char *part)
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_seccomp_plan plan;
	struct ar_error err = { 0 };

	CHECK(ar_seccomp_plan(arena, profile_parse(arena, json), &plan, &err) < 0);
	CHECK_HAS(err.text, part);
}

TEST("a notification that nobody could answer is refused")
{
	check_refused(
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\",\"write\"],"
		"\"action\":\"SCMP_ACT_NOTIFY\"}]}",
		"cannot be used for the write syscall");
	check_refused("{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}",
		      "cannot be used as default action");
}

TEST("an errno above the kernel's is refused")
{
	check_refused("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":4096}",
		      "4096 is not a valid errno");
}

TEST("a profile without an action and rules asks for nothing")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_seccomp profile = { 0 };
	struct ar_seccomp_plan plan;

	CHECK_INT(ar_seccomp_plan(arena, &profile, &plan, NULL), 0);
	CHECK(plan.empty);
}

TEST("an architecture that libseccomp does not know is refused by its name")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	const char *names[] = { "SCMP_ARCH_PDP11", NULL };
	struct ar_seccomp profile = { .default_action = "SCMP_ACT_ALLOW",
				      .architectures = { names, 1 } };
	struct ar_filters filters;
	struct ar_error err = { 0 };
	const char *library;

	(void)profile_compile(arena,
			      profile_parse(arena, "{\"defaultAction\":\"SCMP_ACT_ALLOW\"}"));
	CHECK_INT(ar_seccomp_compile(arena, &profile, &filters, &library, &err), -EINVAL);
	CHECK_HAS(err.text, "SCMP_ARCH_PDP11");
}

/* --- any profile
 * ---------------------------------------------------------------------------------------- */

/*
 * Profiles made up by chance, with few calls, arguments and values, so that rules meet. What they
 * mean is worked out here in the simplest way: the strictest rule that holds, else the default.
 */
#define CALLS 4
#define RULES 7
static const char *const calls[CALLS] = { "read", "write", "mmap", "prctl" };
static const uint32_t actions[] = { SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | 1,
				    SECCOMP_RET_KILL_PROCESS };
static const char *const action_names[] = { "SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO",
					    "SCMP_ACT_KILL_PROCESS" };

struct chance {
	uint32_t state;
};
static unsigned int pick(struct chance *chance, unsigned int n)
{
	chance->state = chance->state * 1664525 + 1013904223;
	return (chance->state >> 16) % n;
}

struct made_rule {
	unsigned int call, action, n_args;
	struct ar_compare_arg args[2];
};
struct made {
	unsigned int otherwise, n;
	struct made_rule rules[RULES];
};

static void make(struct chance *chance, struct made *made)
{
	made->otherwise = pick(chance, 3);
	made->n = 1 + pick(chance, RULES);
	for (unsigned int i = 0; i < made->n; i++) {
		struct made_rule *rule = &made->rules[i];

		rule->call = pick(chance, CALLS);
		rule->action = pick(chance, 3);
		rule->n_args = pick(chance, 3);
		for (unsigned int a = 0; a < rule->n_args; a++)
			rule->args[a] = (struct ar_compare_arg){ a, pick(chance, 7),
								 pick(chance, 4), pick(chance, 4) };
	}
}

static bool arg_holds(const struct ar_compare_arg *arg, uint64_t value)
{
	switch (arg->op) {
	case AR_COMPARE_NE:
		return value != arg->a;
	case AR_COMPARE_LT:
		return value < arg->a;
	case AR_COMPARE_LE:
		return value <= arg->a;
	case AR_COMPARE_EQ:
		return value == arg->a;
	case AR_COMPARE_GE:
		return value >= arg->a;
	case AR_COMPARE_GT:
		return value > arg->a;
	default: /* the value is masked too, as by libseccomp */
		return (value & arg->a) == (arg->b & arg->a);
	}
}

/* "Allow if ..., else what is the default anyway": such an else is no rule. */
static bool is_else(const struct made *made, const struct made_rule *rule)
{
	unsigned int unconditional = 0, others = 0;

	if (rule->n_args || rule->action != made->otherwise)
		return false;
	for (unsigned int i = 0; i < made->n; i++) {
		unconditional += made->rules[i].call == rule->call && !made->rules[i].n_args;
		others += made->rules[i].call == rule->call;
	}
	return unconditional == 1 && others > 1;
}

static uint32_t meant(const struct made *made, unsigned int call, const struct seccomp_data *data)
{
	uint32_t verdict = 0;
	bool found = false;

	for (unsigned int i = 0; i < made->n; i++) {
		const struct made_rule *rule = &made->rules[i];
		bool holds = rule->call == call && !is_else(made, rule);

		for (unsigned int a = 0; a < rule->n_args; a++)
			holds &= arg_holds(&rule->args[a], data->args[a]);
		if (holds)
			verdict = found ? ar_cbpf_stricter(verdict, actions[rule->action])
					: actions[rule->action];
		found |= holds;
	}
	return found ? verdict : actions[made->otherwise];
}

static struct ar_filters compile_made(struct ar_arena *arena, struct made *made)
{
	static const char *const ops[] = { "SCMP_CMP_NE",	"SCMP_CMP_LT", "SCMP_CMP_LE",
					   "SCMP_CMP_EQ",	"SCMP_CMP_GE", "SCMP_CMP_GT",
					   "SCMP_CMP_MASKED_EQ" };
	struct ar_syscall_rule *rules = ar_alloc_array(arena, made->n, sizeof(*rules));
	struct ar_seccomp profile = { .default_action = action_names[made->otherwise] };

	for (unsigned int i = 0; i < made->n; i++) {
		const struct made_rule *from = &made->rules[i];
		struct ar_seccomp_arg *args = ar_alloc_array(arena, 2, sizeof(*args));
		const char **name = ar_alloc_array(arena, 2, sizeof(*name));

		name[0] = calls[from->call];
		for (unsigned int a = 0; a < from->n_args; a++)
			args[a] = (struct ar_seccomp_arg){ { true, from->args[a].arg },
							   { true, from->args[a].a },
							   { true, from->args[a].b },
							   ops[from->args[a].op] };
		rules[i] = (struct ar_syscall_rule){ .names = { name, 1 },
						     .action = action_names[from->action],
						     .args = { args, from->n_args } };
	}
	profile.syscalls = (struct ar_list){ rules, made->n };
	return profile_compile(arena, &profile);
}

TEST("a thousand profiles made by chance do what they say")
{
	struct chance chance = { 20240229 };

	want_x86_64();
	for (unsigned int round = 0; round < 1000; round++) {
		_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
		struct made made;
		struct ar_filters filters;

		make(&chance, &made);
		filters = compile_made(arena, &made);
		for (unsigned int i = 0; i < CALLS * 25; i++) {
			struct seccomp_data data = { .nr = (int)call_number("x86_64",
									    calls[i / 25]),
						     .arch = AUDIT_ARCH_X86_64,
						     .args = { i % 5, i / 5 % 5 } };
			uint32_t want = meant(&made, i / 25, &data),
				 got = stacked_verdict(&filters, &data);
			bool newer = got == (SECCOMP_RET_ERRNO | ENOSYS) &&
				     want == actions[made.otherwise];

			if (got != want && !newer)
				test_fail(__FILE__, __LINE__,
					  "profile %u, %s(%u, %u): got 0x%x, expected 0x%x", round,
					  calls[i / 25], i % 5, i / 5 % 5, got, want);
		}
	}
}

int main(void)
{
	return test_main();
}
