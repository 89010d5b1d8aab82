/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <linux/mempolicy.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "kernel/memory-policy.h"

#include "test.h"

/* The policy of this process, with its flags; *ret_nodes as far as 64 of them. */
static int policy_now(unsigned long *ret_nodes)
{
	unsigned long nodes[16] = { 0 };
	int mode = -1;

	if (syscall(SYS_get_mempolicy, &mode, nodes, 8 * sizeof(nodes), NULL, 0) < 0)
		SKIP("needs a kernel with NUMA");
	*ret_nodes = nodes[0];
	return mode;
}

TEST("a mode and its nodes are set")
{
	struct ar_memory_policy bind = { .mode = "MPOL_BIND", .nodes = "0" };
	struct ar_error err;
	unsigned long nodes;

	(void)policy_now(&nodes);
	CHECK_INT(ar_memory_policy_apply(&bind, &err), 0);
	CHECK_INT(policy_now(&nodes), MPOL_BIND);
	CHECK_UINT(nodes, 1);
}

TEST("flags of a mode are set")
{
	const char *flags[] = { "MPOL_F_STATIC_NODES", NULL };
	struct ar_memory_policy interleave = { "MPOL_INTERLEAVE", "0", { flags, 1 } };
	struct ar_error err;
	unsigned long nodes;

	(void)policy_now(&nodes);
	CHECK_INT(ar_memory_policy_apply(&interleave, &err), 0);
	CHECK_INT(policy_now(&nodes), MPOL_INTERLEAVE | MPOL_F_STATIC_NODES);
}

TEST("the default mode needs no nodes")
{
	struct ar_memory_policy local = { .mode = "MPOL_LOCAL" },
				normal = { .mode = "MPOL_DEFAULT" };
	struct ar_error err;
	unsigned long nodes;

	(void)policy_now(&nodes);
	CHECK_INT(ar_memory_policy_apply(&local, &err), 0);
	CHECK_INT(policy_now(&nodes), MPOL_LOCAL);
	CHECK_INT(ar_memory_policy_apply(&normal, &err), 0);
	CHECK_INT(policy_now(&nodes), MPOL_DEFAULT);
}

TEST("no policy leaves everything as it is")
{
	struct ar_error err;

	CHECK_INT(ar_memory_policy_apply(NULL, &err), 0);
}

TEST("a mode without the nodes it needs is refused by the kernel and named")
{
	struct ar_memory_policy bind = { .mode = "MPOL_BIND" };
	struct ar_error err;
	unsigned long nodes;

	(void)policy_now(&nodes);
	CHECK_INT(ar_memory_policy_apply(&bind, &err), -EINVAL);
	CHECK_STR(err.text, "set memory policy MPOL_BIND: invalid argument");
}

TEST("unknown modes, flags and lists are named")
{
	const char *flags[] = { "MPOL_F_X", NULL };
	struct ar_memory_policy mode = { .mode = "MPOL_X" };
	struct ar_memory_policy flag = { "MPOL_BIND", "0", { flags, 1 } };
	struct ar_memory_policy list = { .mode = "MPOL_BIND", .nodes = "0..3" };
	struct ar_error err;

	CHECK_INT(ar_memory_policy_apply(&mode, &err), -EINVAL);
	CHECK_STR(err.text, "linux.memoryPolicy.mode: unknown mode 'MPOL_X'");
	CHECK_INT(ar_memory_policy_apply(&flag, &err), -EINVAL);
	CHECK_STR(err.text, "linux.memoryPolicy.flags: unknown flag 'MPOL_F_X'");
	CHECK_INT(ar_memory_policy_apply(&list, &err), -EINVAL);
	CHECK_STR(err.text, "linux.memoryPolicy.nodes: '0..3' is not a list of nodes");
}

int main(void)
{
	return test_main();
}
