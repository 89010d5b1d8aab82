/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "spec/spec.h"

struct ar_error;

/*
 * Kernel parameters of the container's namespaces. Keys have dots ("net.ipv4.ip_forward") or
 * slashes; as for sysctl(8), the first one of the two that occurs separates and the other is part
 * of a name ("net/ipv4/conf/eth0.1/...").
 */

/* The type of namespace that has a parameter of its own ("ipc", "network", "uts", "user", "pid"),
 * NULL: none. */
const char *ar_sysctl_namespace(const char *key);
/*
 * Whether linux.sysctl only has parameters of namespaces that the spec makes or joins. To be asked
 * outside the container: a namespace that is joined must not be the caller's own.
 */
int ar_sysctls_check(const struct ar_spec *spec, struct ar_error *err);
/*
 * Write linux.sysctl from within the container's namespaces. proc may be any trusted procfs, also
 * the host's: whose parameters these are is decided by who writes.
 */
int ar_sysctls_apply(int proc, const struct ar_spec *spec, struct ar_error *err);
/* Write one parameter, whichever it is, and read it back. */
int ar_sysctl_write(int proc, const char *key, const char *value, struct ar_error *err);
