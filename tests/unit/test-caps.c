/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "kernel/caps.h"

#include "test.h"

#define BIT(cap) (UINT64_C(1) << (cap))

static uint64_t set_of(const char *line)
{
	FILE *f = fopen("/proc/self/status", "re");
	uint64_t mask = 0;
	char text[256];

	CHECK(f);
	while (fgets(text, sizeof(text), f))
		if (ar_starts_with(text, line))
			mask = strtoull(text + strlen(line) + 1, NULL, 16);
	fclose(f);
	return mask;
}

static int open_proc(void)
{
	return open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void needs_root(void)
{
	if (geteuid() != 0 || prctl(PR_CAPBSET_READ, CAP_CHOWN, 0, 0, 0) != 1)
		SKIP("needs root with its capabilities");
}

static const char *names[] = { "CAP_CHOWN", "CAP_KILL", NULL };
static const struct ar_capabilities two = {
	.effective = { names, 2 },
	.permitted = { names, 2 },
	.bounding = { names, 2 },
};

TEST("names become masks, each set for itself")
{
	struct ar_capabilities caps = { .permitted = { names, 2 }, .effective = { names + 1, 1 } };
	struct ar_cap_sets sets;

	ar_caps_parse(&caps, &sets);
	CHECK_UINT(sets.permitted, BIT(CAP_CHOWN) | BIT(CAP_KILL));
	CHECK_UINT(sets.effective, BIT(CAP_KILL));
	CHECK_UINT(sets.bounding | sets.inheritable | sets.ambient, 0);
}

TEST("no capabilities in a configuration are none")
{
	struct ar_cap_sets sets = { 1, 1, 1, 1, 1 };

	ar_caps_parse(NULL, &sets);
	CHECK_UINT(sets.permitted | sets.effective | sets.bounding | sets.inheritable |
			   sets.ambient,
		   0);
}

TEST("an unknown name is left out, and told once")
{
	const char *bad[] = { "CAP_CHOWN", "CAP_MADE_UP", "CAP_OTHER", NULL };
	struct ar_capabilities caps = { .ambient = { bad, 3 }, .bounding = { bad, 2 } };
	struct ar_capabilities good = { .bounding = { bad, 1 } };
	struct ar_arena *arena = ar_arena_new();
	struct ar_cap_sets sets;

	ar_caps_parse(&caps, &sets);
	CHECK_UINT(sets.ambient, 1);
	CHECK_UINT(sets.bounding, 1);
	CHECK_STR(ar_caps_unknown(arena, &caps), "CAP_MADE_UP CAP_OTHER");
	CHECK_STR(ar_caps_unknown(arena, &good), NULL);
	ar_arena_free(arena);
}

TEST("every name has its own number")
{
	size_t n;
	const struct ar_name *all = ar_cap_names(&n);

	for (size_t i = 0; i < n; i++) {
		CHECK_UINT(all[i].value, i);
		CHECK(ar_starts_with(all[i].name, "CAP_"));
	}
}

TEST("the bounding set becomes what is asked")
{
	struct ar_cap_sets sets;
	struct ar_error err;

	needs_root();
	ar_caps_parse(&two, &sets);
	CHECK_INT(ar_caps_bound(&sets, &err), 0);
	CHECK_UINT(set_of("CapBnd:"), BIT(CAP_CHOWN) | BIT(CAP_KILL));
}

TEST("a bounding set that is narrow already needs no right")
{
	struct ar_cap_sets sets;
	struct ar_error err;

	needs_root();
	ar_caps_parse(&two, &sets);
	CHECK_INT(ar_caps_bound(&sets, &err), 0);
	CHECK_INT(ar_caps_apply(&sets, &err), 0); /* CAP_SETPCAP is gone */
	CHECK_INT(ar_caps_bound(&sets, &err), 0);
}

TEST("without the right to drop, a bounding set that is too wide is an error")
{
	struct ar_cap_sets sets, none = { 0 };
	struct ar_error err;

	needs_root();
	ar_caps_parse(&two, &sets);
	CHECK_INT(ar_caps_bound(&sets, &err), 0);
	CHECK_INT(ar_caps_apply(&sets, &err), 0);
	CHECK_INT(ar_caps_bound(&none, &err), -EPERM);
	CHECK_STR(err.text,
		  "drop CAP_CHOWN from the capability bounding set: operation not permitted");
}

TEST("effective, permitted and inheritable become what is asked")
{
	struct ar_cap_sets sets = { .permitted = BIT(CAP_CHOWN) | BIT(CAP_KILL),
				    .effective = BIT(CAP_KILL),
				    .inheritable = BIT(CAP_CHOWN),
				    .bounding = UINT64_MAX };
	struct ar_error err;

	needs_root();
	CHECK_INT(ar_caps_apply(&sets, &err), 0);
	CHECK_UINT(set_of("CapPrm:"), sets.permitted);
	CHECK_UINT(set_of("CapEff:"), sets.effective);
	CHECK_UINT(set_of("CapInh:"), sets.inheritable);
	CHECK_UINT(set_of("CapAmb:"), 0);
}

TEST("what is asked but not held is left out of all sets")
{
	struct ar_cap_sets kill_only = { .permitted = BIT(CAP_KILL), .effective = BIT(CAP_KILL) };
	struct ar_cap_sets all = { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX };
	struct ar_error err;

	needs_root();
	CHECK_INT(ar_caps_apply(&kill_only, &err), 0);
	CHECK_INT(ar_caps_apply(&all, &err), 0);
	CHECK_UINT(set_of("CapPrm:"), BIT(CAP_KILL));
	CHECK_UINT(set_of("CapEff:"), BIT(CAP_KILL));
	CHECK_UINT(set_of("CapInh:"), BIT(CAP_KILL));
	CHECK_UINT(set_of("CapAmb:"), BIT(CAP_KILL));
}

TEST("an ambient capability that is not inheritable is left out")
{
	struct ar_cap_sets sets = { .permitted = BIT(CAP_KILL), .ambient = BIT(CAP_KILL) };
	struct ar_error err;

	needs_root();
	CHECK_INT(ar_caps_apply(&sets, &err), 0);
	CHECK_UINT(set_of("CapAmb:"), 0);
}

TEST("ambient capabilities stay over a change of user and an exec")
{
	struct ar_cap_sets sets = { .permitted = BIT(CAP_KILL),
				    .effective = BIT(CAP_KILL),
				    .inheritable = BIT(CAP_KILL),
				    .bounding = BIT(CAP_KILL),
				    .ambient = BIT(CAP_KILL) };
	struct ar_error err;
	int status;
	pid_t pid;

	needs_root();
	pid = fork();
	if (pid == 0) {
		if (ar_caps_bound(&sets, &err) < 0 || ar_caps_keep(&err) < 0 ||
		    setresuid(65534, 65534, 65534) < 0 || ar_caps_apply(&sets, &err) < 0)
			_exit(2);
		execl("/bin/grep", "grep", "-q", "^CapEff:.0000000000000020$", "/proc/self/status",
		      NULL);
		_exit(3);
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(WEXITSTATUS(status), 0);
}

TEST("sets that are as asked, or less, are verified")
{
	struct ar_cap_sets sets;
	struct ar_error err;

	needs_root();
	ar_caps_parse(&two, &sets);
	CHECK_INT(ar_caps_bound(&sets, &err), 0);
	CHECK_INT(ar_caps_apply(&sets, &err), 0);
	CHECK_INT(ar_caps_verify(open_proc(), &sets, &err), 0);
	sets.ambient = sets.inheritable = BIT(CAP_CHOWN);
	CHECK_INT(ar_caps_verify(open_proc(), &sets, &err), 0);
}

TEST("a capability too much is found in each set")
{
	struct ar_cap_sets sets;
	struct ar_error err;

	needs_root();
	ar_caps_parse(&two, &sets);
	CHECK_INT(ar_caps_apply(&sets, &err), 0);
	CHECK_INT(ar_caps_verify(open_proc(), &sets, &err), -EPERM);
	CHECK_HAS(err.text, "is still held (CapBnd)");
	sets.bounding = UINT64_MAX;
	sets.effective = BIT(CAP_CHOWN);
	CHECK_INT(ar_caps_verify(open_proc(), &sets, &err), -EPERM);
	CHECK_STR(err.text, "capability CAP_KILL is still held (CapEff)");
}

TEST("a descriptor that is no procfs verifies nothing")
{
	struct ar_cap_sets all = { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX };
	struct ar_error err;

	CHECK_INT(ar_caps_verify(open("/", O_PATH | O_CLOEXEC), &all, &err), -EBADF);
}

int main(void)
{
	return test_main();
}
