/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct ar_error;

/*
 * keyrings(7): a process of a container must not inherit the session keyring of whoever started the
 * runtime. Init and every exec join the one named "_ses.<id>".
 */
struct ar_keyring {
	const char *id;	   /* of the container */
	const char *label; /* SELinux label of the keyring, NULL: the default */
	int proc;	   /* a trusted procfs; used only for a label */
	bool user_ns;	   /* the container has a user namespace: others of it may search */
};
/*
 * Join it, make it when it is not there, and let it be searched as runc does. -ENOSYS where the
 * kernel has no keyrings: there is nothing to inherit then.
 */
int ar_keyring_join(const struct ar_keyring *keyring, struct ar_error *err);
