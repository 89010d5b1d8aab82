/* SPDX-License-Identifier: GPL-2.0-or-later */
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
#include "base/str.h"
#include "spec/spec.h"
#include "state/dir.h"
#include "state/record.h"
#include "state/status.h"

#include "test.h"

static struct ar_error error;

/* A new container of the test's own. */
static struct ar_dir new_dir(void)
{
	struct ar_dir dir = AR_DIR_INIT;
	char root[4096];

	(void)snprintf(root, sizeof(root), "%s/state-%d", test_dir(), getpid());
	CHECK_INT(ar_dir_create(root, "one", &dir, &error), 0);
	return dir;
}

static void put(const struct ar_dir *dir, const char *text)
{
	CHECK_INT(ar_file_replace(dir->fd, "state.json", text, strlen(text), 0600, &error), 0);
}

static int get(const struct ar_dir *dir, struct ar_record **ret)
{
	static struct ar_arena *arena;

	ar_arena_free(arena);
	arena = ar_arena_new();
	return ar_record_read(arena, dir, ret, &error);
}

/* A process that waits to be killed, and the record of a container that is it. */
static struct ar_record start_process(void)
{
	struct ar_record record = { .id = "one", .pid = { true, 0 }, .start_time = { true, 0 } };

	record.pid.value = fork();
	if (record.pid.value == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	CHECK_INT(ar_process_start_time((pid_t)record.pid.value, &record.start_time.value, NULL),
		  0);
	return record;
}

static void end_process(const struct ar_record *record)
{
	CHECK_INT(kill((pid_t)record->pid.value, SIGKILL), 0);
	CHECK_INT(waitpid((pid_t)record->pid.value, NULL, 0), record->pid.value);
}

static const char *status_of(const struct ar_dir *dir, const struct ar_record *record)
{
	enum ar_status status, again;
	int pidfd;

	CHECK_INT(ar_record_status(dir, record, &status, NULL, &error), 0);
	CHECK_INT(ar_record_status(dir, record, &again, &pidfd, &error), 0);
	CHECK_INT(again, status);
	CHECK_INT(pidfd >= 0, status != AR_STATUS_STOPPED && status != AR_STATUS_CREATING);
	ar_close_fd(&pidfd);
	return ar_status_name(status);
}

TEST("what was recorded is read again")
{
	_cleanup_dir_ struct ar_dir dir = new_dir();
	struct ar_pair annotation = { "org.example.key", "a \"value\"\n" };
	struct ar_outcome outcomes[] = { { "seccomp", "enforced", NULL },
					 { "landlock", "not applied", "the kernel has none" } };
	struct ar_record out = {
		.id = "one",
		.oci_version = "1.2.0",
		.pid = { true, 4711 },
		.start_time = { true, UINT64_MAX },
		.bundle = "/bundle",
		.rootfs = "/bundle/rootfs",
		.created = "2026-01-02T03:04:05.000000006Z",
		.owner = { true, 4294967294 },
		.profile = "agent",
		.cgroup = "/agentrun/one",
		.cgroup_root = "/sys/fs/cgroup",
		.backend = "native",
		.digest = "sha256:00",
		.started = AR_YES,
		.annotations = { &annotation, 1 },
		.outcomes = { outcomes, 2 },
	};
	struct ar_record *in;
	const struct ar_outcome *got;

	CHECK_INT(ar_record_write(&dir, &out, &error), 0);
	CHECK_INT(get(&dir, &in), 0);
	CHECK_INT(in->version.value, 1);
	CHECK_STR(in->id, out.id);
	CHECK_STR(in->oci_version, out.oci_version);
	CHECK_INT(in->pid.value, 4711);
	CHECK(in->start_time.value == UINT64_MAX);
	CHECK_STR(in->bundle, out.bundle);
	CHECK_STR(in->rootfs, out.rootfs);
	CHECK_STR(in->created, out.created);
	CHECK_UINT(in->owner.value, 4294967294);
	CHECK_STR(in->profile, out.profile);
	CHECK_STR(in->cgroup, out.cgroup);
	CHECK_STR(in->cgroup_root, out.cgroup_root);
	CHECK_STR(in->backend, out.backend);
	CHECK_STR(in->digest, out.digest);
	CHECK_INT(in->started, AR_YES);
	CHECK_STR(ar_map_get(&in->annotations, "org.example.key"), annotation.value);
	CHECK_UINT(in->outcomes.n, 2);
	got = in->outcomes.items;
	CHECK_STR(got[0].result, "enforced");
	CHECK_STR(got[0].why, NULL);
	CHECK_STR(got[1].control, "landlock");
	CHECK_STR(got[1].why, "the kernel has none");
}

TEST("the file has what programs look for in runc's")
{
	_cleanup_dir_ struct ar_dir dir = new_dir();
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_pair annotation = { "org.example.key", "x" };
	struct ar_namespace namespaces[] = { { "pid", NULL }, { "network", "/run/netns/a" } };
	struct ar_record record = {
		.id = "one",
		.oci_version = "1.3.0",
		.pid = { true, 4711 },
		.start_time = { true, 99 },
		.bundle = "/bundle",
		.rootfs = "/bundle/rootfs",
		.hostname = "host",
		.namespaces = { namespaces, 2 },
		.created = "2026-01-02T03:04:05.000000006Z",
		.owner = { true, 0 },
		.cgroup = "/system.slice/docker-one.scope",
		.cgroup_root = "/sys/fs/cgroup",
		.unit = "docker-one.scope",
		.annotations = { &annotation, 1 },
	};
	char *text;
	size_t len;

	CHECK_INT(ar_record_write(&dir, &record, &error), 0);
	CHECK_INT(ar_file_read(arena, dir.fd, "state.json", 65536, &text, &len, &error), 0);
	CHECK_HAS(text, "\"id\":\"one\"");
	CHECK_HAS(text, "\"init_process_pid\":4711,\"init_process_start\":99");
	CHECK_HAS(text, "\"created\":\"2026-01-02T03:04:05.000000006Z\"");
	CHECK_HAS(
		text,
		"\"rootless\":false,\"config\":{\"rootfs\":\"/bundle/rootfs\",\"hostname\":\"host\","
		"\"namespaces\":[{\"type\":\"NEWPID\",\"path\":\"\"},"
		"{\"type\":\"NEWNET\",\"path\":\"/run/netns/a\"}],"
		"\"cgroups\":{\"scope_prefix\":\"docker\",\"name\":\"one\",\"devices\":[],"
		"\"Systemd\":true,\"Rootless\":false},\"version\":\"1.3.0\","
		"\"labels\":[\"org.example.key=x\",\"bundle=/bundle\"],\"rootless_euid\":false}");
	CHECK_HAS(text, "\"cgroup_paths\":{\"\":\"/sys/fs/cgroup/system.slice/docker-one.scope\"}");
	CHECK_HAS(text, "\"NEWNS\":\"/proc/4711/ns/mnt\"");
	CHECK_HAS(text, "\"NEWCGROUP\":\"/proc/4711/ns/cgroup\"");

	record.unit = NULL;
	record.cgroup = "/agentrun/one";
	CHECK_INT(ar_record_write(&dir, &record, &error), 0);
	CHECK_INT(ar_file_read(arena, dir.fd, "state.json", 65536, &text, &len, &error), 0);
	CHECK_HAS(text, "\"cgroups\":{\"path\":\"/agentrun/one\",\"devices\":[],\"Systemd\":false");
	CHECK_HAS(text, "\"cgroup_paths\":{\"\":\"/sys/fs/cgroup/agentrun/one\"}");

	/* before there are a cgroup and a process */
	record.cgroup = NULL;
	record.pid.value = 0;
	CHECK_INT(ar_record_write(&dir, &record, &error), 0);
	CHECK_INT(ar_file_read(arena, dir.fd, "state.json", 65536, &text, &len, &error), 0);
	CHECK_HAS(text, "\"cgroup_paths\":{},\"namespace_paths\":{}");
}

TEST("a path that is not UTF-8 is refused, not recorded as another")
{
	_cleanup_dir_ struct ar_dir dir = new_dir();
	struct ar_record record = { .id = "one", .bundle = "/b/\xc3\xa9" };

	CHECK_INT(ar_record_write(&dir, &record, &error), 0);
	record.bundle = "/b/\xe9";
	CHECK_INT(ar_record_write(&dir, &record, &error), -EILSEQ);
	CHECK_HAS(error.text, "bundle '/b/\xe9': the path is not UTF-8");
	record.bundle = "/b";
	record.cgroup = "/a/\xc3";
	CHECK_INT(ar_record_write(&dir, &record, &error), -EILSEQ);
	CHECK_HAS(error.text, "cgroup '/a/\xc3': the path is not UTF-8");
}

TEST("a record is its owner's alone")
{
	_cleanup_dir_ struct ar_dir dir = new_dir();
	struct ar_record out = { .id = "one" };
	struct stat st;

	umask(0);
	CHECK_INT(ar_record_write(&dir, &out, &error), 0);
	CHECK_INT(fstatat(dir.fd, "state.json", &st, 0), 0);
	CHECK_UINT(st.st_mode & 07777, 0600);
}

TEST("a container without a record does not exist for those who ask")
{
	_cleanup_dir_ struct ar_dir dir = new_dir();
	struct ar_record *record;

	CHECK_INT(get(&dir, &record), -ENOENT);
	CHECK_STR(error.text, "container does not exist");
}

TEST("a record of a newer version with the same format is read, what it adds is left alone")
{
	_cleanup_dir_ struct ar_dir dir = new_dir();
	struct ar_record *record;

	put(&dir, "{\"version\":1,\"id\":\"one\",\"news\":{\"a\":[1]}}");
	CHECK_INT(get(&dir, &record), 0);
	CHECK_STR(record->id, "one");
}

TEST("a record of a newer format is refused by name")
{
	_cleanup_dir_ struct ar_dir dir = new_dir();
	struct ar_record *record;

	put(&dir, "{\"version\":2,\"id\":{\"now\":\"an object\"}}");
	CHECK_INT(get(&dir, &record), -ENOTSUP);
	CHECK_HAS(error.text, "newer version of agentrun");
}

TEST("a damaged record is refused and the place is named")
{
	static const struct {
		const char *text, *part;
	} bad[] = {
		{ "", "state.json" },
		{ "{\"version\":1,", "state.json:1" },
		{ "{\"version\":1,\n\"id\":7}", "state.json:2: id" },
		{ "{\"version\":1,\"id\":\"a\",\"init_process_pid\":-1}", "init_process_pid" },
		{ "{\"version\":1,\"id\":\"a\",\"init_process_pid\":2147483648}",
		  "init_process_pid" },
		{ "{\"version\":1,\"id\":\"a\",\"init_process_start\":-1}", "init_process_start" },
		{ "{\"id\":\"a\"}", "version" },
		{ "[]", "state.json" },
		{ "{\"version\":1,\"id\":\"a\",\"id\":\"b\"}", "id" },
	};
	_cleanup_dir_ struct ar_dir dir = new_dir();
	struct ar_record *record;

	for (size_t i = 0; i < AR_COUNT(bad); i++) {
		put(&dir, bad[i].text);
		CHECK(get(&dir, &record) < 0);
		CHECK_HAS(error.text, bad[i].part);
	}
}

TEST("a record that somebody else could have written is not believed")
{
	_cleanup_dir_ struct ar_dir dir = new_dir();
	struct ar_record *record;

	put(&dir, "{\"version\":1,\"id\":\"one\"}");
	CHECK_INT(fchmodat(dir.fd, "state.json", 0620, 0), 0);
	CHECK_INT(get(&dir, &record), -EPERM);
	CHECK_HAS(error.text, "not trusted");
	CHECK_INT(renameat(dir.fd, "state.json", dir.fd, "other"), 0);
	CHECK_INT(fchmodat(dir.fd, "other", 0600, 0), 0);
	CHECK_INT(symlinkat("other", dir.fd, "state.json"), 0);
	CHECK(get(&dir, &record) < 0);
	CHECK_INT(unlinkat(dir.fd, "state.json", 0), 0);
	CHECK_INT(mkfifoat(dir.fd, "state.json", 0600), 0);
	CHECK_INT(get(&dir, &record), -EPERM);
}

TEST("a container without a process is being created")
{
	_cleanup_dir_ struct ar_dir dir = new_dir();
	struct ar_record record = { .id = "one" };

	CHECK_STR(status_of(&dir, &record), "creating");
	record.pid.set = true;
	CHECK_STR(status_of(&dir, &record), "creating");
}

TEST("a container is created while its init waits at the fifo, then it runs, then it is stopped")
{
	_cleanup_dir_ struct ar_dir dir = new_dir();
	struct ar_record record = start_process();
	int fifo;

	CHECK_INT(mkfifoat(dir.fd, "exec.fifo", 0600), 0);
	fifo = openat(dir.fd, "exec.fifo", O_RDWR | O_CLOEXEC);
	CHECK_STR(status_of(&dir, &record), "created");
	CHECK_INT(close(fifo), 0);
	CHECK_STR(status_of(&dir, &record), "running");
	CHECK_INT(unlinkat(dir.fd, "exec.fifo", 0), 0);
	CHECK_STR(status_of(&dir, &record), "running");
	end_process(&record);
	CHECK_STR(status_of(&dir, &record), "stopped");
}

TEST("a container that was created and died before start is stopped")
{
	_cleanup_dir_ struct ar_dir dir = new_dir();
	struct ar_record record = start_process();

	CHECK_INT(mkfifoat(dir.fd, "exec.fifo", 0622), 0);
	end_process(&record);
	CHECK_STR(status_of(&dir, &record), "stopped");
}

TEST("a container whose process ended and was not reaped yet is stopped")
{
	_cleanup_dir_ struct ar_dir dir = new_dir();
	struct ar_record record = start_process();
	siginfo_t info;

	CHECK_INT(kill((pid_t)record.pid.value, SIGKILL), 0);
	CHECK_INT(waitid(P_PID, (id_t)record.pid.value, &info, WEXITED | WNOWAIT), 0);
	CHECK_STR(status_of(&dir, &record), "stopped");
}

TEST("another process with the same number is not the container")
{
	_cleanup_dir_ struct ar_dir dir = new_dir();
	struct ar_record record = start_process();

	record.start_time.value++;
	CHECK_STR(status_of(&dir, &record), "stopped");
	record.start_time.value--;
	end_process(&record);
}

/* The file of the kernel's freezer is one line in a directory: here it is an ordinary file. */
TEST("a container whose cgroup is frozen is paused, whether it was started or not")
{
	_cleanup_dir_ struct ar_dir dir = new_dir();
	struct ar_record record = start_process();

	record.cgroup_root = test_dir();
	record.cgroup = "/frozen";
	CHECK_STR(status_of(&dir, &record), "running");
	CHECK_INT(chdir(test_dir()), 0);
	CHECK_INT(mkdir("frozen", 0700), 0);
	CHECK_INT(ar_file_replace(AT_FDCWD, "frozen/cgroup.freeze", "0\n", 2, 0600, &error), 0);
	CHECK_STR(status_of(&dir, &record), "running");
	CHECK_INT(ar_file_replace(AT_FDCWD, "frozen/cgroup.freeze", "1\n", 2, 0600, &error), 0);
	CHECK_STR(status_of(&dir, &record), "paused");
	CHECK_INT(mkfifoat(dir.fd, "exec.fifo", 0622), 0);
	CHECK_STR(status_of(&dir, &record), "paused");
	end_process(&record);
	CHECK_STR(status_of(&dir, &record), "stopped");
}

int main(void)
{
	return test_main();
}
