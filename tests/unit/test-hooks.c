/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "run/hooks.h"

#include "test.h"

static const struct ar_hook_state state = { .id = "c1",
					    .status = "created",
					    .pid = 42,
					    .bundle = "/b" };
static const struct ar_hooks_where here = AR_HOOKS_WHERE_INIT;

static const char *below(const char *name)
{
	static char path[2][4096];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", test_dir(), name);
	return path[turn];
}

static const char *contents(const char *name)
{
	static char text[1 << 17];
	int fd = open(below(name), O_RDONLY | O_CLOEXEC);
	ssize_t n;

	CHECK(fd >= 0);
	n = read(fd, text, sizeof(text) - 1);
	CHECK(n >= 0);
	close(fd);
	text[n] = '\0';
	return text;
}

/* A hook that runs a shell script; files it makes are below the scratch folder. */
static struct ar_hook shell(const char *script)
{
	static const char *argv[4][5];
	static int used;
	const char **args = argv[used++];

	args[0] = "sh";
	args[1] = "-c";
	args[2] = script;
	args[3] = test_dir();
	return (struct ar_hook){ .path = "/bin/sh", .args = { args, 4 } };
}

static int run_state(enum ar_hook_kind kind, struct ar_hook hook, const struct ar_hook_state *given,
		     struct ar_error *err)
{
	struct ar_list list = { &hook, 1 };

	return ar_hooks_run(kind, &list, given, &here, err);
}

static int run(struct ar_hook hook, struct ar_error *err)
{
	return run_state(AR_HOOK_CREATE_RUNTIME, hook, &state, err);
}

