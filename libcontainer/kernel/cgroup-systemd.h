/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct ar_error;
struct ar_properties;
struct ar_systemd;
struct ar_unit;

/*
 * A connection to systemd over the bus (org.freedesktop.systemd1(5)), by libsystemd, which
 * systemd-bus.c opens when it is first needed. Every wait is bounded. A connection does not survive
 * a fork.
 */

enum ar_manager { AR_MANAGER_SYSTEM, AR_MANAGER_USER };
const char *ar_manager_name(enum ar_manager manager);	/* "system", "user" */
enum ar_manager ar_manager_from_name(const char *name); /* of a record */

/*
 * The manager of the system, by the system's bus or, as root where there is none, by its own
 * socket; or that of the user, by the bus of $DBUS_SESSION_BUS_ADDRESS or $XDG_RUNTIME_DIR.
 * -ENOENT: there is no such bus; the sentence says what to do. -ENOSYS: no libsystemd.
 */
int ar_systemd_open(enum ar_manager manager, struct ar_systemd **ret, struct ar_error *err);
void ar_systemd_close(struct ar_systemd *systemd); /* NULL is allowed */
static inline void ar_systemd_closep(struct ar_systemd **systemd)
{
	ar_systemd_close(*systemd);
}
#define _cleanup_systemd_ __attribute__((cleanup(ar_systemd_closep)))

/* The manager's own cgroup, "" for the root of the tree; the release of systemd (252). */
const char *ar_systemd_cgroup(const struct ar_systemd *systemd);
unsigned int ar_systemd_version(const struct ar_systemd *systemd);

/*
 * Start a transient unit and wait until it stands. What is left of a failed one with that name is
 * cleared away; -EEXIST: one is there and lives. *ret_ours: it is there, or may be, and is what was
 * asked for; also when that is an error.
 */
int ar_systemd_start(struct ar_systemd *systemd, const char *unit,
		     const struct ar_properties *properties, bool *ret_ours, struct ar_error *err);
/* Set properties until the next boot. When this returns, systemd has written its files. */
int ar_systemd_set(struct ar_systemd *systemd, const char *unit,
		   const struct ar_properties *properties, struct ar_error *err);
/* Move a process into the unit, or into sub below its cgroup (NULL: itself). */
int ar_systemd_attach(struct ar_systemd *systemd, const char *unit, const char *sub, pid_t pid,
		      struct ar_error *err);
/* Stop the unit, wait until it is gone, and forget that it failed. Nothing there is fine. */
int ar_systemd_stop(struct ar_systemd *systemd, const char *unit, struct ar_error *err);
