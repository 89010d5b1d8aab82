/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <sys/personality.h>

#include "base/error.h"
#include "kernel/personality.h"

#include "test.h"

TEST("both domains of the specification are set")
{
	struct ar_personality linux32 = { .domain = "LINUX32" }, linux64 = { .domain = "LINUX" };
	struct ar_error err;

	CHECK_INT(ar_personality_apply(&linux32, &err), 0);
	CHECK_INT(personality(0xffffffff), PER_LINUX32);
	CHECK_INT(ar_personality_apply(&linux64, &err), 0);
	CHECK_INT(personality(0xffffffff), PER_LINUX);
}

TEST("no personality leaves the one there is")
{
	struct ar_error err;

	CHECK(personality(PER_LINUX32) >= 0);
	CHECK_INT(ar_personality_apply(NULL, &err), 0);
	CHECK_INT(personality(0xffffffff), PER_LINUX32);
}

TEST("what was inherited is left for the native one")
{
	struct ar_error err;

	CHECK(personality(PER_LINUX32 | ADDR_NO_RANDOMIZE | READ_IMPLIES_EXEC) >= 0);
	CHECK_INT(ar_personality_reset(&err), 0);
	CHECK_INT(personality(0xffffffff), PER_LINUX);
	CHECK_INT(ar_personality_reset(&err), 0);
}

TEST("flags that weaken memory protection have no names here")
{
	const char *flags[] = { "READ_IMPLIES_EXEC", NULL };
	struct ar_personality asked = { "LINUX", { flags, 1 } };
	struct ar_error err;

	CHECK_INT(ar_personality_apply(&asked, &err), -EINVAL);
	CHECK_STR(err.text, "linux.personality.flags: unknown flag 'READ_IMPLIES_EXEC'");
	CHECK_INT(personality(0xffffffff) & READ_IMPLIES_EXEC, 0);
}

TEST("an unknown domain is named")
{
	struct ar_personality asked = { .domain = "BSD" };
	struct ar_error err;

	CHECK_INT(ar_personality_apply(&asked, &err), -EINVAL);
	CHECK_STR(err.text, "linux.personality.domain: unknown domain 'BSD'");
}

int main(void)
{
	return test_main();
}
