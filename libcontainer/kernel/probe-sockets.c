/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "base/str.h"
#include "kernel/probe-internal.h"

#define SOCKETS "/proc/net/unix"
#define SOCKETS_MAX (16u << 20)
#define LISTENS 0x10000u /* __SO_ACCEPTCON */

/* The path of a line "address: refs protocol flags type state inode path", if somebody listens
 * there. */
static const char *listening(const char *line)
{
	unsigned int flags;
	int at = 0;

	if (sscanf(line, "%*s %*s %*s %x %*s %*s %*s %n", &flags, &at) != 1 || !at ||
	    !(flags & LISTENS) || line[at] != '/')
		return NULL;
	return line + at;
}

static bool shows(const struct ar_source *s, const char *path)
{
	if (!S_ISDIR(s->mode) || s->socket)
		return false;
	for (size_t i = 0; i < s->names.n; i++)
		if (ar_path_within(path, s->names.items[i]))
			return true;
	return s->resolved && ar_path_within(path, s->resolved);
}

static void judge(struct ar_probing *p, const char *path)
{
	_cleanup_fd_ int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char resolved[PATH_MAX];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode) || st.st_uid != 0 ||
	    ar_fd_realpath(fd, resolved, sizeof(resolved)) < 0)
		return;
	for (size_t i = 0; i < p->facts->n_sources; i++)
		if (shows(&p->facts->sources[i], resolved))
			p->facts->sources[i].socket = ar_strdup(p->arena, resolved);
}

int ar_probe_sockets(struct ar_probing *p, struct ar_error *err)
{
	bool directories = false;
	char *text, *save = NULL;
	size_t len;
	int r;

	for (size_t i = 0; i < p->facts->n_sources; i++)
		directories = directories || S_ISDIR(p->facts->sources[i].mode);
	/* what root of a user namespace listens to gives no more than its user has */
	if (!directories || !p->facts->host_root)
		return 0;
	r = ar_file_read(p->arena, AT_FDCWD, SOCKETS, SOCKETS_MAX, &text, &len, err);
	if (r < 0) /* a kernel without such sockets has no list of them */
		return r == -ENOENT ? 0 : r;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *path = listening(line);

		if (path)
			judge(p, path);
	}
	return 0;
}
