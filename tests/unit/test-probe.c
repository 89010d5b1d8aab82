/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/probe-internal.h"
#include "kernel/probe.h"

/* --- a bundle on disk -------------------------------------------------------------------- */

static struct ar_arena *arena;
static struct ar_error err;
static char bundle[200];

static const char *at(const char *name)
{
	static char path[4][400];
	static unsigned int n;
	char *p = path[n++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", bundle, name);
	return p;
}

static void dir(const char *name)
{
	CHECK_INT(mkdir(at(name), 0755), 0);
}

static void file(const char *name, const char *text)
{
	FILE *f = fopen(at(name), "w");

	CHECK(f);
	CHECK(fputs(text, f) >= 0);
	CHECK_INT(fclose(f), 0);
}

static void link_to(const char *target, const char *name)
{
	CHECK_INT(symlink(target, at(name)), 0);
}

static void make_bundle(void)
{
	arena = ar_arena_new();
	snprintf(bundle, sizeof(bundle), "%s/bundle%d", test_dir(), getpid());
	CHECK_INT(mkdir(bundle, 0755), 0);
	dir("rootfs");
	dir("rootfs/etc");
	dir("rootfs/var");
}

static struct ar_mount bind_of(const char *source, const char *destination)
{
	static const char *options[] = { "rbind", NULL };

	return (struct ar_mount){ .source = source,
				  .destination = destination,
				  .type = "bind",
				  .options = { options, 1 } };
}

static int probed(struct ar_spec *spec, enum ar_profile profile, struct ar_facts **ret)
{
	_cleanup_fd_ int fd = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);

	err = (struct ar_error){ 0 };
	return ar_probe(arena, spec, profile, fd, bundle, "box", at("state"), &ar_config_default,
			ret, &err);
}

static struct ar_root root = { .path = "rootfs" };

static struct ar_facts *facts_of(struct ar_mount *mounts, size_t n)
{
	struct ar_spec spec = { .root = &root, .mounts = { mounts, n } };
	struct ar_facts *f = NULL;

	if (probed(&spec, AR_PROFILE_AGENT, &f) < 0)
		test_fail(__FILE__, __LINE__, "%s", err.text);
	return f;
}

static void done(struct ar_facts *f)
{
	ar_facts_done(f);
	ar_arena_free(arena);
}

/* --- sources ----------------------------------------------------------------------------- */

TEST("a missing source is an error in the words that engines look for")
{
	struct ar_mount m = bind_of("/nowhere/x", "/x");
	struct ar_spec spec = { .root = &root, .mounts = { &m, 1 } };
	struct ar_facts *f = NULL;

	make_bundle();
	CHECK_INT(probed(&spec, AR_PROFILE_COMPAT, &f), -ENOENT);
	CHECK_STR(err.text, "bind mount source '/nowhere/x': no such file or directory");
	CHECK(!f);
	ar_arena_free(arena);
}

TEST("a relative source is one of the bundle, and links are resolved")
{
	struct ar_mount m[] = { bind_of("data", "/a"),
				{ .type = "proc", .destination = "/proc" },
				bind_of("link", "/b") };
	struct ar_facts *f;
	char want[300];

	make_bundle();
	dir("data");
	link_to("data", "link");
	f = facts_of(m, 3);
	snprintf(want, sizeof(want), "%s/data", bundle);
	CHECK_UINT(f->n_sources, 2);
	CHECK_INT(f->mount_source[0], 0);
	CHECK_INT(f->mount_source[1], -1);
	CHECK_INT(f->mount_source[2], 1);
	CHECK_STR(f->sources[0].resolved, want);
	CHECK_STR(f->sources[1].resolved, want);
	CHECK(f->sources[1].fd >= 0);
	CHECK(S_ISDIR(f->sources[1].mode));
	done(f);
}

TEST("a source is looked at as what it is: procfs, socket, device")
{
	struct ar_mount m[] = { bind_of("/proc/sys", "/a"), bind_of("sock", "/b"),
				bind_of("/dev/null", "/c") };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct ar_facts *f;

	make_bundle();
	CHECK_INT(chdir(bundle), 0);
	strcpy(addr.sun_path, "sock");
	CHECK_INT(bind(sock, (struct sockaddr *)&addr, sizeof(addr)), 0);
	f = facts_of(m, 3);
	CHECK_UINT(f->sources[0].fs_type, 0x9fa0);
	CHECK(S_ISSOCK(f->sources[1].mode));
	CHECK(S_ISCHR(f->sources[2].mode));
	close(sock);
	done(f);
}

