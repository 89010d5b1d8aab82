/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/memory-policy.h"

#include <errno.h>
#include <linux/mempolicy.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/str.h"
#include "base/table.h"
#include "kernel/cpulist.h"

#define MODE_WEIGHTED_INTERLEAVE 6    /* Linux 6.9 */
#define FLAG_NUMA_BALANCING (1 << 13) /* Linux 5.12 */

static const struct ar_name modes[] = {
	{ "MPOL_DEFAULT", MPOL_DEFAULT },
	{ "MPOL_PREFERRED", MPOL_PREFERRED },
	{ "MPOL_BIND", MPOL_BIND },
	{ "MPOL_INTERLEAVE", MPOL_INTERLEAVE },
	{ "MPOL_LOCAL", MPOL_LOCAL },
	{ "MPOL_PREFERRED_MANY", MPOL_PREFERRED_MANY },
	{ "MPOL_WEIGHTED_INTERLEAVE", MODE_WEIGHTED_INTERLEAVE },
};

static const struct ar_name flags[] = {
	{ "MPOL_F_NUMA_BALANCING", FLAG_NUMA_BALANCING },
	{ "MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES },
	{ "MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES },
};

static int find_mode(const struct ar_memory_policy *policy, uint64_t *ret, struct ar_error *err)
{
	const struct ar_name *mode = ar_name_find(modes, AR_COUNT(modes), policy->mode);
	uint64_t value;

	if (!mode)
		return ar_refuse(err, EINVAL, "linux.memoryPolicy.mode: unknown mode '%s'",
				 policy->mode);
	value = mode->value;
	for (size_t i = 0; i < policy->flags.n; i++) {
		const struct ar_name *flag =
			ar_name_find(flags, AR_COUNT(flags), policy->flags.items[i]);

		if (!flag)
			return ar_refuse(err, EINVAL, "linux.memoryPolicy.flags: unknown flag '%s'",
					 policy->flags.items[i]);
		value |= flag->value;
	}
	*ret = value;
	return 0;
}

int ar_memory_policy_apply(const struct ar_memory_policy *policy, struct ar_error *err)
{
	bool nodes = policy && policy->nodes && policy->nodes[0];
	struct ar_cpulist list = { 0 };
	uint64_t mode = 0;
	int r;

	if (!policy || !policy->mode || !policy->mode[0])
		return 0;
	r = find_mode(policy, &mode, err);
	if (r < 0)
		return r;
	if (nodes) {
		r = ar_cpulist_parse(policy->nodes, &list);
		if (r < 0)
			return ar_refuse(err, -r,
					 "linux.memoryPolicy.nodes: '%s' is not a list of nodes",
					 policy->nodes);
	}
	/* maxnode counts one more than the bits that are read: the kernel takes one off. */
	if (syscall(SYS_set_mempolicy, mode, nodes ? list.mask : NULL, nodes ? list.bits + 1 : 0) <
	    0)
		return ar_fail(err, errno, "set memory policy %s%s%s", policy->mode,
			       nodes ? " on nodes " : "", nodes ? policy->nodes : "");
	return 0;
}
