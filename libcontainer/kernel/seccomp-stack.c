/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/seccomp-stack.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include "base/cbpf.h"
#include "base/error.h"
#include "kernel/seccomp-builtin.h"

static int add_builtin(enum ar_profile profile, struct ar_filters *filters, struct ar_error *err)
{
	const char *list = profile == AR_PROFILE_STRICT ? "strict" : "agent";
	struct ar_cbpf program;

	if (ar_seccomp_builtin(list, AR_ARCH_NATIVE, &program) < 0)
		return ar_refuse(err, ENOSYS,
				 "there is no list of system calls for this architecture: only the "
				 "profile compat can be used");
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
		     struct ar_filters *filters, struct ar_error *err)
{
	int r = builtin ? add_builtin(profile, filters, err) : 0;

	if (r == 0 && must_merge(filters))
		r = merge_all(arena, filters, err);
	return r;
}