TEST("a source has the flags of its mount on the host")
{
	struct ar_mount m[] = { bind_of("/proc/sys/kernel", "/a"), bind_of("data", "/b") };
	struct ar_facts *f;
	struct statvfs st;

	make_bundle();
	dir("data");
	f = facts_of(m, 2);
	for (size_t i = 0; i < 2; i++) {
		CHECK_INT(statvfs(i ? at("data") : "/proc/sys/kernel", &st), 0);
		CHECK_INT(!(f->sources[i].attr & MOUNT_ATTR_NOEXEC), !(st.f_flag & ST_NOEXEC));
		CHECK_INT(!(f->sources[i].attr & MOUNT_ATTR_RDONLY), !(st.f_flag & ST_RDONLY));
		CHECK_UINT(f->sources[i].attr_below, 0);
	}
	done(f);
}

TEST("the host's system is known under another name")
{
	/* the same directory through /proc, as a bind mount elsewhere would show it */
	struct ar_mount m[] = { bind_of("/proc/self/root/etc", "/a"), bind_of("/var/lib", "/b"),
				bind_of("/", "/c"), bind_of("data", "/d") };
	struct ar_facts *f;

	make_bundle();
	dir("data");
	f = facts_of(m, 4);
	CHECK_STR(f->sources[0].holds, "/etc");
	CHECK(f->sources[2].holds);
	CHECK_STR(f->sources[3].holds, NULL);
	done(f);
}

TEST("credentials are found in a directory, and beside it where a name has two parts")
{
	struct ar_mount m[] = { bind_of("home", "/a"), bind_of("project", "/b"),
				bind_of("project/.docker", "/c"), bind_of("docker/.docker", "/d"),
				bind_of("link", "/e") };
	struct ar_facts *f;

	make_bundle();
	dir("home");
	dir("home/.ssh");
	dir("project");
	dir("project/.docker");
	file("project/.docker/Dockerfile", "");
	dir("docker");
	dir("docker/.docker");
	file("docker/.docker/config.json", "{}");
	dir("link");
	link_to("/nowhere", "link/.netrc");
	f = facts_of(m, 5);
	CHECK_STR(f->sources[0].holds, ".ssh");
	CHECK_STR(f->sources[1].holds, NULL);
	CHECK_STR(f->sources[2].holds, NULL);
	CHECK_STR(f->sources[3].holds, ".docker/config.json");
	CHECK_STR(f->sources[4].holds, ".netrc");
	done(f);
}

/* --- targets ----------------------------------------------------------------------------- */

TEST("destinations are resolved inside the root, also through links to nothing")
{
	struct ar_mount m[] = { bind_of("rootfs", "/var/run/secrets/x"),
				bind_of("rootfs", "/plain"), bind_of("rootfs", "/abs/y"),
				bind_of("rootfs", "/up/z"), bind_of("rootfs", "/ring/z") };
	struct ar_facts *f;

	make_bundle();
	link_to("/run", "rootfs/var/run"); /* the image has no /run */
	link_to("/etc", "rootfs/abs");
	link_to("../../../../etc", "rootfs/up");
	link_to("ring", "rootfs/ring");
	link_to("/var/tmp", "rootfs/tmp");
	f = facts_of(m, 5);
	CHECK_STR(f->mount_target[0], "/run/secrets/x");
	CHECK_STR(f->mount_target[1], "/plain");
	CHECK_STR(f->mount_target[2], "/etc/y");
	CHECK_STR(f->mount_target[3], "/etc/z");
	CHECK_STR(f->mount_target[4], "/ring/z");
	CHECK_STR(f->scratch_target[AR_SCRATCH_TMP], "/var/tmp");
	CHECK_STR(f->scratch_target[AR_SCRATCH_RUN], "/run");
	done(f);
}

/* --- home -------------------------------------------------------------------------------- */

static struct ar_facts *facts_of_user(uint64_t uid)
{
	struct ar_user user = { .uid = { true, uid } };
	struct ar_process process = { .user = &user };
	struct ar_spec spec = { .root = &root, .process = &process };
	struct ar_facts *f = NULL;

	CHECK_INT(probed(&spec, AR_PROFILE_AGENT, &f), 0);
	return f;
}

