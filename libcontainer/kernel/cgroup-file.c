/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/cgroup-file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"

int ar_cgroup_number(int fd, const char *file, uint64_t *ret)
{
	char buf[64];
	int r = ar_file_peek(fd, file, buf, sizeof(buf));

	if (r < 0)
		return r;
	if (ar_streq(buf, "max")) {
		*ret = UINT64_MAX;
		return 0;
	}
	return ar_parse_u64(buf, ret);
}

/* The text behind "key " at the start of a line. */
static const char *find_key(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, len) == 0 && line[len] == ' ')
			return line + len + 1;
	}
	return NULL;
}

static int keyed_value(const char *text, const char *key, uint64_t *ret)
{
	const char *value = find_key(text, key);
	char digits[32];
	size_t len;

	if (!value)
		return -ENODATA;
	len = strcspn(value, "\n");
	if (len >= sizeof(digits))
		return -ERANGE;
	memcpy(digits, value, len);
	digits[len] = '\0';
	return ar_parse_u64(digits, ret);
}

int ar_cgroup_keyed(int fd, const char *file, const char *key, uint64_t *ret)
{
	char buf[8192]; /* memory.stat, the longest of them, has about 2000 bytes */
	int r = ar_file_peek(fd, file, buf, sizeof(buf));

	return r < 0 ? r : keyed_value(buf, key, ret);
}

bool ar_cgroup_lists(const char *list, const char *word)
{
	return ar_words_have(list, " \n", word, strlen(word));
}

int ar_cgroup_await(int fd, const char *key, uint64_t value, int64_t deadline)
{
	_cleanup_fd_ int events = openat(fd, "cgroup.events", O_RDONLY | O_CLOEXEC);

	if (events < 0)
		return errno == ENOENT ? -ENODEV : -errno;
	for (;;) {
		struct pollfd poll_fd = { .fd = events, .events = POLLPRI };
		char buf[256];
		uint64_t now;
		ssize_t n = pread(events, buf, sizeof(buf) - 1, 0);
		int64_t left;
		int r;

		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -errno; /* ENODEV: the cgroup was removed */
		}
		buf[n] = '\0';
		r = keyed_value(buf, key, &now);
		if (r < 0)
			return r;
		if (now == value)
			return 0;
		left = deadline - ar_now_ms();
		if (left <= 0)
			return -ETIMEDOUT;
		/* The kernel wakes us when the file changed since we read it. */
		if (poll(&poll_fd, 1, left > INT_MAX ? INT_MAX : (int)left) < 0 && errno != EINTR)
			return -errno;
	}
}

/* Why a controller cannot be enabled, in the words of the kernel's rules (cgroup-v2.rst). */
static int explain_enable(struct ar_error *err, int errnum, const char *name, const char *path)
{
	switch (errnum) {
	case EBUSY:
		return ar_refuse(
			err, errnum,
			"controller '%s' cannot be enabled in cgroup '%s': it holds processes itself, "
			"so it must not limit those below it",
			name, path);
	case EOPNOTSUPP:
		return ar_refuse(err, errnum,
				 "controller '%s' cannot be enabled in cgroup '%s': it is threaded",
				 name, path);
	case ENOENT:
		return ar_refuse(err, errnum, "controller '%s' is not enabled above cgroup '%s'",
				 name, path);
	default:
		return ar_fail(err, errnum, "enable controller '%s' in cgroup '%s'", name, path);
	}
}

/* One that is not enabled yet; has are the controllers of the cgroup itself. */
static int enable_one(int fd, const char *path, const char *has, const char *name,
		      struct ar_error *err)
{
	char text[64];
	int r;

	if (!ar_cgroup_lists(has, name))
		return explain_enable(err, ENOENT, name, path);
	(void)snprintf(text, sizeof(text), "+%s", name); /* one of the kernel's short names */
	r = ar_file_write(fd, "cgroup.subtree_control", text, NULL);
	return r < 0 ? explain_enable(err, -r, name, path) : 0;
}

/* In one write, of which the kernel does all or nothing; false: one by one then. */
static bool enable_together(int fd, const char *has, const char *const *names, size_t n)
{
	_cleanup_text_ struct ar_text text = AR_TEXT_INIT;

	for (size_t i = 0; i < n; i++)
		if (ar_cgroup_lists(has, names[i]))
			ar_text_addf(&text, "%s+%s", text.len ? " " : "", names[i]);
	return text.len && ar_file_write(fd, "cgroup.subtree_control", text.s, NULL) == 0;
}

int ar_cgroup_enable(int fd, const char *path, const char *const *names, size_t n,
		     struct ar_error *err)
{
	char enabled[512], has[512];
	bool together;
	size_t on = 0;
	int first = 0, r = 0;

	if (n > 0)
		r = ar_file_peek(fd, "cgroup.subtree_control", enabled, sizeof(enabled));
	for (size_t i = 0; r == 0 && i < n; i++)
		on += ar_cgroup_lists(enabled, names[i]);
	if (r == 0 && on < n)
		r = ar_file_peek(fd, "cgroup.controllers", has, sizeof(has));
	if (r < 0)
		return ar_fail(err, -r, "read the controllers of cgroup '%s'", path);
	if (on == n)
		return 0;
	together = enable_together(fd, has, names, n);
	for (size_t i = 0; i < n; i++) {
		int one;

		if (ar_cgroup_lists(enabled, names[i]) ||
		    (together && ar_cgroup_lists(has, names[i])))
			continue;
		one = enable_one(fd, path, has, names[i], first == 0 ? err : NULL);
		if (first == 0)
			first = one;
	}
	return first;
}

int ar_cgroup_enable_above(int root_fd, const char *path, const char *const *names, size_t n,
			   struct ar_error *err)
{
	char parent[PATH_MAX];
	int first = 0;

	if (strlen(path) >= sizeof(parent))
		return ar_fail(err, ENAMETOOLONG, "cgroup '%s'", path);
	for (size_t len = 0; path[len]; len += 1 + strcspn(path + len + 1, "/")) {
		int r;
		_cleanup_fd_ int fd = -1;

		memcpy(parent, path, len);
		parent[len] = '\0';
		fd = ar_open_no_links(root_fd, parent, O_RDONLY | O_DIRECTORY, 0);
		if (fd < 0)
			return ar_fail(err, -fd, "open cgroup '%s'", len ? parent : "/");
		/* one that cannot be enabled must not keep the others from going further down */
		r = ar_cgroup_enable(fd, len ? parent : "/", names, n, first == 0 ? err : NULL);
		if (first == 0)
			first = r;
	}
	return first;
}
