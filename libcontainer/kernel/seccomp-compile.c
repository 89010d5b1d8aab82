/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/seccomp-compile.h"

#include <errno.h>

#include "base/error.h"
#include "kernel/seccomp-plan.h"
#include "kernel/seccomp-program.h"
#include "kernel/seccomp-resolve.h"

int ar_seccomp_compile(struct ar_arena *arena, const struct ar_seccomp *profile,
		       struct ar_filters *ret, const char **ret_library, struct ar_error *err)
{
	struct ar_seccomp_plan plan;
	struct ar_seccomp_table *tables;
	struct ar_cbpf program;
	size_t n;
	int r;

	*ret = (struct ar_filters){ .n = 0 };
	r = ar_seccomp_plan(arena, profile, &plan, err);
	if (r < 0 || plan.empty)
		return r;
	r = ar_seccomp_resolve(arena, &plan, &tables, &n, ret_library, err);
	if (r < 0)
		return r;
	if (ar_seccomp_program(arena, &plan, tables, n, &program) < 0)
		return ar_refuse(err, E2BIG,
				 "the seccomp profile is too long for the kernel, which takes %d "
				 "instructions",
				 AR_CBPF_MAX);
	ret->item[0] = (struct ar_filter){ program.code, program.n, plan.flags, plan.notifies };
	ret->n = 1;
	return 0;
}
