/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mkdir(2) by a process that SIGUSR1 interrupts; the name of the error, or "made". */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void nothing(int signo)
{
	(void)signo;
}

int main(int argc, char **argv)
{
	/* without SA_RESTART */
	struct sigaction action = { .sa_handler = nothing };

	if (argc != 2 || sigaction(SIGUSR1, &action, NULL) < 0)
		return 1;
	puts(mkdir(argv[1], 0755) == 0 ? "made" : strerrorname_np(errno));
	return 0;
}
