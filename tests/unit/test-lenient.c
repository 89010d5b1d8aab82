/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/arena.h"
#include "base/error.h"
#include "spec/spec.h"

#include "test.h"

TEST("what runc overlooks has the effect that it has there")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	const char *text =
		"{\"ociVersion\":\"9\",\"root\":{\"path\":\"\"},\"process\":{\"cwd\":\"/\",\"args\":[\"sh\"],"
		"\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1},"
		"{\"type\":\"RLIMIT_CPU\",\"soft\":2,\"hard\":2}]},"
		"\"mounts\":[{\"destination\":\"/m\",\"options\":[\"rbind\"]}],"
		"\"linux\":{\"personality\":{\"domain\":\"LINUX32\",\"flags\":[\"F\"]},"
		"\"gidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]}}";
	const struct ar_rlimit *limits;
	const struct ar_mount *mount;
	struct ar_spec *spec;
	struct ar_error err;

	CHECK_INT(ar_spec_parse(arena, "config.json", text, strlen(text), AR_READ_LENIENT, &spec,
				&err),
		  0);
	CHECK_STR(spec->oci_version, AR_SPEC_VERSION);
	CHECK_STR(spec->root->path, ".");
	limits = spec->process->rlimits.items;
	CHECK_UINT(spec->process->rlimits.n, 1);
	CHECK_UINT(limits[0].hard.value, 2);
	mount = spec->mounts.items;
	CHECK_STR(mount->source, ".");
	CHECK_STR(spec->linux->personality->domain, "LINUX32");
	CHECK_UINT(spec->linux->personality->flags.n, 0);
	CHECK_UINT(spec->linux->gid_mappings.n, 0);
}

int main(void)
{
	return test_main();
}
