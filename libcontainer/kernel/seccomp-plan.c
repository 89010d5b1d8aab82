/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/seccomp-plan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "base/table.h"
#include "kernel/seccomp.h"

/* Docker's profile has about 450; what is far beyond does not fit into a program. */
#define RULES_MAX 16384

static const struct ar_name actions[] = {
	{ "SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW },
	{ "SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO },
	{ "SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD },
	{ "SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS },
	{ "SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD },
	{ "SCMP_ACT_LOG", SECCOMP_RET_LOG },
	{ "SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF },
	{ "SCMP_ACT_TRACE", SECCOMP_RET_TRACE },
	{ "SCMP_ACT_TRAP", SECCOMP_RET_TRAP },
};

/* TSYNC is known and ignored, as runc does: one thread becomes the container. */
static const struct ar_name flags[] = {
	{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_TSYNC", 0 },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
};

static const struct ar_name operators[] = {
	{ "SCMP_CMP_EQ", AR_COMPARE_EQ }, { "SCMP_CMP_GE", AR_COMPARE_GE },
	{ "SCMP_CMP_GT", AR_COMPARE_GT }, { "SCMP_CMP_LE", AR_COMPARE_LE },
	{ "SCMP_CMP_LT", AR_COMPARE_LT }, { "SCMP_CMP_MASKED_EQ", AR_COMPARE_MASKED_EQ },
	{ "SCMP_CMP_NE", AR_COMPARE_NE },
};

/* --- what the profile says --- */

static int read_action(const char *where, const char *name, const struct ar_opt_u64 *errno_ret,
		       uint32_t *ret, struct ar_error *err)
{
	const struct ar_name *action = name ? ar_name_find(actions, AR_COUNT(actions), name) : NULL;
	uint64_t data = errno_ret->set ? errno_ret->value : EPERM;

	if (!action)
		return ar_refuse(err, EINVAL, "%s: unknown action '%s'", where, name ? name : "");
	*ret = (uint32_t)action->value;
	if (*ret != SECCOMP_RET_ERRNO && *ret != SECCOMP_RET_TRACE)
		return 0; /* errnoRet beside another action says nothing, as with runc */
	if (data > (*ret == SECCOMP_RET_ERRNO ? 4095u : 0xffffu)) /* MAX_ERRNO of the kernel */
		return ar_refuse(err, EINVAL, "%s: %" PRIu64 " is not a valid errno", where, data);
	*ret |= (uint32_t)data;
	return 0;
}

static int read_flags(const struct ar_seccomp *profile, struct ar_seccomp_plan *plan,
		      struct ar_error *err)
{
	for (size_t i = 0; i < profile->flags.n; i++) {
		const struct ar_name *flag =
			ar_name_find(flags, AR_COUNT(flags), profile->flags.items[i]);

		if (!flag)
			return ar_refuse(err, EINVAL, "linux.seccomp.flags: unknown flag '%s'",
					 profile->flags.items[i]);
		plan->flags |= (unsigned int)flag->value;
	}
	return 0;
}

static int read_args(struct ar_arena *arena, const struct ar_syscall_rule *from,
		     struct ar_compare_arg **ret, bool *ret_alternatives, struct ar_error *err)
{
	unsigned int seen = 0;
	size_t i = 0;

	*ret = ar_alloc_array(arena, from->args.n, sizeof(**ret));
	*ret_alternatives = false;
	ar_list_foreach(const struct ar_seccomp_arg, arg, &from->args) {
		const struct ar_name *op =
			arg->op ? ar_name_find(operators, AR_COUNT(operators), arg->op) : NULL;

		if (!op)
			return ar_refuse(err, EINVAL,
					 "linux.seccomp.syscalls: unknown operator '%s'",
					 arg->op ? arg->op : "");
		if (arg->index.value > 5)
			return ar_refuse(
				err, EINVAL,
				"linux.seccomp.syscalls: a system call has no argument %" PRIu64,
				arg->index.value);
		(*ret)[i++] = (struct ar_compare_arg){ (unsigned int)arg->index.value,
						       (enum ar_compare)op->value, arg->value.value,
						       arg->value_two.value };
		*ret_alternatives |= (seen & 1u << arg->index.value) != 0;
		seen |= 1u << arg->index.value;
	}
	return 0;
}

static int check_rule(const char *name, uint32_t action, struct ar_error *err)
{
	if (!*name)
		return ar_refuse(err, EINVAL,
				 "linux.seccomp.syscalls: the name of a system call is empty");
	/* the listener is announced by a write: nobody could answer this one */
	if (action == SECCOMP_RET_USER_NOTIF && ar_streq(name, "write"))
		return ar_refuse(err, EINVAL,
				 "SCMP_ACT_NOTIFY cannot be used for the write syscall");
	return 0;
}

/* An entry of "syscalls" becomes a rule for each name; *n goes on. */
static int read_rule(struct ar_arena *arena, const struct ar_syscall_rule *from,
		     struct ar_seccomp_rule *rules, size_t *n, struct ar_error *err)
{
	struct ar_seccomp_rule rule = { 0 };
	struct ar_compare_arg *args = NULL;
	bool alternatives = false;
	int r;

	r = read_action("linux.seccomp.syscalls", from->action, &from->errno_ret, &rule.action,
			err);
	if (r == 0)
		r = read_args(arena, from, &args, &alternatives, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < from->names.n; i++) {
		rule.name = from->names.items[i];
		r = check_rule(rule.name, rule.action, err);
		if (r < 0)
			return r;
		rule.args = args;
		rule.n_args = from->args.n;
		/* as runc: two comparisons of one argument make all of the entry's alternatives */
		for (size_t a = 0; alternatives && a < from->args.n; a++) {
			rule.args = &args[a];
			rule.n_args = 1;
			rules[(*n)++] = rule;
		}
		if (!alternatives)
			rules[(*n)++] = rule;
	}
	return 0;
}

/* How many rules the entries make at most. */
static size_t count_rules(const struct ar_seccomp *profile)
{
	size_t n = 0;

	ar_list_foreach(const struct ar_syscall_rule, rule, &profile->syscalls)
		n += rule->names.n * (rule->args.n > 1 ? rule->args.n : 1);
	return n;
}

/* --- their order --- */

struct indexed {
	struct ar_seccomp_rule rule;
	size_t at;
};

static int by_name(const void *a, const void *b)
{
	const struct indexed *x = a, *y = b;
	int r = strcmp(x->rule.name, y->rule.name);

	return r ? r : (x->at > y->at) - (x->at < y->at);
}

/* The rules of a call side by side, each call's in the order of the document. */
static void sort(struct ar_arena *arena, struct ar_seccomp_rule *rules, size_t n)
{
	struct indexed *indexed = ar_alloc_array(arena, n, sizeof(*indexed));

	for (size_t i = 0; i < n; i++)
		indexed[i] = (struct indexed){ rules[i], i };
	if (n)
		qsort(indexed, n, sizeof(*indexed), by_name);
	for (size_t i = 0; i < n; i++)
		rules[i] = indexed[i].rule;
}

/*
 * "Allow if ..., else what is the default anyway": the only rule of a call without comparisons, of
 * the default action, is the else and says nothing, beside others. runc leaves out every rule of
 * the default action, and so opens what an exception closes: "allow ioctl, but for TIOCSTI give the
 * default".
 */
static bool is_else(const struct ar_seccomp_rule *rules, size_t n, size_t i,
		    uint32_t default_action)
{
	size_t unconditional = 0;

	if (rules[i].n_args || rules[i].action != default_action || n == 1)
		return false;
	for (size_t other = 0; other < n; other++)
		unconditional += rules[other].n_args == 0;
	return unconditional == 1;
}

static size_t drop_else(struct ar_seccomp_rule *rules, size_t n, uint32_t default_action)
{
	size_t kept = 0, next;

	for (size_t first = 0; first < n; first = next) {
		size_t drop = n;

		for (next = first + 1; next < n && ar_streq(rules[next].name, rules[first].name);)
			next++;
		for (size_t i = first; i < next; i++)
			if (is_else(rules + first, next - first, i - first, default_action))
				drop = i;
		for (size_t i = first; i < next; i++)
			if (i != drop)
				rules[kept++] = rules[i];
	}
	return kept;
}

static int read_rules(struct ar_arena *arena, const struct ar_seccomp *profile,
		      struct ar_seccomp_plan *plan, struct ar_error *err)
{
	size_t n = 0, max = count_rules(profile);
	int r;

	if (max > RULES_MAX)
		return ar_refuse(err, E2BIG, "linux.seccomp.syscalls makes %zu rules, more than %d",
				 max, RULES_MAX);
	plan->rules = ar_alloc_array(arena, max, sizeof(*plan->rules));
	ar_list_foreach(const struct ar_syscall_rule, rule, &profile->syscalls) {
		r = read_rule(arena, rule, plan->rules, &n, err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < n; i++)
		plan->notifies |= plan->rules[i].action == SECCOMP_RET_USER_NOTIF;
	sort(arena, plan->rules, n);
	plan->n = drop_else(plan->rules, n, plan->default_action);
	return 0;
}

int ar_seccomp_plan(struct ar_arena *arena, const struct ar_seccomp *profile,
		    struct ar_seccomp_plan *ret, struct ar_error *err)
{
	struct ar_seccomp_plan plan = { .architectures = &profile->architectures };
	uint32_t action;
	int r;

	if (!profile->default_action && profile->syscalls.n == 0) {
		*ret = (struct ar_seccomp_plan){ .empty = true }; /* as runc: this is no profile */
		return 0;
	}
	r = read_action("linux.seccomp", profile->default_action, &profile->default_errno_ret,
			&plan.default_action, err);
	if (r < 0)
		return r;
	if (plan.default_action == SECCOMP_RET_USER_NOTIF)
		return ar_refuse(err, EINVAL, "SCMP_ACT_NOTIFY cannot be used as default action");
	r = read_flags(profile, &plan, err);
	if (r == 0)
		r = read_rules(arena, profile, &plan, err);
	if (r < 0)
		return r;
	/* a tracer answers for newer calls itself; whoever allows by default allows them too */
	action = plan.default_action & SECCOMP_RET_ACTION_FULL;
	plan.newer_enosys = action != SECCOMP_RET_ALLOW && action != SECCOMP_RET_LOG &&
			    action != SECCOMP_RET_TRACE;
	*ret = plan;
	return 0;
}

/* --- its text --- */

/* With its length before it, no text can pass for two others. */
static void add_string(struct ar_text *text, const char *s)
{
	ar_text_addf(text, "%zu:", s ? strlen(s) : 0);
	ar_text_add(text, s ? s : "-");
}

static void add_strings(struct ar_text *text, const struct ar_strings *strings)
{
	ar_text_addf(text, "[%zu", strings->n);
	for (size_t i = 0; i < strings->n; i++)
		add_string(text, strings->items[i]);
}

static void add_action(struct ar_text *text, const char *action, const struct ar_opt_u64 *errno_ret)
{
	add_string(text, action);
	if (errno_ret->set)
		ar_text_addf(text, "=%" PRIu64, errno_ret->value);
	ar_text_add(text, "\n");
}

void ar_seccomp_text(const struct ar_seccomp *profile, struct ar_text *text)
{
	add_strings(text, &profile->architectures);
	add_strings(text, &profile->flags);
	add_action(text, profile->default_action, &profile->default_errno_ret);
	ar_list_foreach(const struct ar_syscall_rule, rule, &profile->syscalls) {
		add_strings(text, &rule->names);
		ar_list_foreach(const struct ar_seccomp_arg, arg, &rule->args) {
			ar_text_addf(text, "(%" PRIu64 " %" PRIu64 " %" PRIu64 " ",
				     arg->index.value, arg->value.value, arg->value_two.value);
			add_string(text, arg->op);
		}
		add_action(text, rule->action, &rule->errno_ret);
	}
}
