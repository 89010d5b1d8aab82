/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "kernel/caps.h"
#include "kernel/cgroup-systemd.h"
#include "kernel/cgroup-unit.h"
#include "kernel/cgroup.h"
#include "kernel/ns.h"
#include "kernel/seccomp.h"
#include "policy/effective.h"
#include "policy/facts.h"
#include "run/notify.h"
#include "run/program.h"
#include "run/walk.h"
#include "state/dir.h"
#include "state/record.h"

/* What a process of a container is connected to, as flags of create, run and exec say. */
struct ar_io {
	const char *console_socket; /* takes the master of the terminal, NULL: none */
	const char *pidfd_socket;   /* takes a pidfd of the process */
	const char *pid_file;
	unsigned int preserve_fds; /* --preserve-fds: descriptors behind those of LISTEN_FDS */
	unsigned int listen_fds;   /* LISTEN_FDS, when LISTEN_PID is this process */
	bool detach;		   /* the caller does not stay */
};

/*
 * The one mutable structure of a walk: what is open, and what has been found out on the way. Every
 * descriptor is -1 in ar_run_init().
 */
struct ar_run {
	struct ar_arena *arena;
	const struct ar_effective *effective;
	const struct ar_process *process; /* the container's, or that of an exec */
	const struct ar_facts *facts;	  /* NULL in an exec */
	const char *id;

	/* asked by flags */
	struct ar_io io;
	bool await_start;	   /* create: init waits for "start" */
	const char *notify_socket; /* NOTIFY_SOCKET of the caller, NULL */

	/* the host's side */
	const char *init_errors; /* what introduces an error of init */
	struct ar_walk walk;
	struct ar_dir *dir;
	struct ar_record *record;
	struct ar_list uid_mappings; /* of its user namespace, which may be a joined one */
	int mapped; /* a user namespace with the container's mappings, for its mounts */
	struct ar_cgroup cgroup;
	bool use_cgroup, cgroup_made;
	bool leave_cgroup; /* others may be in it, and none of ours: undo kills nobody there */
	uint32_t device_program; /* its id in the kernel, 0: none is attached */
	uint64_t oom_kills;	 /* in the cgroup, before the process was born */
	bool use_systemd;	 /* create: the cgroup is a unit's */
	enum ar_manager manager;
	struct ar_unit unit;
	struct ar_systemd *systemd; /* from the unit's name to its start */
	bool enter_unit;	    /* exec: systemd has to move the process into the unit */
	const char *unit_sub;	    /* where below it, NULL: itself */
	bool left_behind;	    /* undo failed: the record must stay */
	int cgroup_fd;		    /* where the process is born, -1: our own */
	pid_t pid;
	int target; /* exec: pidfd of the container's init; the caller's */
	int console_sock, pidfd_sock;
	const char *state_path; /* directory of the record */
	struct ar_notify notify;
	dev_t notify_dev; /* its directory */
	ino_t notify_ino;
	bool hooks_ran;

	/* inherited by init */
	int listener_sock; /* to linux.seccomp.listenerPath, for filters that notify, else -1 */
	struct ar_ns_set ns;
	struct ar_filters filters;
	int proc;	 /* O_PATH of the host's procfs, verified */
	int root_tree;	 /* detached copy of the root filesystem, -1 */
	int *mount_tree; /* one for each mount of the configuration, -1 */
	size_t n_mounts;
	int notify_tree;  /* the directory of the container's NOTIFY_SOCKET, -1 */
	int fifo, result; /* exec.fifo and its answer */
	bool fresh_userns, in_userns;
	bool oom_score_set; /* by the host's side already */

	/* init's own */
	int root;	       /* the container's / */
	int own_proc, own_sys; /* what is mounted on /proc and /sys of the container, -1 */
	int null;	       /* the host's null device */
	dev_t mask_dev;	       /* the file system of masked directories, 0: there is none */
	int tty;	       /* the peer of the terminal */
	int streams[3];	       /* what takes the places of 0, 1 and 2, -1: the caller's own stays */
	bool at_work;	       /* in the working directory, by the rights of root */
	struct ar_cap_sets caps;
	struct ar_program program;
};
/* "linux" of the effective configuration; an empty one when it has none. */
static inline const struct ar_linux *ar_run_linux(const struct ar_run *run)
{
	static const struct ar_linux none;
	const struct ar_linux *linux = run->effective->spec->linux;

	return linux ? linux : &none;
}
/* Its propagation of the root, NULL: it says none. */
static inline const char *ar_run_propagation(const struct ar_run *run)
{
	return ar_run_linux(run)->rootfs_propagation;
}

/* The mount that shows on a place: of several the last one; NULL: there is none. */
const struct ar_mount *ar_run_mount_on(const struct ar_run *run, const char *destination);

void ar_run_init(struct ar_run *run);
void ar_run_done(struct ar_run *run);

/* Open the host's procfs and check that it is one. */
int ar_run_open_proc(struct ar_run *run, struct ar_error *err);

/* Note that a control is enforced (in another way than usual: how), that something the
 * administrator has let in relaxed it, or (why) that it is not enforced; from either side. */
void ar_run_enforced(struct ar_run *run, enum ar_control control);
void ar_run_enforced_by(struct ar_run *run, enum ar_control control, const char *how);
void ar_run_relaxed(struct ar_run *run, enum ar_control control, const char *why);
void ar_run_not_applied(struct ar_run *run, enum ar_control control, const char *why);
/*
 * A control could not be applied: fatal (r is returned) when it is required, else noted with err's
 * text and 0 is returned.
 */
int ar_run_cannot(struct ar_run *run, enum ar_control control, int r, struct ar_error *err);
/* The same of a control that only a host without it starts a container without: whatever else
 * failed, as for want of memory or descriptors, is fatal. */
int ar_run_lacks(struct ar_run *run, enum ar_control control, int r, struct ar_error *err);
/* All controls of the effective configuration with what was noted: the outcomes of the record, in
 * run's arena. */
void ar_run_outcomes(struct ar_run *run, struct ar_list *ret);

/* What was mounted is in the container, and nothing is mounted later. */
void ar_run_close_trees(struct ar_run *run);
/* The program has what takes the places of its standard streams. */
void ar_run_close_streams(struct ar_run *run);
/* Pipes do, of a program in a user namespace. */
bool ar_run_has_mapped_streams(const struct ar_run *run);
/*
 * A terminal has one owner: who asks for one must say who takes it. leaves: the runtime does not
 * stay with the process.
 */
int ar_run_check_terminal(const struct ar_run *run, bool leaves, struct ar_error *err);

/* plan-create.c, plan-exec.c */
void ar_plan_create(struct ar_plan *plan, const struct ar_run *run);
void ar_plan_exec(struct ar_plan *plan, const struct ar_run *run);
