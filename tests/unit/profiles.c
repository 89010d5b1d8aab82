/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "profiles.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "kernel/seccomp-compile.h"
#include "test.h"
#include "json/read.h"

#define FAIL(...) test_fail(__FILE__, __LINE__, __VA_ARGS__)

const struct ar_seccomp *profile_parse(struct ar_arena *arena, const char *json)
{
	struct ar_seccomp *profile = ar_alloc(arena, sizeof(*profile));
	const struct ar_json *value;
	struct ar_error err = { 0 };

	if (ar_json_parse(arena, "profile", json, strlen(json), &ar_json_limits_default, &value,
			  &err) < 0 ||
	    ar_decode(arena, &ar_seccomp_class, "profile", "", value, profile, &err) < 0)
		FAIL("%s", err.text);
	return profile;
}

const struct ar_seccomp *profile_read(struct ar_arena *arena, const char *name)
{
	struct ar_error err = { 0 };
	char path[256], *text;
	size_t len;

	snprintf(path, sizeof(path), "tests/unit/data/seccomp-%s.json", name);
	if (ar_file_read(arena, AT_FDCWD, test_source(path), 1 << 20, &text, &len, &err) < 0)
		FAIL("%s", err.text);
	return profile_parse(arena, text);
}

struct ar_filters profile_compile(struct ar_arena *arena, const struct ar_seccomp *profile)
{
	struct ar_filters filters = { .n = 0 };
	struct ar_error err = { 0 };
	const char *library;
	void *handle = dlopen("libseccomp.so.2", RTLD_NOW);

	if (!handle)
		SKIP("libseccomp is not installed");
	dlclose(handle);
	if (ar_seccomp_compile(arena, profile, &filters, &library, &err) < 0)
		FAIL("%s", err.text);
	if (filters.n && *library != '/')
		FAIL("the library's path is '%s'", library);
	return filters;
}
