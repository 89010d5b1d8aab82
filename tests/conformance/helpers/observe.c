/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a process cannot read of itself in /proc:
 *
 *   observe sched       policy, flags, nice, priority, and runtime/deadline/period of a deadline
 *   observe ioprio      class and level
 *   observe mempolicy   mode, with its flags, and nodes
 *   observe personality in hexadecimal
 *   observe keyring     the name of the session keyring
 *   observe clocks      whole seconds of the monotonic and the boot clock
 *   observe uname       node name and domain name
 *   observe call NAME [ARGUMENT...]   OK or the name of the errno; arguments are numbers
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

struct attributes {
	unsigned int size, policy;
	unsigned long long flags;
	int nice;
	unsigned int priority;
	unsigned long long runtime, deadline, period;
};

static int sched(void)
{
	static const char *const names[] = { "SCHED_OTHER",   "SCHED_FIFO", "SCHED_RR",
					     "SCHED_BATCH",   "SCHED_ISO",  "SCHED_IDLE",
					     "SCHED_DEADLINE" };
	struct attributes a = { .size = sizeof(a) };

	if (syscall(SYS_sched_getattr, 0, &a, sizeof(a), 0) < 0 || a.policy > 6)
		return 1;
	printf("%s %llu %d %u", names[a.policy], a.flags, a.nice, a.priority);
	if (a.policy == 6)
		printf(" %llu/%llu/%llu", a.runtime, a.deadline, a.period);
	puts("");
	return 0;
}

static int ioprio(void)
{
	static const char *const names[] = { "NONE", "RT", "BE", "IDLE" };
	long value = syscall(SYS_ioprio_get, 1, 0);

	if (value < 0 || value >> 13 > 3)
		return 1;
	printf("%s %ld\n", names[value >> 13], value & 7);
	return 0;
}

static int mempolicy(void)
{
	static const char *const names[] = {
		"DEFAULT",	  "PREFERRED",		"BIND", "INTERLEAVE", "LOCAL",
		"PREFERRED_MANY", "WEIGHTED_INTERLEAVE"
	};
	unsigned long nodes[16] = { 0 };
	int mode;

	if (syscall(SYS_get_mempolicy, &mode, nodes, sizeof(nodes) * 8, NULL, 0) < 0)
		return 1;
	printf("%s 0x%x 0x%lx\n", (mode & 0xff) < 7 ? names[mode & 0xff] : "?", mode & ~0xff,
	       nodes[0]);
	return 0;
}

static int keyring(void)
{
	char text[256] = "";

	if (syscall(SYS_keyctl, KEYCTL_DESCRIBE, KEY_SPEC_SESSION_KEYRING, text, sizeof(text)) < 0)
		return 1;
	puts(strrchr(text, ';') ? strrchr(text, ';') + 1 : text);
	return 0;
}

static int clocks(void)
{
	struct timespec mono, boot;

	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	printf("%lld %lld\n", (long long)mono.tv_sec, (long long)boot.tv_sec);
	return 0;
}

static int names(void)
{
	struct utsname u;

	if (uname(&u) < 0)
		return 1;
	printf("%s %s\n", u.nodename, u.domainname);
	return 0;
}

static const struct {
	const char *name;
	long number;
} calls[] = {
	{ "getpid", SYS_getpid },
	{ "getppid", SYS_getppid },
	{ "getpriority", SYS_getpriority },
	{ "personality", SYS_personality },
	{ "setpriority", SYS_setpriority },
	{ "socket", SYS_socket },
	{ "sync", SYS_sync },
	{ "umask", SYS_umask },
};

static int call(int argc, char **argv)
{
	long a[6] = { 0 };

	for (int i = 1; i < argc && i <= 6; i++)
		a[i - 1] = (long)strtoul(argv[i], NULL, 0);
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		if (argc < 1 || strcmp(calls[i].name, argv[0]) != 0)
			continue;
		if (syscall(calls[i].number, a[0], a[1], a[2], a[3], a[4], a[5]) < 0)
			puts(strerrorname_np(errno));
		else
			puts("OK");
		return 0;
	}
	return 2;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "sched"))
		return sched();
	if (!strcmp(what, "ioprio"))
		return ioprio();
	if (!strcmp(what, "mempolicy"))
		return mempolicy();
	if (!strcmp(what, "keyring"))
		return keyring();
	if (!strcmp(what, "clocks"))
		return clocks();
	if (!strcmp(what, "uname"))
		return names();
	if (!strcmp(what, "personality"))
		return printf("0x%x\n", personality(0xffffffff)) < 0;
	return !strcmp(what, "call") ? call(argc - 2, argv + 2) : 2;
}
