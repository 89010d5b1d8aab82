/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "command.h"
#include "version.h"
#include "json/write.h"

#define FILE_NAME "config.json"

struct options {
	const char *bundle;
	bool rootless;
};

static const struct ar_option options[] = {
	{ "bundle", 'b', AR_OPTION_STRING, false, offsetof(struct options, bundle), NULL,
	  "directory to write the file to (default: the current directory)" },
	{ "rootless", 0, AR_OPTION_BOOL, false, offsetof(struct options, rootless), NULL,
	  "for a container that an ordinary user runs" },
};
static const struct ar_option_table table = AR_OPTIONS(AR_OPTIONS_ANYWHERE, options);

/*
 * The document as data: it is the one that runc writes, so that what users know to edit is there.
 */
static const char *const environment[] = { "PATH=" AR_PATH_USUAL, "TERM=xterm", NULL };
static const char *const arguments[] = { "sh", NULL };
static const char *const capabilities[] = { "CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE",
					    NULL };
static const char *const capability_sets[] = { "bounding", "effective", "permitted" };
static const char *const masked[] = { "/proc/acpi",
				      "/proc/asound",
				      "/proc/kcore",
				      "/proc/keys",
				      "/proc/latency_stats",
				      "/proc/timer_list",
				      "/proc/timer_stats",
				      "/proc/sched_debug",
				      "/sys/firmware",
				      "/proc/scsi",
				      "/sys/devices/virtual/tpm",
				      NULL };
static const char *const readonly[] = { "/proc/bus",	       "/proc/fs", "/proc/irq", "/proc/sys",
					"/proc/sysrq-trigger", NULL };
static const char *const namespaces[] = { "pid", "network", "ipc", "uts", "mount", "cgroup", NULL };
static const char *const namespaces_rootless[] = { "pid",    "ipc",  "uts", "mount",
						   "cgroup", "user", NULL };

/* In which of the two documents a line stands. */
enum where { BOTH, ROOT, ROOTLESS };

static const struct {
	enum where where;
	const char *destination, *type, *source;
	const char *const *options;
} mounts[] = {
	{ BOTH, "/proc", "proc", "proc", NULL },
	{ BOTH, "/dev", "tmpfs", "tmpfs",
	  (const char *const[]){ "nosuid", "strictatime", "mode=755", "size=65536k", NULL } },
	{ ROOT, "/dev/pts", "devpts", "devpts",
	  (const char *const[]){ "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620",
				 "gid=5", NULL } },
	/* group 5 is not mapped */
	{ ROOTLESS, "/dev/pts", "devpts", "devpts",
	  (const char *const[]){ "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620",
				 NULL } },
	{ BOTH, "/dev/shm", "tmpfs", "shm",
	  (const char *const[]){ "nosuid", "noexec", "nodev", "mode=1777", "size=65536k", NULL } },
	{ BOTH, "/dev/mqueue", "mqueue", "mqueue",
	  (const char *const[]){ "nosuid", "noexec", "nodev", NULL } },
	{ ROOT, "/sys", "sysfs", "sysfs",
	  (const char *const[]){ "nosuid", "noexec", "nodev", "ro", NULL } },
	/*
	 * a sysfs may only be mounted by who owns the network namespace, which is the host's here
	 */
	{ ROOTLESS, "/sys", "none", "/sys",
	  (const char *const[]){ "rbind", "nosuid", "noexec", "nodev", "ro", NULL } },
	{ BOTH, "/sys/fs/cgroup", "cgroup", "cgroup",
	  (const char *const[]){ "nosuid", "noexec", "nodev", "relatime", "ro", NULL } },
};

static void add_strings(struct ar_json_writer *w, const char *key, const char *const *list)
{
	ar_json_key(w, key);
	ar_json_open(w, '[');
	for (; *list; list++)
		ar_json_string(w, *list);
	ar_json_close(w, ']');
}

static void add_process(struct ar_json_writer *w)
{
	ar_json_key(w, "process");
	ar_json_open(w, '{');
	ar_json_kv_bool(w, "terminal", true);
	ar_json_key(w, "user");
	ar_json_open(w, '{');
	ar_json_kv_u64(w, "uid", 0);
	ar_json_kv_u64(w, "gid", 0);
	ar_json_close(w, '}');
	add_strings(w, "args", arguments);
	add_strings(w, "env", environment);
	ar_json_kv(w, "cwd", "/");
	ar_json_key(w, "capabilities");
	ar_json_open(w, '{');
	for (size_t i = 0; i < AR_COUNT(capability_sets); i++)
		add_strings(w, capability_sets[i], capabilities);
	ar_json_close(w, '}');
	ar_json_key(w, "rlimits");
	ar_json_open(w, '[');
	ar_json_open(w, '{');
	ar_json_kv(w, "type", "RLIMIT_NOFILE");
	ar_json_kv_u64(w, "hard", 1024);
	ar_json_kv_u64(w, "soft", 1024);
	ar_json_close(w, '}');
	ar_json_close(w, ']');
	ar_json_kv_bool(w, "noNewPrivileges", true);
	ar_json_close(w, '}');
}

