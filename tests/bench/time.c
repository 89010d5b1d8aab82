/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * time ROUNDS WARM-UP <PLAN: run commands again and again, interleaved, and print what each run
 * cost.
 *
 * PLAN has one command a line, its words separated by blanks: "SERIES STEP PROGRAM [ARGUMENT...]".
 * A round goes through all series, each time beginning with another one, and through the steps of a
 * series in their order. Lines come out as "SERIES STEP ROUND WALL-us USER-us SYSTEM-us PEAK-KiB",
 * separated by tabs.
 *
 * What is reparented to this program, inits of containers, is reaped at once and printed as a step
 * "init" without a wall time. Standard input and output of the commands are the null device; a
 * command that fails ends the program. It is small on purpose: what vfork(2) lends a child counts
 * into the child's peak.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMMANDS_MAX 128
#define WORDS_MAX 32
#define PLAN_MAX 32768

struct command {
	const char *series, *step;
	char *argv[WORDS_MAX];
};

static struct command commands[COMMANDS_MAX];
static int n_commands;
static int first_of[COMMANDS_MAX], n_series; /* index of each series' first command */
static char plan[PLAN_MAX];
static int null_fd;

_Noreturn static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void add_command(char *line)
{
	struct command *c = &commands[n_commands];
	char *rest = NULL;
	int words = 0;

	c->series = strtok_r(line, " \t", &rest);
	if (!c->series)
		return;
	c->step = strtok_r(NULL, " \t", &rest);
	for (char *word; (word = strtok_r(NULL, " \t", &rest));) {
		if (words == WORDS_MAX - 1)
			die("too many words");
		c->argv[words++] = word;
	}
	if (!words)
		die("a line without a program");
	if (n_commands == 0 || strcmp(c->series, c[-1].series) != 0)
		first_of[n_series++] = n_commands;
	if (++n_commands == COMMANDS_MAX)
		die("too many commands");
}

static void read_plan(void)
{
	size_t n = fread(plan, 1, sizeof(plan) - 1, stdin);
	char *rest = NULL;

	if (ferror(stdin) || n == sizeof(plan) - 1)
		die("read the plan");
	for (char *line = strtok_r(plan, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		add_command(line);
	if (!n_commands)
		die("an empty plan");
}

static long micros(struct timeval t)
{
	return t.tv_sec * 1000000L + t.tv_usec;
}

static void print(const char *series, const char *step, int round, long wall,
		  const struct rusage *use)
{
	if (round >= 0)
		printf("%s\t%s\t%d\t%ld\t%ld\t%ld\t%ld\n", series, step, round, wall,
		       micros(use->ru_utime), micros(use->ru_stime), use->ru_maxrss);
}

/* Wait for a command. Others that end meanwhile are inits of containers, reaped as an engine does.
 */
static int wait_for(pid_t pid, const struct command *c, int round, struct rusage *use)
{
	for (;;) {
		int status;
		pid_t got = wait4(-1, &status, 0, use);

		if (got == pid)
			return status;
		if (got < 0 && errno != EINTR)
			die("wait4");
		if (got > 0)
			print(c->series, "init", round, 0, use);
	}
}

static void run(const struct command *c, int round)
{
	struct timespec begin, end;
	struct rusage use;
	int status;
	pid_t pid;

	if (clock_gettime(CLOCK_MONOTONIC, &begin) < 0)
		die("clock_gettime");
	pid = vfork();
	if (pid == 0) {
		if (dup2(null_fd, 0) < 0 || dup2(null_fd, 1) < 0)
			_exit(126);
		execv(c->argv[0], c->argv);
		_exit(127);
	}
	if (pid < 0)
		die("vfork");
	status = wait_for(pid, c, round, &use);
	if (clock_gettime(CLOCK_MONOTONIC, &end) < 0)
		die("clock_gettime");
	if (status != 0) {
		fprintf(stderr, "round %d: %s %s: status 0x%x\n", round, c->series, c->step,
			status);
		exit(1);
	}
	print(c->series, c->step, round,
	      (end.tv_sec - begin.tv_sec) * 1000000L + (end.tv_nsec - begin.tv_nsec) / 1000, &use);
}

/* What ended after the last command of a series. */
static void reap(const struct command *c, int round)
{
	struct rusage use;
	int status;

	while (wait4(-1, &status, WNOHANG, &use) > 0)
		print(c->series, "init", round, 0, &use);
}

static void run_series(int series, int round)
{
	int end = series + 1 < n_series ? first_of[series + 1] : n_commands;

	for (int i = first_of[series]; i < end; i++)
		run(&commands[i], round);
	reap(&commands[end - 1], round);
}

int main(int argc, char **argv)
{
	int rounds = argc == 3 ? atoi(argv[1]) : 0;
	int warm_up = argc == 3 ? atoi(argv[2]) : 0;

	if (rounds < 1 || warm_up < 0) {
		fprintf(stderr, "usage: time ROUNDS WARM-UP <PLAN\n");
		return 2;
	}
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		die("prctl");
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0)
		die("/dev/null");
	read_plan();
	for (int round = -warm_up; round < rounds; round++)
		for (int i = 0; i < n_series; i++)
			run_series((i + round + warm_up) % n_series, round);
	return fflush(stdout) == 0 ? 0 : 1;
}
