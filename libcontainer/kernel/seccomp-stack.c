/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/seccomp-stack.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/arena.h"
#include "base/cbpf.h"
#include "base/error.h"
#include "kernel/seccomp-builtin.h"

/* More would be beyond the reach of a jump of classic BPF, 255 instructions. */
#define ALLOWED_MAX 200

/* The program, behind one that allows those calls and leaves all others to it. */
static int allow_first(struct ar_arena *arena, const struct ar_strings *allowed,
		       struct ar_cbpf *program, struct ar_error *err)
{
	size_t n = allowed->n, at = 0;
	struct sock_filter *code = ar_alloc_array(arena, n + 5 + program->n, sizeof(*code));

	if (n > ALLOWED_MAX || n + 5 + program->n > AR_CBPF_MAX)
		return ar_refuse(err, E2BIG, "opt-outs allow too many single system calls: %zu", n);
	code[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						  offsetof(struct seccomp_data, arch));
	code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AR_ARCH_NATIVE, 0,
						  (uint8_t)(n + 3));
	code[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						  offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < n; i++) {
		uint32_t number;

		if (ar_seccomp_number(allowed->items[i], AR_ARCH_NATIVE, &number) < 0)
			return ar_refuse(
				err, EINVAL,
				"an opt-out of the control 'seccomp' allows '%s', which is "
				"not a system call of " AR_ARCH_NAME,
				allowed->items[i]);
		code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number,
							  (uint8_t)(n - i), 0);
	}
	code[at++] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 1);
	code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	memcpy(code + at, program->code, program->n * sizeof(*code));
	*program = (struct ar_cbpf){ code, at + program->n };
	return 0;
}

static int add_builtin(struct ar_arena *arena, enum ar_profile profile,
		       const struct ar_strings *allowed, struct ar_filters *filters,
		       struct ar_error *err)
{
	const char *list = profile == AR_PROFILE_STRICT ? "strict" : "agent";
	struct ar_cbpf program;

	if (ar_seccomp_builtin(list, AR_ARCH_NATIVE, &program) < 0)
		return ar_refuse(err, ENOSYS,
				 "there is no list of system calls for this architecture: only the "
				 "profile compat can be used");
	if (allowed && allowed->n) {
		int r = allow_first(arena, allowed, &program, err);

		if (r < 0)
			return r;
	}
	/* LOG: what the bundle wants logged it wants logged of the stricter list too */
	filters->item[filters->n] = (struct ar_filter){
		program.code, program.n,
		filters->n ? filters->item[0].flags & SECCOMP_FILTER_FLAG_LOG : 0, false
	};
	filters->n++;
	return 0;
}

/*
 * Whatever its arguments: a profile that answers "done" only where a pointer lies on the stack, or
 * where what is left in the registers has a bit set, would keep out the filter behind it.
 */
static bool denies_seccomp(const struct ar_filter *filter)
{
	const struct ar_cbpf program = { filter->code, filter->n };
	uint32_t action = ar_cbpf_strictest(&program, __NR_seccomp, AR_ARCH_NATIVE) &
			  SECCOMP_RET_ACTION_FULL;

	return action != SECCOMP_RET_ALLOW && action != SECCOMP_RET_LOG;
}

/* Whether the filters can be installed one behind the other. */
static bool must_merge(const struct ar_filters *filters)
{
	size_t listeners = 0;

	for (size_t i = 0; i < filters->n; i++) {
		listeners += filters->item[i].notifies;
		if (i + 1 < filters->n && denies_seccomp(&filters->item[i]))
			return true;
	}
	return listeners > 1; /* the kernel allows a process one */
}

static int merge_all(struct ar_arena *arena, struct ar_filters *filters, struct ar_error *err)
{
	struct ar_filter *first = &filters->item[0];

	for (size_t i = 1; i < filters->n; i++) {
		const struct ar_cbpf older = { first->code, first->n };
		const struct ar_cbpf newer = { filters->item[i].code, filters->item[i].n };
		struct ar_cbpf both;

		if (ar_cbpf_merge(arena, &older, &newer, &both) < 0)
			return ar_refuse(
				err, E2BIG,
				"the seccomp profile of the bundle denies seccomp(2) and is too long to be "
				"combined with the runtime's own list");
		first->code = both.code;
		first->n = both.n;
		first->flags |= filters->item[i].flags;
		first->notifies |= filters->item[i].notifies;
	}
	filters->n = 1;
	return 0;
}

int ar_filters_stack(struct ar_arena *arena, enum ar_profile profile, bool builtin,
		     const struct ar_strings *allowed, struct ar_filters *filters,
		     struct ar_error *err)
{
	int r = builtin ? add_builtin(arena, profile, allowed, filters, err) : 0;

	if (r == 0 && must_merge(filters))
		r = merge_all(arena, filters, err);
	return r;
}
