/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"
#include "spec/field.h"

struct ar_arena;
struct ar_error;

/*
 * CRIU (criu.org), which writes the processes of a container to files and makes them again. It is
 * spoken to in its own RPC (criu.org/RPC, images/rpc.proto): "criu swrk" is started with one end of
 * a socket, and answers requests. Its library does the same, but has no call for --lazy-pages,
 * --empty-ns and a configuration file (libcriu 2 of CRIU 3.17: criu.h), which callers of runc use.
 */

enum ar_criu_request { AR_CRIU_DUMP = 1, AR_CRIU_RESTORE = 2, AR_CRIU_PRE_DUMP = 4 };
/* --manage-cgroups */
enum ar_criu_cgroups {
	AR_CRIU_CGROUPS_IGNORE = 0,
	AR_CRIU_CGROUPS_SOFT = 3,
	AR_CRIU_CGROUPS_FULL = 4,
	AR_CRIU_CGROUPS_STRICT = 5,
	AR_CRIU_CGROUPS_DEFAULT = 6
};

/* What the image calls something, and the descriptor that takes its place. */
struct ar_criu_inherit {
	const char *key;
	int fd; /* its number in CRIU's process */
};

/* What a request says; strings may be NULL, lists empty. Names as CRIU's options. */
struct ar_criu_options {
	int images_fd, work_fd; /* directories; work -1: the images' */
	pid_t pid;		/* dump: the container's init; 0: none */
	const char *log_file, *root, *parent_img, *config_file, *freeze_cgroup;
	const char *lsm_profile, *lsm_mount_context;
	bool leave_running, ext_unix_sk, tcp_established, tcp_skip_in_flight, evasive_devices,
		shell_job, file_locks, track_mem, auto_dedup, link_remap, rst_sibling, lazy_pages;
	uint32_t empty_ns; /* CLONE_NEW* */
	enum ar_criu_cgroups manage_cgroups_mode;
	const char *page_server; /* address, NULL: none */
	int page_server_port;
	struct ar_strings external; /* "net[INODE]:KEY" */
	struct ar_map ext_mounts;   /* dump: mount point, key; restore: key, source */
	struct ar_map join_ns;	    /* "ipc", path */
	struct ar_map cgroup_roots; /* controller ("" for v2), path */
	struct ar_list inherit;	    /* struct ar_criu_inherit */
};
#define AR_CRIU_OPTIONS_INIT ((struct ar_criu_options){ .images_fd = -1, .work_fd = -1 })
/* The request as it is sent. */
void ar_criu_encode(struct ar_text *ret, enum ar_criu_request request,
		    const struct ar_criu_options *options);

/*
 * The path of the program. asked: a path, or a name that is looked for in $PATH or, without one,
 * the usual folders; NULL or "": "criu". -ENOENT: it is not there.
 */
int ar_criu_find(struct ar_arena *arena, const char *asked, const char **ret, struct ar_error *err);

/* A CRIU that was started. */
struct ar_criu {
	pid_t pid;
	int pidfd, sock;
};
#define AR_CRIU_INIT ((struct ar_criu){ .pidfd = -1, .sock = -1 })

/* Descriptors that are passed on have this number and those behind it. */
#define AR_CRIU_FIRST_FD 4
struct ar_criu_start {
	const char *program; /* path */
	int cgroup;	     /* where it is born, -1: our own */
	bool streams;	     /* it has our standard streams, else the null device */
	const int *fds;	     /* to be passed on */
	size_t n_fds;
	/* Called in its process before it is executed; NULL: nothing. */
	int (*prepare)(void *data, struct ar_error *err);
	void *data;
};
int ar_criu_start(const struct ar_criu_start *how, struct ar_criu *ret, struct ar_error *err);
/*
 * The oldest version that has all that is asked of it is CRIU 3.16. The kernel must have what the
 * flags name.
 */
int ar_criu_check(struct ar_criu *criu, bool mem_track, bool lazy_pages, struct ar_error *err);

/*
 * CRIU tells where it stands: "setup-namespaces" and "post-restore" with the pid of the restored
 * init, "orphan-pts-master" with a descriptor that the function may take (and set to -1),
 * "status-ready" when it serves lazy pages. An error ends the whole.
 */
struct ar_criu_notification {
	const char *action;
	pid_t pid; /* 0: none */
	int fd;	   /* -1 */
};
typedef int ar_criu_notify_fn(struct ar_criu_notification *notification, void *data,
			      struct ar_error *err);
/*
 * Make the request and stay until it is done. *ret_pid (may be NULL) is the restored init. Errors
 * name CRIU's log file, whose folder is log_dir.
 */
int ar_criu_ask(struct ar_criu *criu, enum ar_criu_request request,
		const struct ar_criu_options *options, const char *log_dir,
		ar_criu_notify_fn *notify, void *data, pid_t *ret_pid, struct ar_error *err);
/* Wait for its end, which the end of the conversation brings; killed when it takes too long. */
void ar_criu_end(struct ar_criu *criu);
#define _cleanup_criu_ __attribute__((cleanup(ar_criu_end)))
