/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "kernel/procfs.h"

#define PREFIX "sys/"

/* By path; one that ends in a slash stands for all below it. */
static const struct {
	const char *path, *ns;
} namespaced[] = {
	{ "kernel/msgmax", "ipc" },   { "kernel/msgmnb", "ipc" },
	{ "kernel/msgmni", "ipc" },   { "kernel/sem", "ipc" },
	{ "kernel/shmall", "ipc" },   { "kernel/shmmax", "ipc" },
	{ "kernel/shmmni", "ipc" },   { "kernel/shm_rmid_forced", "ipc" },
	{ "fs/mqueue/", "ipc" },      { "net/", "network" },
	{ "kernel/hostname", "uts" }, { "kernel/domainname", "uts" },
	{ "user/", "user" },	      { "vm/memfd_noexec", "pid" },
};

/* No component may be empty, "." or "..": "net/../kernel/core_pattern" is none of net's. */
static bool is_plain(const char *path)
{
	for (;;) {
		size_t len = strcspn(path, "/");

		if (len == 0 || strncmp(path, ".", len) == 0 || strncmp(path, "..", len) == 0)
			return false;
		if (!path[len])
			return true;
		path += len + 1;
	}
}

/* The path below /proc/sys. -EINVAL for what is none. */
static int key_to_path(const char *key, char path[static PATH_MAX])
{
	size_t len = strlen(key);
	bool dotted = key[strcspn(key, "./")] == '.';

	if (len >= PATH_MAX - sizeof(PREFIX))
		return -EINVAL;
	memcpy(path, key, len + 1);
	for (char *c = path; dotted && *c; c++)
		*c = *c == '.' ? '/' : *c == '/' ? '.' : *c;
	return is_plain(path) ? 0 : -EINVAL;
}

const char *ar_sysctl_namespace(const char *key)
{
	char path[PATH_MAX];

	if (key_to_path(key, path) < 0)
		return NULL;
	for (size_t i = 0; i < AR_COUNT(namespaced); i++) {
		const char *name = namespaced[i].path;

		if (name[strlen(name) - 1] == '/' ? ar_starts_with(path, name)
						  : ar_streq(path, name))
			return namespaced[i].ns;
	}
	return NULL;
}

static int check_key(const struct ar_spec *spec, const char *key, const char **ret_ns,
		     struct ar_error *err)
{
	const char *ns = ar_sysctl_namespace(key);
	char path[PATH_MAX];

	if (!ns)
		return ar_refuse(err, EINVAL, "sysctl '%s' is not in a separate kernel namespace",
				 key);
	if (!ar_spec_namespace(spec, ns))
		return ar_refuse(
			err, EINVAL,
			"sysctl '%s' needs a %s namespace of the container's own: it is not "
			"allowed in the host's",
			key, ns);
	if (key_to_path(key, path) == 0 && ar_streq(path, "kernel/hostname"))
		return ar_refuse(err, EINVAL,
				 "sysctl '%s' is not allowed as it conflicts with 'hostname'", key);
	*ret_ns = ns;
	return 0;
}

