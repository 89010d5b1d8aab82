/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "kernel/keyring.h"

#include "test.h"

/* The session keyring this process has. */
static long session(void)
{
	return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
}

static void join(const struct ar_keyring *keyring)
{
	struct ar_error err;
	int r = ar_keyring_join(keyring, &err);

	if (r == -ENOSYS || r == -EPERM || r == -EDQUOT)
		SKIP("needs a kernel and a host that allow keyrings");
	CHECK_INT(r, 0);
}

static const char *description(void)
{
	static char text[256];

	CHECK(syscall(SYS_keyctl, KEYCTL_DESCRIBE, session(), text, sizeof(text)) > 0);
	return text;
}

static unsigned int permissions(void)
{
	unsigned int perm = 0;

	CHECK_INT(sscanf(description(), "%*[^;];%*d;%*d;%x", &perm), 1);
	return perm;
}

TEST("the session keyring becomes another one, with the container's name")
{
	struct ar_keyring keyring = { .id = "unit-1" };
	long before = session();

	join(&keyring);
	CHECK(session() != before);
	CHECK_HAS(description(), ";_ses.unit-1");
}

TEST("its owner may search it")
{
	struct ar_keyring keyring = { .id = "unit-2" };

	join(&keyring);
	CHECK_UINT(permissions() & 0x00080000, 0x00080000);
	CHECK_UINT(permissions() & 0x00000008, 0);
}

TEST("in a user namespace others may search it")
{
	struct ar_keyring keyring = { .id = "unit-3", .user_ns = true };

	join(&keyring);
	CHECK_UINT(permissions() & 0x00000008, 0x00000008);
}

TEST("an exec joins the keyring that init has")
{
	struct ar_keyring keyring = { .id = "unit-4" };
	long init;
	int status;
	pid_t pid;

	join(&keyring);
	init = session();
	pid = fork();
	if (pid == 0) {
		struct ar_error err;

		if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
			_exit(2);
		if (session() == init)
			_exit(3);
		if (ar_keyring_join(&keyring, &err) < 0)
			_exit(4);
		_exit(session() == init ? 0 : 1);
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(WEXITSTATUS(status), 0);
}

int main(void)
{
	return test_main();
}
