/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/personality.h"

#include <errno.h>
#include <sys/personality.h>

#include "base/error.h"
#include "base/str.h"
#include "base/table.h"

#define QUERY 0xffffffff

static const struct ar_name domains[] = {
	{ "LINUX", PER_LINUX },
	{ "LINUX32", PER_LINUX32 },
};

int ar_personality_reset(struct ar_error *err)
{
	if (personality(QUERY) != PER_LINUX && personality(PER_LINUX) < 0)
		return ar_fail(err, errno, "leave the caller's personality");
	return 0;
}

int ar_personality_apply(const struct ar_personality *asked, struct ar_error *err)
{
	const struct ar_name *domain;

	if (!asked || !asked->domain)
		return 0;
	domain = ar_name_find(domains, AR_COUNT(domains), asked->domain);
	if (!domain)
		return ar_refuse(err, EINVAL, "linux.personality.domain: unknown domain '%s'",
				 asked->domain);
	if (asked->flags.n)
		return ar_refuse(err, EINVAL, "linux.personality.flags: unknown flag '%s'",
				 asked->flags.items[0]);
	if (personality(domain->value) < 0)
		return ar_fail(err, errno, "set personality %s", domain->name);
	return 0;
}
