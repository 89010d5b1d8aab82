/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <linux/capability.h>
#include <sys/resource.h>

#include "base/error.h"
#include "kernel/caps.h"
#include "kernel/rlimit.h"

#include "test.h"

static int apply(const char *type, uint64_t soft, uint64_t hard, struct ar_error *err)
{
	struct ar_rlimit limit = { type, { true, soft }, { true, hard } };
	struct ar_list list = { &limit, 1 };

	int r = ar_rlimits_apply(&list, err);

	return r < 0 ? r : ar_rlimits_apply_nofile(&list, err);
}

TEST("a limit gets its soft and its hard value")
{
	struct ar_error err;
	struct rlimit got;

	CHECK_INT(apply("RLIMIT_NOFILE", 100, 200, &err), 0);
	CHECK_INT(getrlimit(RLIMIT_NOFILE, &got), 0);
	CHECK_UINT(got.rlim_cur, 100);
	CHECK_UINT(got.rlim_max, 200);
}

static int apply_early(uint64_t soft, uint64_t hard, struct ar_error *err)
{
	struct ar_rlimit limit = { "RLIMIT_NOFILE", { true, soft }, { true, hard } };
	struct ar_list list = { &limit, 1 };

	return ar_rlimits_apply(&list, err);
}

TEST("the limit of descriptors is not lowered before its turn comes")
{
	struct ar_error err;
	struct rlimit before, got;

	CHECK_INT(getrlimit(RLIMIT_NOFILE, &before), 0);
	CHECK_INT(apply_early(3, 4, &err), 0);
	CHECK_INT(getrlimit(RLIMIT_NOFILE, &got), 0);
	CHECK_UINT(got.rlim_cur, before.rlim_cur);
	CHECK_UINT(got.rlim_max, before.rlim_max);
}

TEST("but its hard limit is raised as long as there is the right to")
{
	struct ar_error err;
	struct rlimit before, got;
	int r;

	CHECK_INT(getrlimit(RLIMIT_NOFILE, &before), 0);
	r = apply_early(3, before.rlim_max + 1, &err);
	if (r == -EPERM)
		SKIP("needs CAP_SYS_RESOURCE");
	CHECK_INT(r, 0);
	CHECK_INT(getrlimit(RLIMIT_NOFILE, &got), 0);
	CHECK_UINT(got.rlim_cur, before.rlim_cur);
	CHECK_UINT(got.rlim_max, before.rlim_max + 1);
}

TEST("all sixteen names are known, and each can be lowered")
{
	struct ar_error err;
	size_t n;
	const struct ar_name *names = ar_rlimit_names(&n);

	CHECK_UINT(n, 16);
	for (size_t i = 0; i < n; i++) {
		struct rlimit got;

		CHECK_INT(getrlimit((__rlimit_resource_t)names[i].value, &got), 0);
		CHECK_INT(apply(names[i].name, got.rlim_max, got.rlim_max, &err), 0);
	}
}

TEST("a limit above what the kernel counts is not a valid limit")
{
	struct ar_error err;
	struct rlimit got;

	CHECK_INT(getrlimit(RLIMIT_CORE, &got), 0);
	if (got.rlim_max != RLIM_INFINITY)
		SKIP("needs a core limit without a bound");
	CHECK_INT(apply("RLIMIT_CORE", UINT64_MAX, UINT64_MAX, &err), 0);
	CHECK_INT(getrlimit(RLIMIT_CORE, &got), 0);
	CHECK(got.rlim_cur == RLIM_INFINITY);
}

TEST("an unknown type is named")
{
	struct ar_error err;

	CHECK_INT(apply("RLIMIT_LUNCH", 1, 1, &err), -EINVAL);
	CHECK_STR(err.text, "process.rlimits: unknown type 'RLIMIT_LUNCH'");
}

TEST("a type that stands there twice is an error")
{
	struct ar_rlimit limits[] = {
		{ "RLIMIT_CORE", { true, 0 }, { true, 0 } },
		{ "RLIMIT_CORE", { true, 0 }, { true, 0 } },
	};
	struct ar_list list = { limits, 2 };
	struct ar_error err;

	CHECK_INT(ar_rlimits_apply(&list, &err), -EINVAL);
	CHECK_STR(err.text, "process.rlimits: RLIMIT_CORE is given twice");
}

TEST("a soft limit above the hard one is an error")
{
	struct ar_error err;

	CHECK_INT(apply("RLIMIT_NOFILE", 20, 10, &err), -EINVAL);
	CHECK_STR(
		err.text,
		"process.rlimits: RLIMIT_NOFILE has a soft limit of 20 above its hard limit of 10");
}

TEST("raising a hard limit without the right says what is missing")
{
	struct ar_cap_sets none = { 0 };
	struct ar_error err;

	CHECK_INT(apply("RLIMIT_NOFILE", 10, 10, &err), 0);
	CHECK_INT(ar_caps_apply(&none, &err), 0);
	CHECK_INT(apply("RLIMIT_NOFILE", 10, 20, &err), -EPERM);
	CHECK_STR(err.text,
		  "set RLIMIT_NOFILE to 10:20 (raising a hard limit needs CAP_SYS_RESOURCE): "
		  "operation not permitted");
}

int main(void)
{
	return test_main();
}
