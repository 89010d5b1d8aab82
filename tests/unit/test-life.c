/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Kill, delete and view on containers that are made up: a record, a process of the test's, no
 * cgroup. What needs a cgroup or a real container is in tests/integration.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/process.h"
#include "life/life.h"

#include "test.h"

static struct ar_error error;
static struct ar_context context;

/* A container called "one" in a new root; its process is pid, 0: none was recorded. */
static struct ar_dir make_container(pid_t pid)
{
	static char root[4096];
	struct ar_dir dir = AR_DIR_INIT;
	struct ar_record record = { .id = "one", .oci_version = "1.3.0", .bundle = "/b" };

	(void)snprintf(root, sizeof(root), "%s/life-%d", test_dir(), getpid());
	context.root = root;
	CHECK_INT(ar_dir_create(root, "one", &dir, &error), 0);
	if (pid) {
		record.pid = (struct ar_opt_i64){ true, pid };
		record.start_time.set = true;
		CHECK_INT(ar_process_start_time(pid, &record.start_time.value, NULL), 0);
	}
	CHECK_INT(ar_record_write(&dir, &record, &error), 0);
	return dir;
}

static pid_t start_process(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

/* As its init does: the test holds the reading end. */
static int wait_for_start(const struct ar_dir *dir)
{
	int fd;

	CHECK_INT(mkfifoat(dir->fd, "exec.fifo", 0600), 0);
	fd = openat(dir->fd, "exec.fifo", O_RDWR | O_CLOEXEC);
	CHECK(fd >= 0);
	return fd;
}

/* A container whose process is pid; nobody works on it. */
static void stand(pid_t pid)
{
	struct ar_dir dir = make_container(pid);

	ar_dir_close(&dir);
}

static int ended_by(pid_t pid)
{
	int status;

	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK(WIFSIGNALED(status));
	return WTERMSIG(status);
}

static bool is_there(void)
{
	char path[8192];

	(void)snprintf(path, sizeof(path), "%s/one", context.root);
	return access(path, F_OK) == 0;
}

static const char *status_now(void)
{
	static struct ar_arena *arena;
	struct ar_view view;

	ar_arena_free(arena);
	arena = ar_arena_new();
	CHECK_INT(ar_life_view(&context, arena, "one", &view, &error), 0);
	return ar_status_name(view.status);
}

static pid_t dead_process(void)
{
	pid_t pid = start_process();

	stand(pid);
	CHECK_INT(kill(pid, SIGKILL), 0);
	CHECK_INT(ended_by(pid), SIGKILL);
	return pid;
}

TEST("a running container gets the signal")
{
	pid_t pid = start_process();

	stand(pid);
	CHECK_STR(status_now(), "running");
	CHECK_INT(ar_life_kill(&context, "one", SIGUSR1, false, &error), 0);
	CHECK_INT(ended_by(pid), SIGUSR1);
	CHECK_STR(status_now(), "stopped");
}

TEST("a container without a pid namespace and a cgroup of its own is killed nevertheless")
{
	pid_t pid = start_process();

	stand(pid);
	CHECK_INT(ar_life_kill(&context, "one", SIGKILL, false, &error), 0);
	CHECK_INT(ended_by(pid), SIGKILL);
}

TEST("a created container gets the signal too")
{
	pid_t pid = start_process();
	struct ar_dir dir = make_container(pid);

	wait_for_start(&dir);
	ar_dir_close(&dir);
	CHECK_STR(status_now(), "created");
	CHECK_INT(ar_life_kill(&context, "one", SIGTERM, false, &error), 0);
	CHECK_INT(ended_by(pid), SIGTERM);
}

TEST("a container is started when its init was let go, also when the one that did so was killed then")
{
	pid_t pid = start_process();
	struct ar_dir dir = make_container(pid);
	int fifo = wait_for_start(&dir);

	CHECK_STR(status_now(), "created");
	CHECK_INT(close(fifo), 0);
	CHECK_STR(status_now(), "running");
	ar_dir_close(&dir);
	CHECK_INT(kill(pid, SIGKILL), 0);
}

TEST("signal 0 asks whether the container runs")
{
	pid_t pid = start_process();

	stand(pid);
	CHECK_INT(ar_life_kill(&context, "one", 0, false, &error), 0);
	CHECK_INT(kill(pid, SIGKILL), 0);
	CHECK_INT(ended_by(pid), SIGKILL);
	CHECK_INT(ar_life_kill(&context, "one", 0, false, &error), -ESRCH);
}

TEST("a stopped container gets no signal, which is no error for --all")
{
	(void)dead_process();
	CHECK_INT(ar_life_kill(&context, "one", SIGTERM, false, &error), -ESRCH);
	CHECK_STR(error.text, "container not running");
	CHECK_INT(ar_life_kill(&context, "one", SIGKILL, false, &error), -ESRCH);
	CHECK_STR(error.text, "container not running");
	CHECK_INT(ar_life_kill(&context, "one", SIGTERM, true, &error), 0);
	CHECK_INT(ar_life_kill(&context, "one", SIGKILL, true, &error), 0);
}

TEST("a process that was given the number of the container's gets no signal")
{
	pid_t pid = start_process();
	struct ar_record record = { .id = "one", .pid = { true, pid }, .start_time = { true, 1 } };
	struct ar_dir dir = make_container(0);

	CHECK_INT(ar_record_write(&dir, &record, &error), 0);
	ar_dir_close(&dir);
	CHECK_INT(ar_life_kill(&context, "one", SIGKILL, false, &error), -ESRCH);
	CHECK_INT(ar_life_delete(&context, "one", true, &error), 0);
	CHECK_INT(kill(pid, SIGTERM), 0);
	CHECK_INT(ended_by(pid), SIGTERM);
}

TEST("what does not exist cannot be killed, viewed or deleted, unless deletion is forced")
{
	struct ar_view view;

	stand(0);
	CHECK_INT(ar_life_kill(&context, "two", SIGTERM, true, &error), -ENOENT);
	CHECK_STR(error.text, "container does not exist");
	CHECK_INT(ar_life_view(&context, NULL, "two", &view, &error), -ENOENT);
	CHECK_STR(error.text, "container does not exist");
	CHECK_INT(ar_life_delete(&context, "two", false, &error), -ENOENT);
	CHECK_STR(error.text, "container does not exist");
	CHECK_INT(ar_life_delete(&context, "two", true, &error), 0);
	CHECK_INT(ar_life_delete(&context, "../two", true, &error), -EINVAL);
}

TEST("a stopped container is deleted")
{
	(void)dead_process();
	CHECK_INT(ar_life_delete(&context, "one", false, &error), 0);
	CHECK(!is_there());
}

TEST("a running container is not deleted, and goes on")
{
	pid_t pid = start_process();

	stand(pid);
	CHECK_INT(ar_life_delete(&context, "one", false, &error), -EBUSY);
	CHECK_STR(error.text, "cannot delete container one that is not stopped: running");
	CHECK(is_there());
	CHECK_INT(kill(pid, SIGTERM), 0);
	CHECK_INT(ended_by(pid), SIGTERM);
}

TEST("a running container is killed and deleted by force")
{
	pid_t pid = start_process();

	stand(pid);
	CHECK_INT(ar_life_delete(&context, "one", true, &error), 0);
	CHECK_INT(ended_by(pid), SIGKILL);
	CHECK(!is_there());
}

TEST("a created container is killed and deleted without force")
{
	pid_t pid = start_process();
	struct ar_dir dir = make_container(pid);

	wait_for_start(&dir);
	ar_dir_close(&dir);
	CHECK_INT(ar_life_delete(&context, "one", false, &error), 0);
	CHECK_INT(ended_by(pid), SIGKILL);
	CHECK(!is_there());
}

TEST("a container is being created while somebody works on it, and has failed afterwards")
{
	int go[2];
	char byte;
	pid_t pid;
	struct ar_dir dir;

	CHECK_INT(pipe(go), 0);
	dir = make_container(0);
	ar_dir_close(&dir);
	pid = fork();
	if (pid == 0) {
		CHECK_INT(ar_dir_open(context.root, "one", AR_LOCK_EXCLUSIVE, &dir, &error), 0);
		CHECK_INT(write(go[1], "", 1), 1);
		for (;;)
			pause();
	}
	CHECK_INT(read(go[0], &byte, 1), 1);
	CHECK_STR(status_now(), "creating");
	CHECK_INT(kill(pid, SIGKILL), 0);
	CHECK_INT(ended_by(pid), SIGKILL);
	CHECK_STR(status_now(), "stopped");
	CHECK_INT(ar_life_delete(&context, "one", false, &error), 0);
	CHECK(!is_there());
}

TEST("a container is deleted by force from under a command that hangs until its process ends")
{
	pid_t pid = start_process(), worker;
	int status, locked[2];
	char byte;

	stand(pid);
	CHECK_INT(pipe2(locked, O_CLOEXEC), 0);
	worker = fork();
	if (worker == 0) {
		struct ar_dir dir = AR_DIR_INIT;

		CHECK_INT(ar_dir_open(context.root, "one", AR_LOCK_EXCLUSIVE, &dir, &error), 0);
		CHECK_INT(write(locked[1], "", 1), 1);
		while (kill(pid, 0) == 0)
			usleep(10000);
		_exit(0);
	}
	CHECK_INT(read(locked[0], &byte, 1), 1);
	if (fork() == 0)
		_exit(ar_life_delete(&context, "one", true, &error) ? 1 : 0);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK(WIFSIGNALED(status));
	CHECK_INT(waitpid(worker, &status, 0), worker);
	close(locked[0]);
	close(locked[1]);
	CHECK_INT(waitpid(-1, &status, 0) > 0, 1);
	CHECK_INT(status, 0);
	CHECK(!is_there());
}

TEST("what a create left that died before its first record is deleted")
{
	for (int force = 0; force < 2; force++) {
		struct ar_dir dir = make_container(0);

		CHECK_INT(unlinkat(dir.fd, "state.json", 0), 0);
		ar_dir_close(&dir);
		CHECK_INT(ar_life_delete(&context, "one", force, &error), force ? 0 : -ENOENT);
		CHECK(!is_there());
	}
}

TEST("a damaged record is an error, for it says what else there is to remove")
{
	struct ar_dir dir = make_container(0);

	CHECK_INT(ar_file_replace(dir.fd, "state.json", "{", 1, 0600, &error), 0);
	ar_dir_close(&dir);
	CHECK(ar_life_delete(&context, "one", true, &error) < 0);
	CHECK_HAS(error.text, "state.json");
	CHECK(is_there());
}

TEST("a damaged configuration keeps no container from being deleted by force")
{
	pid_t pid = start_process();
	struct ar_dir dir = make_container(pid);
	static const char text[] = "{\"poststop\"";

	CHECK_INT(ar_file_replace(dir.fd, "effective.json", text, sizeof(text) - 1, 0600, &error),
		  0);
	ar_dir_close(&dir);
	CHECK_INT(kill(pid, SIGKILL), 0);
	CHECK_INT(ended_by(pid), SIGKILL);
	CHECK(ar_life_delete(&context, "one", false, &error) < 0);
	CHECK(is_there());
	CHECK_INT(ar_life_delete(&context, "one", true, &error), 0);
	CHECK(!is_there());
}

int main(void)
{
	return test_main();
}