TEST("the home is the one of the user's own line in the image")
{
	struct ar_facts *f;

	make_bundle();
	file("rootfs/etc/passwd",
	     "root:x:0:0:root:/root:/bin/sh\n# comment\nbroken:x\n:::\n"
	     "app:x:1000:1000::/srv/app:/bin/sh\nlate:x:1000:1:::/\nrel:x:7:7::home:/bin/sh\n"
	     "last:x:8:8::/last");
	dir("rootfs/srv");
	dir("rootfs/srv/app");
	f = facts_of_user(1000);
	CHECK_STR(f->home, "/srv/app");
	CHECK(f->home_exists);
	ar_facts_done(f);
	f = facts_of_user(0);
	CHECK_STR(f->home, "/root");
	CHECK(!f->home_exists);
	ar_facts_done(f);
	f = facts_of_user(8);
	CHECK_STR(f->home, "/last");
	ar_facts_done(f);
	f = facts_of_user(7);
	CHECK_STR(f->home, NULL);
	ar_facts_done(f);
	f = facts_of_user(99);
	CHECK_STR(f->home, NULL);
	done(f);
}

TEST("an image's passwd that leads out of the image, or is no file, is not read")
{
	struct ar_facts *f;

	make_bundle();
	link_to("/../../../../../../../../../etc/passwd", "rootfs/etc/passwd");
	f = facts_of_user(0);
	CHECK_STR(f->home, NULL);
	ar_facts_done(f);
	CHECK_INT(unlink(at("rootfs/etc/passwd")), 0);
	CHECK_INT(mkfifo(at("rootfs/etc/passwd"), 0600), 0);
	f = facts_of_user(0);
	CHECK_STR(f->home, NULL);
	done(f);
}

/* --- namespaces and hooks ---------------------------------------------------------------- */

TEST("a path to our own namespace is told from others")
{
	struct ar_namespace ns[] = { { "network", "/proc/self/ns/net" },
				     { "pid", NULL },
				     { "ipc", "/etc/passwd" } };
	struct ar_linux l = { .namespaces = { ns, 3 } };
	struct ar_spec spec = { .root = &root, .linux = &l };
	struct ar_facts *f = NULL;
	bool own = false;

	make_bundle();
	CHECK_INT(probed(&spec, AR_PROFILE_AGENT, &f), 0);
	CHECK_HAS(f->namespaces[0], "net:[");
	CHECK_STR(f->namespaces[1], NULL);
	CHECK_STR(f->namespaces[2], NULL);
	for (const char *const *p = f->host_namespaces; *p; p++)
		own = own || ar_streq(*p, f->namespaces[0]);
	CHECK(own);
	done(f);
}

TEST("a hook is followed to its file, through /proc too")
{
	char exe[64], self[400];
	struct ar_hook hooks[] = { { .path = exe }, { .path = "/nowhere" } },
		       stop = { .path = "/bin/sh" };
	struct ar_hooks h = { .prestart = { hooks, 2 }, .poststop = { &stop, 1 } };
	struct ar_spec spec = { .root = &root, .hooks = &h };
	struct ar_facts *f = NULL;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	CHECK(n > 0);
	self[n] = '\0';
	snprintf(exe, sizeof(exe), "/proc/%d/exe", getpid());
	make_bundle();
	CHECK_INT(probed(&spec, AR_PROFILE_AGENT, &f), 0);
	CHECK_UINT(f->n_hooks, 3);
	CHECK_STR(f->hooks[0].resolved, self);
	CHECK_STR(f->hooks[1].resolved, NULL);
	CHECK(f->hooks[2].resolved);
	CHECK(S_ISREG(f->hooks[2].mode));
	CHECK_INT(f->hooks[2].uid, 0);
	CHECK(!f->hooks[2].caller_may_write);
	done(f);
}

/* In a mount namespace of the test's own, list stands for /etc/group. */
static bool groups_unknown(const char *list)
{
	struct ar_spec spec = { .root = &root };
	struct ar_facts *f = NULL;
	bool unknown;

	CHECK_INT(mount(list, "/etc/group", NULL, MS_BIND, NULL), 0);
	CHECK_INT(probed(&spec, AR_PROFILE_AGENT, &f), 0);
	unknown = f->groups_unknown;
	CHECK(!unknown || f->n_groups == 0);
	ar_facts_done(f);
	return unknown;
}

