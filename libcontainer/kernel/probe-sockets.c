/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/vfs.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "base/str.h"
#include "kernel/mount-table.h"
#include "kernel/probe-internal.h"
#include "policy/engines.h"
#include "policy/hostpaths.h"

#define SOCKETS "/proc/net/unix"
#define LISTENS 0x10000u /* __SO_ACCEPTCON */
#define LIST_BUFFER 4096 /* what one read(2) gives; the C library would take 1024 */

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
	for (size_t i = 0; i < s->names.n + s->inside.n; i++)
		if (ar_path_within(path, ar_source_name(s, i)))
			return true;
	return s->resolved && ar_path_within(path, s->resolved);
}

/* Places of everybody: what listens there serves its user, who did not bind it. */
static bool is_shared(const char *path)
{
	static const char *const places[] = { "/tmp", "/var/tmp", "/dev/shm" };

	for (size_t i = 0; i < AR_COUNT(places); i++)
		if (ar_path_within(path, places[i]))
			return true;
	return false;
}

/* A user's own socket in a directory of that user is part of what is bound: of a workspace. */
static bool is_of_its_place(const struct ar_probing *p, const struct ar_source *s, uid_t uid)
{
	return !ar_is_hosts_root(p->facts, uid) && uid == s->uid && s->resolved &&
	       !is_shared(s->resolved);
}

static void note(struct ar_probing *p, struct ar_source *s, const char *path, uid_t uid)
{
	if (shows(s, path) && !is_of_its_place(p, s, uid))
		s->socket = ar_strdup(p->arena, path);
}

static bool is_shown(const struct ar_probing *p, const char *path)
{
	for (size_t i = 0; i < p->facts->n_sources; i++)
		if (shows(&p->facts->sources[i], path))
			return true;
	return ar_probe_root_inside(p->facts) && shows(&p->facts->root, path);
}

/* Where the directory of that name leads; NULL: it cannot be told. Any user can listen in any
 * number of them. */
#define FOLDERS_MAX 64
static const char *folder(struct ar_probing *p, const char *name)
{
	_cleanup_fd_ int fd = -1;
	struct ar_folder *found;
	char resolved[PATH_MAX];

	for (size_t i = 0; i < p->n_folders; i++)
		if (ar_streq(p->folders[i].name, name))
			return p->folders[i].resolved;
	if (p->n_folders == FOLDERS_MAX)
		return NULL;
	fd = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	p->folders = ar_arena_grow(p->arena, p->folders, p->n_folders, &p->folders_room,
				   sizeof(*p->folders));
	found = &p->folders[p->n_folders++];
	*found = (struct ar_folder){ .name = ar_strdup(p->arena, name) };
	if (fd >= 0 && ar_fd_realpath(fd, resolved, sizeof(resolved)) == 0)
		found->resolved = ar_strdup(p->arena, resolved);
	return found->resolved;
}

/* Many services share a directory: one that no source shows needs no look at its sockets. */
static bool is_elsewhere(struct ar_probing *p, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *in = slash == path ? "/" : ar_strndup(p->arena, path, (size_t)(slash - path));
	const char *resolved = folder(p, in);

	return resolved && !is_shown(p, ar_printf(p->arena, "%s%s",
						  ar_streq(resolved, "/") ? "" : resolved, slash));
}

/* Names go stale, and file systems are dead or closed to us: nobody listens there for a container.
 * What this process lacks says nothing of the socket. */
static int judge(struct ar_probing *p, const char *path, struct ar_error *err)
{
	_cleanup_fd_ int fd = -1;
	char resolved[PATH_MAX];
	struct stat st;

	if (is_elsewhere(p, path))
		return 0;
	fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && ar_is_shortage(errno))
		return ar_fail(err, errno, "inspect the socket '%s'", path);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode) ||
	    ar_fd_realpath(fd, resolved, sizeof(resolved)) < 0)
		return 0;
	for (size_t i = 0; i < p->facts->n_sources; i++)
		note(p, &p->facts->sources[i], resolved, st.st_uid);
	if (ar_probe_root_inside(p->facts))
		note(p, &p->facts->root, resolved, st.st_uid);
	return 0;
}

/*
 * The list has what is listened at in this network namespace. A service may have one of its own, so
 * the sockets that stand right in a source, or in a directory of it, are asked themselves. Not
 * deeper, for sources are as large as a checkout of everything.
 */
#define LOOK_ENTRIES 1024

/*
 * Whether a process has bound the socket behind fd, in whichever network namespace: a program that
 * has ended leaves the file. It is asked for datagrams, by which one that waits for connections
 * gets none (unix(7)). 1, 0, or -errno.
 */
static int is_bound(int fd)
{
	_cleanup_fd_ int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (sock < 0)
		return -errno;
	(void)ar_fd_path(address.sun_path, fd);
	return connect(sock, (struct sockaddr *)&address, sizeof(address)) == 0 ||
	       errno != ECONNREFUSED;
}

/* The entry of a directory without links followed, nor file systems mounted that wait for somebody
 * to come; -errno. */
static int entry_at(int dir, const char *name)
{
	int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* How many more entries are looked at, and where. */
struct look {
	struct ar_probing *p;
	struct ar_source *s;
	unsigned int left;
};

static int look_at_socket(struct look *l, int dir, const char *path, const char *name)
{
	_cleanup_fd_ int fd = entry_at(dir, name);
	struct stat st;
	int r;

	if (fd < 0)
		return ar_is_shortage(-fd) ? fd : 0;
	if (fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode))
		return 0;
	r = is_bound(fd);
	if (r != 0) /* who cannot be asked counts as well */
		note(l->p, l->s, ar_printf(l->p->arena, "%s/%s", path, name), st.st_uid);
	return ar_is_shortage(-r) ? r : 0;
}