static void add_mounts(struct ar_json_writer *w, bool rootless)
{
	ar_json_key(w, "mounts");
	ar_json_open(w, '[');
	for (size_t i = 0; i < AR_COUNT(mounts); i++) {
		if (mounts[i].where == (rootless ? ROOT : ROOTLESS))
			continue;
		ar_json_open(w, '{');
		ar_json_kv(w, "destination", mounts[i].destination);
		ar_json_kv(w, "type", mounts[i].type);
		ar_json_kv(w, "source", mounts[i].source);
		if (mounts[i].options)
			add_strings(w, "options", mounts[i].options);
		ar_json_close(w, '}');
	}
	ar_json_close(w, ']');
}

static void add_mapping(struct ar_json_writer *w, const char *key, unsigned int host_id)
{
	ar_json_key(w, key);
	ar_json_open(w, '[');
	ar_json_open(w, '{');
	ar_json_kv_u64(w, "containerID", 0);
	ar_json_kv_u64(w, "hostID", host_id);
	ar_json_kv_u64(w, "size", 1);
	ar_json_close(w, '}');
	ar_json_close(w, ']');
}

static void add_device_rule(struct ar_json_writer *w)
{
	ar_json_key(w, "resources");
	ar_json_open(w, '{');
	ar_json_key(w, "devices");
	ar_json_open(w, '[');
	ar_json_open(w, '{');
	ar_json_kv_bool(w, "allow", false);
	ar_json_kv(w, "access", "rwm");
	ar_json_close(w, '}');
	ar_json_close(w, ']');
	ar_json_close(w, '}');
}

static void add_linux(struct ar_json_writer *w, bool rootless)
{
	const char *const *types = rootless ? namespaces_rootless : namespaces;

	ar_json_key(w, "linux");
	ar_json_open(w, '{');
	if (rootless) {
		add_mapping(w, "uidMappings", geteuid());
		add_mapping(w, "gidMappings", getegid());
	} else {
		add_device_rule(w);
	}
	ar_json_key(w, "namespaces");
	ar_json_open(w, '[');
	for (; *types; types++) {
		ar_json_open(w, '{');
		ar_json_kv(w, "type", *types);
		ar_json_close(w, '}');
	}
	ar_json_close(w, ']');
	add_strings(w, "maskedPaths", masked);
	add_strings(w, "readonlyPaths", readonly);
	ar_json_close(w, '}');
}

static void add_document(struct ar_json_writer *w, bool rootless)
{
	ar_json_open(w, '{');
	ar_json_kv(w, "ociVersion", AR_SPEC_VERSION);
	add_process(w);
	ar_json_key(w, "root");
	ar_json_open(w, '{');
	ar_json_kv(w, "path", "rootfs");
	ar_json_kv_bool(w, "readonly", true);
	ar_json_close(w, '}');
	ar_json_kv(w, "hostname", "agentrun");
	add_mounts(w, rootless);
	add_linux(w, rootless);
	ar_json_close(w, '}');
}

static int run(struct ar_call *call, struct ar_error *err)
{
	struct ar_json_writer w = AR_JSON_WRITER_INIT("\t");
	const struct options *asked = call->options;
	const char *bundle = asked->bundle && *asked->bundle ? asked->bundle : ".";
	_cleanup_fd_ int dir = -1, fd = -1;
	int r;

	dir = open(bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return ar_fail(err, errno, "open bundle '%s'", bundle);
	fd = openat(dir, FILE_NAME, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST)
		return ar_refuse(err, EEXIST, "File " FILE_NAME " exists. Remove it first");
	if (fd < 0)
		return ar_fail(err, errno, "make '%s/" FILE_NAME "'", bundle);
	add_document(&w, asked->rootless);
	r = ar_write_all(fd, ar_text_str(&w.out), w.out.len);
	ar_json_done(&w);
	if (r < 0) {
		(void)unlinkat(dir, FILE_NAME, 0); /* the first error counts */
		return ar_fail(err, -r, "write '%s/" FILE_NAME "'", bundle);
	}
	return 0;
}

const struct ar_command ar_command_spec = {
	.name = "spec",
	.summary = "write a template config.json",
	.arguments = "",
	.text = "The file describes a container that runs \"sh\" on a terminal, with its root filesystem in the\n"
		"directory \"rootfs\" beside it. It is meant to be edited.\n",
	.table = &table,
	.options_size = sizeof(struct options),
	.flags = AR_COMMAND_STATELESS,
	.run = run,
};