TEST("a list of the host's groups that cannot be read is not taken for an empty one")
{
	make_bundle();
	if (access("/etc/group", F_OK) < 0 || unshare(CLONE_NEWNS) < 0)
		SKIP("needs CAP_SYS_ADMIN for a mount namespace");
	CHECK_INT(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	file("group", "disk:x:6:\n");
	CHECK(!groups_unknown(at("group")));
	CHECK_INT(truncate(at("group"), 5 << 20), 0);
	CHECK(groups_unknown(at("group")));
	ar_arena_free(arena);
}

TEST("without the list of AppArmor's profiles the mode of one is unknown")
{
	arena = ar_arena_new();
	if (access("/sys/kernel/security/apparmor/profiles", F_OK) == 0)
		SKIP("needs a host without AppArmor");
	CHECK_STR(ar_probe_apparmor_mode(arena, "docker-default"), "unknown");
	ar_arena_free(arena);
}

/* --- what must not be opened --------------------------------------------------------------- */

/* Some devices act on being opened (watchdogs, tapes): a fifo stands for them. */
static int watch_opens(const char *name)
{
	int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	CHECK(watch >= 0);
	CHECK(inotify_add_watch(watch, at(name), IN_OPEN) >= 0);
	return watch;
}

static bool was_opened(int watch)
{
	char event[512];

	return read(watch, event, sizeof(event)) > 0;
}

TEST("what an image has for its passwd, and no file, is not even opened")
{
	int watch;

	make_bundle();
	CHECK_INT(mkfifo(at("rootfs/etc/passwd"), 0600), 0);
	watch = watch_opens("rootfs/etc/passwd");
	done(facts_of_user(0));
	CHECK(!was_opened(watch));
	close(watch);
}

/* As a namespace of that type. */
static void check_namespace_unopened(const char *type)
{
	struct ar_namespace ns = { .type = type };
	struct ar_linux l = { .namespaces = { &ns, 1 } };
	struct ar_spec spec = { .root = &root, .linux = &l };
	struct ar_facts *f = NULL;
	int watch, fd;

	make_bundle();
	ns.path = at("fifo");
	CHECK_INT(mkfifo(ns.path, 0600), 0);
	watch = watch_opens("fifo");
	CHECK_INT(probed(&spec, AR_PROFILE_AGENT, &f), 0);
	CHECK_STR(f->namespaces[0], NULL);
	CHECK(!was_opened(watch));
	fd = open(ns.path, O_RDONLY | O_NONBLOCK); /* this is what the watch sees */
	CHECK(fd >= 0);
	CHECK(was_opened(watch));
	close(fd);
	close(watch);
	done(f);
}

TEST("what a bundle names for a namespace, and is none, is not even opened")
{
	check_namespace_unopened("network");
}

TEST("what a bundle names for a user namespace, and is none, is not even opened")
{
	check_namespace_unopened("user");
}

/* --- costs ------------------------------------------------------------------------------- */

static unsigned int open_descriptors(void)
{
	unsigned int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

TEST("compat gathers descriptors and nothing else")
{
	struct ar_mount m = bind_of("/var/lib", "/b");
	struct ar_spec spec = { .root = &root, .mounts = { &m, 1 } };
	struct ar_facts *f = NULL;

	make_bundle();
	CHECK_INT(probed(&spec, AR_PROFILE_COMPAT, &f), 0);
	CHECK(f->root.fd >= 0);
	CHECK(f->sources[0].fd >= 0);
	CHECK_STR(f->sources[0].holds, NULL);
	CHECK(!f->mount_target);
	CHECK(!f->host_namespaces);
	done(f);
}

TEST("every descriptor is given back, also after an error")
{
	struct ar_mount m[] = { bind_of("rootfs", "/a"), bind_of("rootfs/missing", "/b") };
	struct ar_spec spec = { .root = &root, .mounts = { m, 2 } };
	struct ar_facts *f = NULL;
	unsigned int before;

	make_bundle();
	before = open_descriptors();
	CHECK_INT(probed(&spec, AR_PROFILE_AGENT, &f), -ENOENT);
	CHECK_UINT(open_descriptors(), before);
	spec.mounts.n = 1;
	CHECK_INT(probed(&spec, AR_PROFILE_AGENT, &f), 0);
	CHECK_UINT(open_descriptors(), before + 2);
	ar_facts_done(f);
	CHECK_UINT(open_descriptors(), before);
	ar_facts_done(NULL);
	ar_arena_free(arena);
}

int main(void)
{
	return test_main();
}