typedef int look_fn(struct look *l, int dir, const char *path, const char *name);

/* For each entry of dir, whose name is path, that may be of the type (DT_*). */
static int each_entry(struct look *l, DIR *dir, const char *path, unsigned char type, look_fn *look)
{
	const struct dirent *e;

	while ((errno = 0, e = readdir(dir)) && l->left > 0 && !l->s->socket) {
		int r;

		if (ar_streq(e->d_name, ".") || ar_streq(e->d_name, ".."))
			continue;
		l->left--;
		if (e->d_type != type && e->d_type != DT_UNKNOWN)
			continue;
		r = look(l, dirfd(dir), path, e->d_name);
		if (r < 0)
			return r;
	}
	return e ? 0 : -errno;
}

/* dir: a descriptor of its own. What is closed to us cannot be told. */
static DIR *open_entries(int dir, int *ret_error)
{
	_cleanup_fd_ int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = ar_entries_open(&fd);

	*ret_error = !entries && ar_is_shortage(errno) ? -errno : 0;
	return entries;
}

/* Without mount ids (statx(2) of Linux 5.8) by the device, which a subvolume of btrfs has of its own. */
static bool is_mounted_there(const struct ar_source *s, int fd, const struct stat *st)
{
	uint64_t mount, own;

	if (ar_mount_id(fd, &mount) == 0 && ar_mount_id(s->fd, &own) == 0)
		return mount != own;
	return st->st_dev != s->dev;
}

static int look_into_directory(struct look *l, int dir, const char *path, const char *name)
{
	_cleanup_entries_ DIR *entries = NULL;
	_cleanup_fd_ int fd = entry_at(dir, name);
	struct statfs fs;
	struct stat st;
	int r;

	if (fd < 0)
		return ar_is_shortage(-fd) ? fd : 0;
	/* what is mounted there comes along with a recursive bind alone */
	if (fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode) || fstatfs(fd, &fs) < 0 ||
	    fs.f_type == AUTOFS_SUPER_MAGIC ||
	    (!l->s->recursive && is_mounted_there(l->s, fd, &st)))
		return 0;
	entries = open_entries(fd, &r);
	if (entries)
		r = each_entry(l, entries, ar_printf(l->p->arena, "%s/%s", path, name), DT_SOCK,
			       look_at_socket);
	return ar_is_shortage(-r) ? r : 0;
}

/* Sources of binds that are taken whatever is in them. */
static bool is_taken(const struct ar_probing *p, const struct ar_source *s)
{
	const struct ar_engine_file *file;

	if (s == &p->facts->root)
		return false;
	/* one that may be mounted anywhere is a volume */
	file = ar_engine_file_find(p->spec, p->facts->id, s->resolved, "/");
	return ar_path_in(s->resolved, &p->config->bind_sources) ||
	       (file && !ar_engine_is_kubelet(file) && !s->names.n && !s->inside.n);
}

/* What stands right in a source comes first: its directories may be long. */
static int look_into(struct ar_probing *p, struct ar_source *s, struct ar_error *err)
{
	struct look l = { .p = p, .s = s, .left = LOOK_ENTRIES };
	_cleanup_entries_ DIR *entries = NULL;
	int r;

	if (!s->resolved || !S_ISDIR(s->mode) || is_taken(p, s))
		return 0;
	entries = open_entries(s->fd, &r);
	if (!entries)
		return r < 0 ? ar_fail(err, -r, "look for sockets in '%s'", s->resolved) : 0;
	r = each_entry(&l, entries, s->resolved, DT_SOCK, look_at_socket);
	rewinddir(entries);
	l.left = LOOK_ENTRIES;
	if (r == 0)
		r = each_entry(&l, entries, s->resolved, DT_DIR, look_into_directory);
	return r < 0 ? ar_fail(err, -r, "look for sockets in '%s'", s->resolved) : 0;
}

int ar_probe_sockets(struct ar_probing *p, struct ar_error *err)
{
	bool directories = ar_probe_root_inside(p->facts);
	_cleanup_free_ char *line = NULL;
	size_t room = 0;
	FILE *list;
	int r = 0;

	for (size_t i = 0; i < p->facts->n_sources; i++)
		directories = directories || S_ISDIR(p->facts->sources[i].mode);
	/* what root of a user namespace listens to gives no more than its user has */
	if (!directories || !p->facts->host_root)
		return 0;
	for (size_t i = 0; r == 0 && i < p->facts->n_sources; i++)
		r = look_into(p, &p->facts->sources[i], err);
	if (r == 0 && ar_probe_root_inside(p->facts))
		r = look_into(p, &p->facts->root, err);
	if (r < 0)
		return r;
	list = fopen(SOCKETS, "re");
	if (!list) /* a kernel without such sockets has no list of them */
		return errno == ENOENT ? 0 : ar_fail(err, errno, "read '%s'", SOCKETS);
	(void)setvbuf(list, ar_alloc(p->arena, LIST_BUFFER), _IOFBF, LIST_BUFFER);
	/* any user can make it as long as there is memory for sockets */
	while (r == 0 && getline(&line, &room, list) >= 0) {
		const char *path;

		line[strcspn(line, "\n")] = '\0';
		path = listening(line);
		if (path)
			r = judge(p, path, err);
	}
	if (r == 0 && !feof(list)) /* no memory for a line is no end of the list either */
		r = ar_fail(err, errno, "read '%s'", SOCKETS);
	(void)fclose(list); /* only reads were done */
	return r;
}
