/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/rlimit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <sys/resource.h>

#include "base/error.h"
#include "base/str.h"

#define NAME(limit)           \
	{                     \
#limit, limit \
	}
static const struct ar_name names[] = {
	NAME(RLIMIT_AS),     NAME(RLIMIT_CORE),	  NAME(RLIMIT_CPU),	   NAME(RLIMIT_DATA),
	NAME(RLIMIT_FSIZE),  NAME(RLIMIT_LOCKS),  NAME(RLIMIT_MEMLOCK),	   NAME(RLIMIT_MSGQUEUE),
	NAME(RLIMIT_NICE),   NAME(RLIMIT_NOFILE), NAME(RLIMIT_NPROC),	   NAME(RLIMIT_RSS),
	NAME(RLIMIT_RTPRIO), NAME(RLIMIT_RTTIME), NAME(RLIMIT_SIGPENDING), NAME(RLIMIT_STACK),
};

const struct ar_name *ar_rlimit_names(size_t *ret_n)
{
	*ret_n = AR_COUNT(names);
	return names;
}

static int set(const struct ar_rlimit *limit, const struct ar_name *name,
	       const struct rlimit *value, struct ar_error *err)
{
	if (setrlimit((__rlimit_resource_t)name->value, value) < 0)
		return ar_fail(err, errno, "set %s to %" PRIu64 ":%" PRIu64 "%s", name->name,
			       limit->soft.value, limit->hard.value,
			       errno == EPERM ? " (raising a hard limit needs CAP_SYS_RESOURCE)"
					      : "");
	return 0;
}

static int apply_one(const struct ar_rlimit *limit, uint64_t *seen, struct ar_error *err)
{
	const struct ar_name *name = limit->type ? ar_name_find(names, AR_COUNT(names), limit->type)
						 : NULL;
	struct rlimit value = { .rlim_cur = limit->soft.value, .rlim_max = limit->hard.value };
	struct rlimit now;

	if (!name)
		return ar_refuse(err, EINVAL, "process.rlimits: unknown type '%s'",
				 limit->type ? limit->type : "");
	if (*seen & (UINT64_C(1) << name->value))
		return ar_refuse(err, EINVAL, "process.rlimits: %s is given twice", name->name);
	*seen |= UINT64_C(1) << name->value;
	if (value.rlim_cur > value.rlim_max)
		return ar_refuse(err, EINVAL,
				 "process.rlimits: %s has a soft limit of %" PRIu64
				 " above its hard limit of %" PRIu64,
				 name->name, limit->soft.value, limit->hard.value);
	if (name->value == RLIMIT_NOFILE) {
		if (getrlimit(RLIMIT_NOFILE, &now) < 0)
			return ar_fail(err, errno, "read %s", name->name);
		if (value.rlim_max <= now.rlim_max)
			return 0;
		value.rlim_cur = now.rlim_cur;
	}
	return set(limit, name, &value, err);
}

int ar_rlimits_apply(const struct ar_list *rlimits, struct ar_error *err)
{
	uint64_t seen = 0;

	ar_list_foreach(const struct ar_rlimit, limit, rlimits) {
		int r = apply_one(limit, &seen, err);

		if (r < 0)
			return r;
	}
	return 0;
}

int ar_rlimits_apply_nofile(const struct ar_list *rlimits, struct ar_error *err)
{
	ar_list_foreach(const struct ar_rlimit, limit, rlimits) {
		const struct ar_name *name = ar_name_find(names, AR_COUNT(names), limit->type);
		struct rlimit value = { limit->soft.value, limit->hard.value };

		if (name && name->value == RLIMIT_NOFILE)
			return set(limit, name, &value, err);
	}
	return 0;
}
