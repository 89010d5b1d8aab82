/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "kernel/probe.h"
#include "kernel/rlimit.h"

/* setrlimit(2) asks the initial user namespace for CAP_SYS_RESOURCE. */
static bool holds_resource(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return syscall(SYS_capget, &head, data) == 0 &&
	       (data[CAP_TO_INDEX(CAP_SYS_RESOURCE)].effective & CAP_TO_MASK(CAP_SYS_RESOURCE));
}

static struct ar_list own_limits(struct ar_arena *arena)
{
	size_t n_names, n = 0;
	const struct ar_name *names = ar_rlimit_names(&n_names);
	struct ar_rlimit *limits = ar_alloc_array(arena, n_names, sizeof(*limits));

	for (size_t i = 0; i < n_names; i++) {
		struct rlimit limit;

		if (getrlimit((int)names[i].value, &limit) < 0)
			continue; /* a type this kernel does not know: setting it fails by itself */
		limits[n++] = (struct ar_rlimit){ .type = names[i].name,
						  .soft = { true, limit.rlim_cur },
						  .hard = { true, limit.rlim_max } };
	}
	return (struct ar_list){ limits, n };
}

int ar_probe_caller(struct ar_arena *arena, bool userns, struct ar_caller *ret,
		    struct ar_error *err)
{
	static const char path[] = "/proc/self/oom_score_adj";
	struct ar_caller caller = { .may_raise = !userns && holds_resource() };
	struct rlimit limit;
	char score[16];
	int r = ar_file_peek(AT_FDCWD, path, score, sizeof(score));

	if (r < 0)
		return ar_fail(err, -r, "read '%s'", path);
	caller.oom_score_adj = (int)strtol(score, NULL, 10);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		caller.nofile_soft = limit.rlim_cur;
		caller.nofile_hard = limit.rlim_max;
	}
	if (getrlimit(RLIMIT_RTPRIO, &limit) == 0)
		caller.rtprio_hard = limit.rlim_max;
	if (getrlimit(RLIMIT_NICE, &limit) == 0)
		caller.nice_hard = limit.rlim_max;
	if (!caller.may_raise)
		caller.rlimits = own_limits(arena);
	*ret = caller;
	return 0;
}
