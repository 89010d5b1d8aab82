/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/escape.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/str.h"
#include "spec/spec.h"
#include "state/dir.h"
#include "state/record-runc.h"
#include "json/read.h"
#include "json/write.h"

#define FILE_NAME "state.json"
#define VERSION 1
static const struct ar_field outcome_fields[] = {
	AR_FIELD_STRING(ar_outcome, control, "control", AR_F_REQUIRED),
	AR_FIELD_STRING(ar_outcome, result, "result", AR_F_REQUIRED),
	AR_FIELD_STRING(ar_outcome, why, "why", 0),
};
const struct ar_class ar_outcome_class = AR_CLASS(ar_outcome, "outcome", outcome_fields);

static const struct ar_field record_fields[] = {
	AR_FIELD_I64(ar_record, version, "version", AR_F_REQUIRED, 0, 0),
	AR_FIELD_STRING(ar_record, id, "id", AR_F_REQUIRED),
	AR_FIELD_STRING(ar_record, oci_version, "ociVersion", 0),
	/* these two, "id" and "created" are what runc calls them; see record-runc.h */
	AR_FIELD_I64(ar_record, pid, "init_process_pid", 0, 0, INT32_MAX),
	AR_FIELD_U64(ar_record, start_time, "init_process_start", 0, 0),
	AR_FIELD_STRING(ar_record, bundle, "bundle", 0),
	AR_FIELD_STRING(ar_record, rootfs, "rootfs", 0),
	AR_FIELD_STRING(ar_record, hostname, "hostname", 0),
	AR_FIELD_LIST(ar_record, namespaces, "namespaces", 0, ar_namespace),
	AR_FIELD_STRING(ar_record, created, "created", 0),
	AR_FIELD_U64(ar_record, owner, "owner", 0, UINT32_MAX),
	AR_FIELD_STRING(ar_record, profile, "profile", 0),
	AR_FIELD_STRING(ar_record, cgroup, "cgroup", 0),
	AR_FIELD_STRING(ar_record, cgroup_root, "cgroupRoot", 0),
	AR_FIELD_STRING(ar_record, unit, "systemdUnit", 0),
	AR_FIELD_STRING(ar_record, manager, "systemdManager", 0),
	AR_FIELD_STRING(ar_record, backend, "backend", 0),
	AR_FIELD_STRING(ar_record, digest, "digest", 0),
	AR_FIELD_TRI(ar_record, started, "started", 0),
	AR_FIELD_TRI(ar_record, hooks, "hooksBegun", 0),
	AR_FIELD_MAP(ar_record, annotations, "annotations", 0),
	AR_FIELD_LIST(ar_record, outcomes, "outcomes", 0, ar_outcome),
};
/* Not strict: what a newer version adds without changing the number is not ours to refuse. */
const struct ar_class ar_record_class = AR_CLASS(ar_record, "record", record_fields);

/* A path may be of any bytes, but the text of a record not: what is read again would be another. */
static int check_paths(const struct ar_record *record, struct ar_error *err)
{
	const struct {
		const char *what, *path;
	} all[] = { { "bundle", record->bundle },
		    { "root filesystem", record->rootfs },
		    { "cgroup", record->cgroup },
		    { "cgroup tree", record->cgroup_root } };

	for (size_t i = 0; i < AR_COUNT(all); i++)
		if (all[i].path && !ar_is_utf8(all[i].path))
			return ar_refuse(err, EILSEQ,
					 "%s '%s': the path is not UTF-8, and cannot be recorded",
					 all[i].what, all[i].path);
	return 0;
}

int ar_record_write(const struct ar_dir *dir, const struct ar_record *record, struct ar_error *err)
{
	struct ar_json_writer w = AR_JSON_WRITER_INIT(NULL);
	struct ar_record out = *record;
	int r = check_paths(record, err);

	if (r < 0)
		return r;
	out.version = (struct ar_opt_i64){ .set = true, .value = VERSION };
	ar_json_open(&w, '{');
	ar_encode_members(&w, &ar_record_class, &out);
	ar_record_encode_as_runc(&w, &out);
	ar_json_close(&w, '}');
	r = ar_file_replace(dir->fd, FILE_NAME, ar_text_str(&w.out), w.out.len, 0600, err);
	ar_json_done(&w);
	return r;
}

/* A file that somebody else could have written is no record. */
static int open_record(const struct ar_dir *dir, int *ret_fd, struct ar_error *err)
{
	/* O_NONBLOCK: a fifo in its place must not hold us up */
	_cleanup_fd_ int fd =
		openat(dir->fd, FILE_NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return ar_refuse(err, ENOENT, "container does not exist");
	if (fd < 0)
		return ar_fail(err, errno, "open the container's record");
	if (fstat(fd, &st) < 0)
		return ar_fail(err, errno, "inspect the container's record");
	if (!S_ISREG(st.st_mode) || (st.st_uid != geteuid() && st.st_uid != 0) ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)))
		return ar_refuse(err, EPERM,
				 "the container's record is not a file of ours: not trusted");
	*ret_fd = ar_steal_fd(&fd);
	return 0;
}

static int decode(struct ar_arena *arena, const struct ar_json *json, struct ar_record *ret,
		  struct ar_error *err)
{
	const struct ar_json *version = ar_json_get(json, "version");
	int64_t number;

	/* first, for a newer format may not decode at all */
	if (version && version->type == AR_JSON_NUMBER &&
	    ar_parse_i64(version->text, &number) == 0 && number > VERSION)
		return ar_refuse(err, ENOTSUP,
				 "the container was created by a newer version of agentrun: "
				 "its record has format %s, this version knows %d",
				 version->text, VERSION);
	return ar_decode(arena, &ar_record_class, FILE_NAME, "", json, ret, err);
}

bool ar_record_exists(const struct ar_dir *dir)
{
	return faccessat(dir->fd, FILE_NAME, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int ar_record_read(struct ar_arena *arena, const struct ar_dir *dir, struct ar_record **ret,
		   struct ar_error *err)
{
	struct ar_record *record = ar_alloc(arena, sizeof(*record));
	const struct ar_json *json;
	_cleanup_fd_ int fd = -1;
	char *text;
	size_t len;
	int r;

	r = open_record(dir, &fd, err);
	if (r == 0)
		r = ar_file_read_fd(arena, fd, FILE_NAME, ar_json_limits_own.max_bytes, &text, &len,
				    err);
	if (r == 0)
		r = ar_json_parse(arena, FILE_NAME, text, len, &ar_json_limits_own, &json, err);
	if (r == 0)
		r = decode(arena, json, record, err);
	if (r == 0)
		*ret = record;
	return r;
}
