/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

struct ar_error;

/* Whether the host enforces them; asked before the root changes. */
bool ar_apparmor_enabled(void);
bool ar_selinux_enabled(void);

/*
 * Ask for a label at the next execve(2): written to this thread's attr files through proc (a
 * trusted procfs: CVE-2019-16884 and CVE-2025-52881 led this write elsewhere) and read back. NULL
 * or "": nothing.
 */
int ar_apparmor_apply(int proc, const char *profile, struct ar_error *err);
int ar_selinux_apply(int proc, const char *label, struct ar_error *err);
/* Label the directory behind an O_PATH descriptor; name is for messages. NULL or "": nothing. */
int ar_selinux_label_directory(int at, const char *label, const char *name, struct ar_error *err);
/* The SELinux label of keys this thread makes from now on; NULL: the default again. */
int ar_selinux_label_keys(int proc, const char *label, struct ar_error *err);