/* Whether path is the very namespace this process is in. */
static bool is_own_namespace(const char *path, const char *ns)
{
	char own[32];
	struct stat a, b;

	(void)snprintf(own, sizeof(own), "/proc/self/ns/%s",
		       ar_streq(ns, "network") ? "net" : ns); /* 20 bytes */
	return stat(path, &a) == 0 && stat(own, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

int ar_sysctls_check(const struct ar_spec *spec, struct ar_error *err)
{
	const struct ar_map *sysctl = spec->linux ? &spec->linux->sysctl : NULL;

	for (size_t i = 0; sysctl && i < sysctl->n; i++) {
		const struct ar_namespace *ns;
		const char *type;
		int r = check_key(spec, sysctl->items[i].key, &type, err);

		if (r < 0)
			return r;
		ns = ar_spec_namespace(spec, type);
		if (ns->path && is_own_namespace(ns->path, type))
			return ar_refuse(err, EINVAL,
					 "sysctl '%s' is not allowed in the host's %s namespace",
					 sysctl->items[i].key, type);
	}
	return 0;
}

/* The next word of *s, which is moved behind it; its length, 0 at the end. */
static size_t next_word(const char **s, const char **ret)
{
	size_t len;

	*s += strspn(*s, " \t\n");
	*ret = *s;
	len = strcspn(*s, " \t\n");
	*s += len;
	return len;
}

static bool same_word(const char *a, size_t a_len, const char *b, size_t b_len)
{
	return a_len == b_len && memcmp(a, b, a_len) == 0;
}

/*
 * Blanks come back as tabs, and a vector keeps the members that were not written. Only plain
 * numbers can be compared: hexadecimal, lists of ports and the like come back in the kernel's
 * spelling.
 */
static bool same_value(const char *written, const char *shown)
{
	for (;;) {
		const char *want, *have;
		size_t want_len = next_word(&written, &want);
		size_t have_len = next_word(&shown, &have);

		if (want_len == 0)
			return true;
		if (want[0] == '0' && want_len > 1)
			continue; /* octal or hexadecimal */
		if (strspn(want, "-0123456789") >= want_len &&
		    !same_word(want, want_len, have, have_len))
			return false;
	}
}

static int verify(int fd, const char *path, const char *key, const char *value,
		  struct ar_error *err)
{
	_cleanup_text_ struct ar_text shown = AR_TEXT_INIT;
	int r = lseek(fd, 0, SEEK_SET) < 0 ? -errno : ar_procfs_read_fd(fd, &shown);

	if (r < 0)
		return ar_fail(err, -r, "read back sysctl '%s'", key);
	if (same_value(value, ar_text_str(&shown)))
		return 0;
	/* Times of net are kept in ticks, so that 33 ms may come back as 32. */
	if (ar_starts_with(path, PREFIX "net/")) {
		ar_debug("sysctl '%s' was set to '%s' and is '%s'", key, value,
			 ar_text_str(&shown));
		return 0;
	}
	return ar_refuse(err, EIO, "sysctl '%s' was set to '%s' but is '%s'", key, value,
			 ar_text_str(&shown));
}

int ar_sysctl_write(int proc, const char *key, const char *value, struct ar_error *err)
{
	char path[sizeof(PREFIX) + PATH_MAX] = PREFIX;
	bool readable = true;
	_cleanup_fd_ int fd = -1;
	int r = key_to_path(key, path + strlen(PREFIX));

	if (r < 0)
		return ar_refuse(err, EINVAL, "'%s' is not the name of a sysctl", key);
	fd = ar_procfs_open(proc, path, O_RDWR);
	if (fd == -EACCES) { /* write-only, as net.ipv4.route.flush */
		readable = false;
		fd = ar_procfs_open(proc, path, O_WRONLY);
	}
	r = fd < 0 ? fd : ar_write_all(fd, value, strlen(value));
	if (r < 0)
		return ar_fail(err, -r, "set sysctl '%s' to '%s'%s", key, value,
			       r == -EXDEV ? " (something is mounted over it in /proc)" : "");
	return readable ? verify(fd, path, key, value, err) : 0;
}

int ar_sysctls_apply(int proc, const struct ar_spec *spec, struct ar_error *err)
{
	const struct ar_map *sysctl = spec->linux ? &spec->linux->sysctl : NULL;

	for (size_t i = 0; sysctl && i < sysctl->n; i++) {
		const char *ns;
		int r = check_key(spec, sysctl->items[i].key, &ns, err);

		if (r < 0)
			return r;
		r = ar_sysctl_write(proc, sysctl->items[i].key, sysctl->items[i].value, err);
		if (r < 0)
			return r;
	}
	return 0;
}
