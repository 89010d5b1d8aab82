/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/passwd.h"
#include "base/path.h"
#include "base/str.h"
#include "kernel/probe-internal.h"

#define PASSWD_MAX (1u << 20)

/*
 * Where a path of the container leads before anything is mounted: links are followed inside the
 * root, also those whose target does not exist yet (/var/run -> /run of an image without /run).
 * What policy compares; mounts are placed by walking again, beneath a descriptor.
 */
struct walk {
	int root;
	unsigned int links;
	char done[PATH_MAX]; /* "" or "/a/b", without links */
	char todo[PATH_MAX];
};

static bool append(char *to, const char *part, size_t len)
{
	size_t n = strlen(to);

	if (n + 1 + len >= PATH_MAX)
		return false;
	to[n] = '/';
	memcpy(to + n + 1, part, len);
	to[n + 1 + len] = '\0';
	return true;
}

/* The text of the link at path beneath root: its length, or -1 when it is none. */
static ssize_t link_at(int root, const char *path, char *text, size_t size)
{
	_cleanup_fd_ int fd = ar_open_in_root(root, path, O_PATH | O_NOFOLLOW, 0);

	return fd < 0 ? -1 : readlinkat(fd, "", text, size);
}

/* Put the link's text before what is left to do. */
static bool follow(struct walk *w, const char *text, size_t len)
{
	char rest[PATH_MAX];
	size_t rest_len = strlen(w->todo);

	if (++w->links > AR_LINKS_MAX || len + 1 + rest_len >= sizeof(w->todo))
		return false;
	memcpy(rest, w->todo, rest_len + 1);
	if (text[0] == '/')
		w->done[0] = '\0';
	memcpy(w->todo, text, len);
	w->todo[len] = '/';
	memcpy(w->todo + len + 1, rest, rest_len + 1);
	return true;
}

static bool step(struct walk *w)
{
	const char *start = w->todo + strspn(w->todo, "/");
	size_t len = strcspn(start, "/");
	char text[PATH_MAX], *slash;
	size_t before = strlen(w->done);
	ssize_t n;

	if (len == 2 && strncmp(start, "..", 2) == 0) {
		slash = strrchr(w->done, '/');
		if (slash)
			*slash = '\0';
		n = -1;
	} else if (len == 1 && *start == '.') {
		n = -1;
	} else {
		if (!append(w->done, start, len))
			return false;
		n = link_at(w->root, w->done, text, sizeof(text) - 1);
	}
	memmove(w->todo, start + len, strlen(start + len) + 1);
	if (n < 0)
		return true;
	w->done[before] = '\0';
	return follow(w, text, (size_t)n);
}

static const char *resolve(struct ar_probing *p, const char *path)
{
	struct walk w = { .root = p->facts->root.fd };
	const char *clean = ar_path_absolute(p->arena, path ? path : "");
	_cleanup_fd_ int plain = w.root < 0 ? -1 : ar_open_no_links(w.root, clean, O_PATH, 0);

	/* mostly there is no link on the way */
	if (plain >= 0 || w.root < 0 || strlen(clean) >= sizeof(w.todo))
		return clean;
	memcpy(w.todo, clean, strlen(clean) + 1);
	while (w.todo[strspn(w.todo, "/")])
		if (!step(&w))
			return clean; /* a ring of links: the mount itself fails */
	return w.done[0] ? ar_strdup(p->arena, w.done) : "/";
}

void ar_probe_targets(struct ar_probing *p)
{
	struct ar_facts *f = p->facts;
	const struct ar_mount *mounts = p->spec->mounts.items;

	f->mount_target = ar_alloc_array(p->arena, f->n_mounts + 1, sizeof(*f->mount_target));
	for (size_t i = 0; i < f->n_mounts; i++)
		f->mount_target[i] = resolve(p, mounts[i].destination);
	for (int s = 0; s < AR_SCRATCH_COUNT; s++)
		f->scratch_target[s] = resolve(p, ar_scratch_paths[s]);
}

/* NULL: none. */
static const char *home_of(char *passwd, uint64_t uid)
{
	struct ar_passwd user;

	while (ar_passwd_next(&passwd, uid, &user))
		if (user.home[0] == '/')
			return user.home;
	return NULL;
}

/* An image may have a fifo in its place, or a device of ours, and some of those act on being
 * opened. */
static int open_passwd(int root)
{
	_cleanup_fd_ int at = ar_open_in_root(root, "etc/passwd", O_PATH, 0);
	char link[AR_FD_PATH_MAX];
	struct stat st;

	if (at < 0 || fstat(at, &st) < 0 || !S_ISREG(st.st_mode))
		return -1;
	return open(ar_fd_path(link, at), O_RDONLY | O_CLOEXEC);
}

void ar_probe_home(struct ar_probing *p)
{
	struct ar_facts *f = p->facts;
	const struct ar_process *process = p->spec->process;
	uint64_t uid = process && process->user ? process->user->uid.value : 0;
	_cleanup_fd_ int passwd = -1, dir = -1;
	const char *home;
	size_t len;
	char *text;

	if (f->root.fd < 0)
		return;
	passwd = open_passwd(f->root.fd);
	if (passwd < 0 ||
	    ar_file_read_fd(p->arena, passwd, "etc/passwd", PASSWD_MAX, &text, &len, NULL) < 0)
		return; /* without a list of users there is no home: policy records that */
	home = home_of(text, uid);
	if (!home)
		return;
	f->home = resolve(p, home);
	dir = ar_open_in_root(f->root.fd, f->home, O_PATH | O_DIRECTORY, 0);
	f->home_exists = dir >= 0;
}
