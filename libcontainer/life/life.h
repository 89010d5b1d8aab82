/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "policy/effective.h"
#include "run/run.h"
#include "state/dir.h"
#include "state/record.h"
#include "state/status.h"

struct ar_config;
struct ar_arena;

/*
 * The life of a container: what the commands of the tool do. Functions return 0 or -errno with one
 * sentence in err; nothing is printed.
 */

/* Settings that hold for a whole call of the tool. */
struct ar_context {
	const char *root; /* absolute: where states live */
	enum ar_profile profile;
	const struct ar_config *config;
	bool cgroup_disabled; /* --cgroup-manager disabled */
	bool cgroup_systemd;  /* --systemd-cgroup: new containers get units of this manager */
	enum ar_manager manager;
	const char *argv0;
	const char *criu; /* the program of checkpoint and restore: a path, or a name in $PATH */
};

/* How a container is created: flags of create and run. */
struct ar_create_args {
	const char *id;
	const char *bundle; /* NULL: the working directory */
	struct ar_io io;
	const char *notify_socket; /* of sd_notify(3), NULL: nobody is to be told */
	bool no_pivot, no_new_keyring;
	bool keep;	   /* run only */
	bool no_subreaper; /* run only */
};

int ar_life_create(const struct ar_context *ctx, const struct ar_create_args *args,
		   struct ar_error *err);
/* create, start and, unless detached, attend: *ret_code is what the tool exits with. */
int ar_life_run(const struct ar_context *ctx, const struct ar_create_args *args, int *ret_code,
		struct ar_error *err);
/* notify_socket: as at create. It returns when the program is ready, if it was told of a socket
 * then. */
int ar_life_start(const struct ar_context *ctx, const char *id, const char *notify_socket,
		  struct ar_error *err);
/* all: succeed even if the container is not running. */
int ar_life_kill(const struct ar_context *ctx, const char *id, int signo, bool all,
		 struct ar_error *err);
int ar_life_delete(const struct ar_context *ctx, const char *id, bool force, struct ar_error *err);
int ar_life_pause(const struct ar_context *ctx, const char *id, struct ar_error *err);
int ar_life_resume(const struct ar_context *ctx, const char *id, struct ar_error *err);

struct ar_exec_args {
	const char *id;
	const char *process_file; /* --process; NULL: the flags below */
	char *const *argv;	  /* the command, with process_file NULL */
	struct ar_io io;
	const char *cwd, *user, *process_label, *apparmor;
	struct ar_strings cgroups; /* --cgroup */
	struct ar_strings env, caps, additional_gids;
	bool tty, ignore_paused;
	enum ar_tri no_new_privs; /* AR_UNSET: the container's */
};
int ar_life_exec(const struct ar_context *ctx, const struct ar_exec_args *args, int *ret_code,
		 struct ar_error *err);

/* Flags of checkpoint and restore about the image; paths are absolute. */
struct ar_image_args {
	const char *image_path; /* directory of the image */
	const char *work_path;	/* of CRIU's log and other files, NULL: the image's */
	bool tcp_established, ext_unix_sk, shell_job, file_locks, auto_dedup, lazy_pages;
	const char *manage_cgroups_mode; /* NULL: CRIU's own choice */
	struct ar_strings empty_ns;
};

struct ar_checkpoint_args {
	const char *id;
	struct ar_image_args image;
	const char *parent_path; /* an earlier image, relative to image_path */
	const char *page_server; /* ADDRESS:PORT */
	bool leave_running, pre_dump, tcp_skip_in_flight, link_remap;
	int status_fd; /* with lazy pages: told when they are served, -1 */
};
/*
 * Write a running container to an image. It is deleted then, unless it is to be left running, or
 * this is a pre-dump. Only containers of the compat profile.
 */
int ar_life_checkpoint(const struct ar_context *ctx, const struct ar_checkpoint_args *args,
		       struct ar_error *err);

struct ar_restore_args {
	struct ar_create_args create;
	struct ar_image_args image;
	const char *lsm_profile, *lsm_mount_context;
};
/*
 * Make a container of a bundle and an image that runs on where it was written. Unless detached,
 * attend it: *ret_code is what the tool exits with. Only in the compat profile.
 */
int ar_life_restore(const struct ar_context *ctx, const struct ar_restore_args *args, int *ret_code,
		    struct ar_error *err);

struct ar_update_args {
	const char *id;
	const struct ar_resources *resources; /* by flags */
	/* --resources: in place of them, a JSON object and its name; NULL: none */
	const char *text, *name;
	size_t len;
	const struct ar_intel_rdt *rdt; /* schemas of cache and bandwidth alone, NULL: they stay */
};
/* New limits. */
int ar_life_update(const struct ar_context *ctx, const struct ar_update_args *args,
		   struct ar_error *err);

/* A container looked at, for state, list, ps and events: record and status of now. */
struct ar_view {
	struct ar_record *record;
	enum ar_status status;
};
int ar_life_view(const struct ar_context *ctx, struct ar_arena *arena, const char *id,
		 struct ar_view *ret, struct ar_error *err);
