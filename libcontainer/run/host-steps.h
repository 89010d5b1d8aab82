/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kernel/cgroup.h"
#include "policy/effective.h"
#include "run/hooks.h"
#include "run/walk.h"
#include "state/record.h"

/* The steps of the host's process; plan-create.c and plan-exec.c have their order. */
extern const struct ar_step ar_step_namespaces;	    /* create: open those that are joined */
extern const struct ar_step ar_step_join_container; /* exec: all of the container's */
extern const struct ar_step ar_step_filters;	    /* create: build */
extern const struct ar_step ar_step_saved_filters;  /* exec: load */
extern const struct ar_step ar_step_trees;	    /* detached copies of root and binds */
extern const struct ar_step ar_step_sockets;	    /* console and pidfd sockets */
extern const struct ar_step ar_step_fifo;
extern const struct ar_step ar_step_locate_cgroup; /* the path, into the record on disk */
extern const struct ar_step ar_step_cgroup;
extern const struct ar_step ar_step_locate_unit; /* the same for a unit of systemd */
extern const struct ar_step ar_step_unit;	 /* create: started with init in it */
extern const struct ar_step ar_step_unit_enter;	 /* exec: where clone3 could not put it */
extern const struct ar_step ar_step_alone;
extern const struct ar_step ar_step_limits;
extern const struct ar_step ar_step_device_rules;
extern const struct ar_step ar_step_container_cgroup; /* exec: where it is born */
extern const struct ar_step ar_step_affinity;	      /* execCPUAffinity.initial */
extern const struct ar_step ar_step_clone;
extern const struct ar_step ar_step_idmap;
extern const struct ar_step ar_step_streams; /* whose the pipes are that we copy from and to */
extern const struct ar_step ar_step_rdt;
extern const struct ar_step ar_step_net_devices;
extern const struct ar_step ar_step_save;
extern const struct ar_step ar_step_host_hooks;	     /* prestart, createRuntime */
extern const struct ar_step ar_step_container_hooks; /* createContainer, in init */
extern const struct ar_step ar_step_start_hooks;     /* startContainer, in init */
extern const struct ar_step ar_step_created;  /* the record says so; pid file, pidfd socket */
extern const struct ar_step ar_step_executed; /* exec: pid file, pidfd socket */

/* The limits that are to be set; of compat without what v2 cannot say. NULL: none. */
const struct ar_resources *ar_run_resources(struct ar_run *run);
/* End what is in the container's cgroup and remove it; the unit goes with it, if it is one's. */
int ar_container_remove_cgroup(struct ar_cgroup *cgroup, const struct ar_record *record,
			       struct ar_error *err);
/* Undo of what made the cgroup. */
void ar_run_remove_cgroup(struct ar_run *run);
/* That the cgroup is no other container's too, as all profiles but compat want it; from here on
 * looked at whenever it is made or opened. */
int ar_run_check_alone(struct ar_run *run, struct ar_error *err);

/* Run a container's hooks of one kind. pid 0: it has none any more. */
int ar_container_hooks(const struct ar_effective *effective, const struct ar_record *record,
		       pid_t pid, enum ar_hook_kind kind, const char *status, struct ar_error *err);
/* The same for the container of a walk. */
int ar_run_hooks(struct ar_run *run, enum ar_hook_kind kind, const char *status,
		 struct ar_error *err);