static double seconds(void)
{
	struct timespec t;

	CHECK_INT(clock_gettime(CLOCK_MONOTONIC, &t), 0);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

TEST("the state is compact JSON with plain slashes")
{
	struct ar_pair pairs[] = { { "a/b", "c\"d" } };
	struct ar_map annotations = { pairs, 1 };
	struct ar_hook_state full = state;
	char *json;

	full.annotations = &annotations;
	json = ar_hook_state_json(&full);
	CHECK_STR(json, "{\"ociVersion\":\"1.3.0\",\"id\":\"c1\",\"status\":\"created\",\"pid\":42,"
			"\"bundle\":\"/b\",\"annotations\":{\"a/b\":\"c\\\"d\"}}");
	free(json);
}

TEST("a stopped container has no pid, and no annotations are left out")
{
	struct ar_hook_state stopped = { .oci_version = "1.0.2",
					 .id = "x",
					 .status = "stopped",
					 .bundle = "/b" };
	char *json = ar_hook_state_json(&stopped);

	CHECK_STR(
		json,
		"{\"ociVersion\":\"1.0.2\",\"id\":\"x\",\"status\":\"stopped\",\"bundle\":\"/b\"}");
	free(json);
}

TEST("a hook reads the state on its standard input, to the end of file")
{
	struct ar_error err;
	char *json = ar_hook_state_json(&state);

	CHECK_INT(run(shell("cat >\"$0/in\""), &err), 0);
	CHECK_STR(contents("in"), json);
	free(json);
}

TEST("a state larger than a pipe reaches a hook that reads slowly")
{
	static char big[300000];
	struct ar_pair pair = { "big", big };
	struct ar_map annotations = { &pair, 1 };
	struct ar_hook_state given = state;
	struct ar_error err;
	struct stat st;

	memset(big, 'x', sizeof(big) - 1);
	given.annotations = &annotations;
	CHECK_INT(run_state(AR_HOOK_PRESTART, shell("sleep 0.2; cat >\"$0/in\""), &given, &err), 0);
	CHECK_INT(stat(below("in"), &st), 0);
	CHECK(st.st_size > 300000);
}

TEST("a hook that does not read a large state is no failure")
{
	static char big[300000];
	struct ar_pair pair = { "big", big };
	struct ar_map annotations = { &pair, 1 };
	struct ar_hook_state given = state;
	struct ar_error err;

	memset(big, 'x', sizeof(big) - 1);
	given.annotations = &annotations;
	CHECK_INT(run_state(AR_HOOK_PRESTART, shell("exec <&-; sleep 0.1"), &given, &err), 0);
	CHECK_INT(run_state(AR_HOOK_PRESTART, shell(":"), &given, &err), 0);
}

TEST("the first argument is the program's name, and the path when there are none")
{
	const char *args[] = { "name", "-c", "echo $0 >\"$1\"", "name", below("argv"), NULL };
	struct ar_hook hook = { .path = "/bin/sh", .args = { args, 5 } };
	struct ar_hook bare = { .path = "/bin/true" };
	struct ar_error err;

	CHECK_INT(run(hook, &err), 0);
	CHECK_STR(contents("argv"), "name\n");
	CHECK_INT(run(bare, &err), 0);
}

TEST("a hook with an environment has exactly that")
{
	const char *env[] = { "ONE=1", NULL };
	const char *args[] = { "env", "sh", "-c", "env >&2; exit 1", NULL };
	struct ar_hook hook = { .path = "/usr/bin/env", .args = { args, 4 }, .env = { env, 1 } };
	struct ar_error err;

	CHECK_INT(setenv("SECRET", "x", 1), 0);
	CHECK_INT(run(hook, &err), -ECANCELED);
	CHECK_HAS(err.text, "ONE=1");
	CHECK(!strstr(err.text, "SECRET"));
}

TEST("a hook without one gets that of its surroundings")
{
	char *env[] = { "FIXED=1", NULL };
	struct ar_hooks_where fixed = { .env = env, .cwd = -1 };
	struct ar_hook hook = shell("echo $FIXED $SECRET >\"$0/env\"");
	struct ar_list list = { &hook, 1 };
	struct ar_error err;

	CHECK_INT(setenv("SECRET", "x", 1), 0);
	CHECK_INT(ar_hooks_run(AR_HOOK_CREATE_RUNTIME, &list, &state, &fixed, &err), 0);
	CHECK_STR(contents("env"), "1\n");
	CHECK_INT(ar_hooks_run(AR_HOOK_CREATE_RUNTIME, &list, &state, &here, &err), 0);
	CHECK_STR(contents("env"), "x\n");
}

TEST("the working directory is the one that is given")
{
	struct ar_hooks_where there = { .cwd = open(test_dir(), O_PATH | O_DIRECTORY | O_CLOEXEC) };
	struct ar_hook hook = shell("pwd >pwd");
	struct ar_list list = { &hook, 1 };
	struct ar_error err;

	CHECK_INT(ar_hooks_run(AR_HOOK_CREATE_RUNTIME, &list, &state, &there, &err), 0);
	CHECK_HAS(contents("pwd"), test_dir());
}

TEST("hooks run in their order until one fails")
{
	struct ar_hook hooks[] = {
		shell("echo a >>\"$0/order\""),
		shell("echo b >>\"$0/order\"; exit 3"),
		shell("echo c >>\"$0/order\""),
	};
	struct ar_list list = { hooks, 3 };
	struct ar_error err;

	CHECK_INT(ar_hooks_run(AR_HOOK_CREATE_CONTAINER, &list, &state, &here, &err), -ECANCELED);
	CHECK_STR(err.text,
		  "error running createContainer hook #1: exit status 3, stdout: , stderr: ");
	CHECK_STR(contents("order"), "a\nb\n");
}

TEST("a failure quotes what the hook wrote, without the last newline")
{
	struct ar_error err;

	CHECK_INT(run(shell("echo out; echo err >&2; exit 1"), &err), -ECANCELED);
	CHECK_STR(err.text,
		  "error running createRuntime hook #0: exit status 1, stdout: out, stderr: err");
}

TEST("of a long output the end is quoted")
{
	struct ar_error err;

	CHECK_INT(run(shell("yes early | head -c 500000 >&2; echo the reason >&2; exit 1"), &err),
		  -ECANCELED);
	/* 64 KiB are kept, the reason is behind them; still nothing is stuck */
	CHECK_HAS(err.text, "exit status 1, stdout: , stderr: ");
	CHECK_INT(run(shell("yes early | head -c 5000 >&2; echo the reason >&2; exit 1"), &err),
		  -ECANCELED);
	CHECK_HAS(err.text, "the reason");
}

TEST("a hook that a signal ends says which")
{
	struct ar_error err;

	CHECK_INT(run(shell("kill -KILL $$"), &err), -ECANCELED);
	CHECK_HAS(err.text,
		  "error running createRuntime hook #0: signal: killed, stdout: , stderr: ");
}

TEST("a hook that is not there is named")
{
	struct ar_hook hook = { .path = "/no/such/hook" };
	struct ar_error err;

	CHECK_INT(run(hook, &err), -ENOENT);
	CHECK_STR(err.text,
		  "error running createRuntime hook #0: execute '/no/such/hook': not found");
}

TEST("a hook past its timeout is killed with its whole process group")
{
	struct ar_hook hook = shell("sleep 100 & echo $! >\"$0/pid\"; wait");
	struct ar_error err;
	double start = seconds();
	pid_t child;

	hook.timeout = (struct ar_opt_i64){ true, 1 };
	CHECK_INT(run(hook, &err), -ETIMEDOUT);
	CHECK_STR(err.text,
		  "error running createRuntime hook #0: hook ran past specified timeout of 1.0s");
	CHECK(seconds() - start < 5);
	child = atoi(contents("pid"));
	CHECK(child > 1);
	for (int i = 0; i < 500 && kill(child, 0) == 0; i++) {
		char path[64], line[64] = "";
		FILE *f;

		/* a zombie is as dead as can be: who reaps it is not ours to say */
		snprintf(path, sizeof(path), "/proc/%d/stat", child);
		f = fopen(path, "re");
		if (f && fgets(line, sizeof(line), f) && strstr(line, ") Z "))
			return;
		if (f)
			fclose(f);
		usleep(10000);
	}
	CHECK_INT(kill(child, 0), -1);
}

TEST("a hook that never stops writing meets its timeout")
{
	struct ar_hook hook = shell("yes");
	struct ar_error err;

	hook.timeout = (struct ar_opt_i64){ true, 1 };
	CHECK_INT(run(hook, &err), -ETIMEDOUT);
}

TEST("the surroundings bound a hook without a timeout")
{
	struct ar_hooks_where bounded = { .cwd = -1, .limit_seconds = 1 };
	struct ar_hook hook = shell("sleep 100");
	struct ar_list list = { &hook, 1 };
	struct ar_error err;

	CHECK_INT(ar_hooks_run(AR_HOOK_POSTSTART, &list, &state, &bounded, &err), -ETIMEDOUT);
	CHECK_HAS(err.text,
		  "error running poststart hook #0: hook ran past specified timeout of 1.0s");
}

TEST("a child that keeps the output open is not waited for")
{
	struct ar_error err;
	double start = seconds();

	CHECK_INT(run(shell("(setsid sleep 20 &) ; echo done"), &err), 0);
	CHECK(seconds() - start < 10);
}

TEST("what was written right before the end is not lost")
{
	struct ar_error err;

	for (int i = 0; i < 20; i++) {
		struct ar_hook hook = { .path = "/bin/sh" };
		const char *args[] = { "sh", "-c", "echo last words >&2; exit 9", NULL };

		hook.args = (struct ar_strings){ args, 3 };
		CHECK_INT(run(hook, &err), -ECANCELED);
		CHECK_HAS(err.text, "stderr: last words");
	}
}

TEST("poststop hooks go on after a failure, which is only logged")
{
	struct ar_hook hooks[] = { shell("exit 1"), shell("echo ran >\"$0/second\"") };
	struct ar_list list = { hooks, 2 };
	struct ar_error err;

	CHECK_INT(ar_log_open(below("log"), &err), 0);
	CHECK_INT(ar_hooks_run(AR_HOOK_POSTSTOP, &list, &state, &here, &err), 0);
	CHECK_STR(contents("second"), "ran\n");
	CHECK_HAS(contents("log"),
		  "level=warning msg=\"error running poststop hook #0: exit status 1");
}

TEST("a descriptor that the caller preserves is for the container, not for hooks")
{
	struct ar_error err;

	CHECK_INT(dup2(1, 9), 9);
	CHECK_INT(run(shell("test ! -e /proc/$$/fd/9"), &err), 0);
}

TEST("closed standard streams of the caller do not mix with the hook's")
{
	struct ar_error err;
	int r;

	CHECK_INT(ar_log_open(below("log"), &err), 0);
	close(0);
	close(2);
	r = run(shell("cat >\"$0/in\"; echo out; echo err >&2; exit 1"), &err);
	CHECK_INT(r, -ECANCELED);
	CHECK_HAS(err.text, "stdout: out, stderr: err");
	CHECK_HAS(contents("in"), "\"id\":\"c1\"");
}

TEST("no hooks are no work")
{
	struct ar_hooks hooks = { 0 };
	struct ar_error err;

	for (int kind = 0; kind < AR_HOOK_KIND_COUNT; kind++) {
		CHECK_INT(ar_hooks_run(kind, ar_hooks_of(&hooks, kind), &state, &here, &err), 0);
		CHECK_INT(ar_hooks_run(kind, ar_hooks_of(NULL, kind), &state, &here, &err), 0);
	}
}

TEST("every list is found by its kind")
{
	struct ar_hooks hooks = { .prestart.n = 1,
				  .create_runtime.n = 2,
				  .create_container.n = 3,
				  .start_container.n = 4,
				  .poststart.n = 5,
				  .poststop.n = 6 };

	for (int kind = 0; kind < AR_HOOK_KIND_COUNT; kind++)
		CHECK_UINT(ar_hooks_of(&hooks, kind)->n, kind + 1);
}

int main(void)
{
	return test_main();
}
