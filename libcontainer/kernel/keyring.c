/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/keyring.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/str.h"
#include "kernel/lsm.h"

/* keyctl(2), KEYCTL_SETPERM: who may search */
#define OWNER_MAY_SEARCH 0x00080000u
#define OTHER_MAY_SEARCH 0x00000008u

/* The permissions in "keyring;uid;gid;perm;name". */
static int read_permissions(long key, uint32_t *ret)
{
	char text[256] = "";
	unsigned int perm;
	long len = syscall(SYS_keyctl, KEYCTL_DESCRIBE, key, text, sizeof(text) - 1);

	if (len < 0)
		return -errno;
	if (sscanf(text, "%*[^;];%*d;%*d;%x", &perm) != 1)
		return -EPROTO;
	*ret = perm;
	return 0;
}

/* A later exec, maybe with another uid of the container, finds the keyring by its name only if it
 * may search it. */
static int allow_search(long key, bool user_ns, struct ar_error *err)
{
	uint32_t perm, want;
	int r = read_permissions(key, &perm);

	if (r < 0)
		return ar_fail(err, -r, "read the permissions of the session keyring");
	want = perm | (user_ns ? OTHER_MAY_SEARCH : OWNER_MAY_SEARCH);
	if (want != perm && syscall(SYS_keyctl, KEYCTL_SETPERM, key, want) < 0)
		return ar_fail(err, errno, "set the permissions of the session keyring");
	return 0;
}

static int join(const char *name, bool user_ns, struct ar_error *err)
{
	long key = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name);

	if (key < 0)
		return ar_fail(err, errno, "unable to join session keyring");
	return allow_search(key, user_ns, err);
}

int ar_keyring_join(const struct ar_keyring *keyring, struct ar_error *err)
{
	bool labelled = keyring->label && keyring->label[0];
	_cleanup_text_ struct ar_text name = AR_TEXT_INIT;
	int r, s;

	ar_text_addf(&name, "_ses.%s", keyring->id);
	if (!labelled)
		return join(name.s, keyring->user_ns, err);

	r = ar_selinux_label_keys(keyring->proc, keyring->label, err);
	if (r < 0)
		return r;
	r = join(name.s, keyring->user_ns, err);
	/* The container's own keys are labelled by the policy again, also when joining failed. */
	s = ar_selinux_label_keys(keyring->proc, NULL, r < 0 ? NULL : err);
	return r < 0 ? r : s;
}
