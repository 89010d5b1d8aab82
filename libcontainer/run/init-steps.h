/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "run/walk.h"

/* The steps of init that make the container's surroundings, up to the last mile. See plan-create.c
 * for their order. */
extern const struct ar_step ar_step_settle; /* oom score, ids of the namespace, no core, parent */
extern const struct ar_step ar_step_enter;  /* exec: the container's mount namespace and root */
extern const struct ar_step ar_step_cgroup_namespace;
extern const struct ar_step ar_step_names; /* hostname, domainname */
extern const struct ar_step ar_step_loopback;
extern const struct ar_step ar_step_sysctl;
extern const struct ar_step ar_step_memfd;
extern const struct ar_step ar_step_attach_root;
extern const struct ar_step ar_step_mounts;
extern const struct ar_step ar_step_home;
extern const struct ar_step ar_step_devices;
extern const struct ar_step ar_step_working_directory;
extern const struct ar_step ar_step_masks;
extern const struct ar_step ar_step_readonly;
extern const struct ar_step ar_step_pivot;
extern const struct ar_step ar_step_verify;
extern const struct ar_step ar_step_ready;
extern const struct ar_step ar_step_await_start;
extern const struct ar_step ar_step_announce; /* its answer, before the program */
