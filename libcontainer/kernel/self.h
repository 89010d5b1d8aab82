/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

struct ar_error;

/*
 * Our own executable out of a container's reach. A process of ours that is in a container's
 * namespaces is reachable as /proc/PID/exe, and an image whose program is /proc/self/exe executes
 * us there: what is found behind that name must not be writable (CVE-2019-5736).
 *
 * Executes this program again from a detached read-only bind of itself, or, without the rights to
 * make one, from a sealed copy in memory (memfd_create(2)). Returns 0 when that has happened
 * already, or the executable lies on a read-only mount; an error means that it cannot be had, and
 * no container may be entered.
 */
int ar_self_protect(char *const *argv, char *const *envp, struct ar_error *err);
