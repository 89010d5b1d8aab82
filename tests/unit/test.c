/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a test's process ends with once it has printed its own line; 0 leaves that to the parent. */
enum { PRINTED_FAILED = 101, PRINTED_SKIPPED = 102 };

#define SECONDS_A_TEST 60

static struct test *first;
static struct test **last = &first;
static int number;	 /* of the test that runs */
static const char *name; /* its sentence */
static char dir[4096];

void test_register(struct test *test)
{
	*last = test;
	last = &test->next;
}

static void print_failed(void)
{
	printf("not ok %d - %s\n", number, name);
}

_Noreturn void test_fail(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	print_failed();
	printf("# %s:%d: ", file, line);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	_exit(PRINTED_FAILED);
}

_Noreturn void test_skip(const char *reason)
{
	printf("ok %d - %s # SKIP %s\n", number, name, reason);
	fflush(stdout);
	_exit(PRINTED_SKIPPED);
}

void test_check_int(const char *file, int line, const char *what, intmax_t got, intmax_t want)
{
	if (got != want)
		test_fail(file, line, "%s\n#      got: %" PRIdMAX "\n# expected: %" PRIdMAX, what,
			  got, want);
}

void test_check_uint(const char *file, int line, const char *what, uintmax_t got, uintmax_t want)
{
	if (got != want)
		test_fail(file, line,
			  "%s\n#      got: %" PRIuMAX " (0x%" PRIxMAX ")\n# expected: %" PRIuMAX
			  " (0x%" PRIxMAX ")",
			  what, got, got, want, want);
}

void test_check_str(const char *file, int line, const char *what, const char *got, const char *want)
{
	if (got && want ? strcmp(got, want) != 0 : got != want)
		test_fail(file, line, "%s\n#      got: %s\n# expected: %s", what,
			  got ? got : "(NULL)", want ? want : "(NULL)");
}

void test_check_has(const char *file, int line, const char *what, const char *got, const char *part)
{
	if (!got || !strstr(got, part))
		test_fail(file, line, "%s\n#      got: %s\n# expected to have: %s", what,
			  got ? got : "(NULL)", part);
}

const char *test_dir(void)
{
	return dir;
}

const char *test_source(const char *path)
{
	static char full[4096];
	const char *root = getenv("SRCDIR");

	snprintf(full, sizeof(full), "%s/%s", root ? root : ".", path);
	return full;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st; /* the signature is nftw's */
	(void)type;
	(void)ftw;
	return remove(path);
}

static void remove_dir(void)
{
	if (nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0)
		fprintf(stderr, "# cannot remove %s: %s\n", dir, strerror(errno));
}

static bool make_dir(void)
{
	const char *parent = getenv("TEST_TMP");

	snprintf(dir, sizeof(dir), "%s/unit.XXXXXX", parent ? parent : "/tmp");
	return mkdtemp(dir);
}

/* Whether the test passed or was skipped. */
static bool run_one(struct test *test)
{
	int status;
	pid_t pid;

	name = test->sentence;
	number++;
	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		print_failed();
		printf("# fork: %s\n", strerror(errno));
		return false;
	}
	if (pid == 0) {
		alarm(SECONDS_A_TEST);
		test->body();
		fflush(stdout);
		exit(0); /* not _exit(): the leak sanitizer looks when the program ends */
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			abort();
	if (WIFEXITED(status) && WEXITSTATUS(status) == PRINTED_SKIPPED)
		return true;
	if (WIFEXITED(status) && WEXITSTATUS(status) == PRINTED_FAILED)
		return false;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		printf("ok %d - %s\n", number, name);
		return true;
	}
	print_failed();
	if (WIFSIGNALED(status))
		printf("# ended by signal %d (%s)\n", WTERMSIG(status),
		       strsignal(WTERMSIG(status)));
	else
		printf("# ended with status %d\n", WEXITSTATUS(status));
	return false;
}

int test_main(void)
{
	bool good = true;
	int n = 0;

	if (!make_dir()) {
		printf("Bail out! cannot make a scratch folder: %s\n", strerror(errno));
		return 1;
	}
	for (struct test *test = first; test; test = test->next)
		n++;
	printf("1..%d\n", n);
	for (struct test *test = first; test; test = test->next)
		good = run_one(test) && good;
	remove_dir();
	return good ? 0 : 1;
}
