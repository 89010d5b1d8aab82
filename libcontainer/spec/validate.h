/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "spec/spec.h"

/* Shared by the files that check a configuration; see spec.h for what is public. */
struct ar_check {
	const char *file; /* for messages */
	struct ar_error *err;
};

/* "<file>:<line>: <fmt>", or without the line when it is 0 (not known). Returns -EINVAL. */
int ar_check_refuse(const struct ar_check *c, unsigned int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

int ar_check_resources(const struct ar_check *c, const struct ar_resources *resources,
		       const char *path);
int ar_check_seccomp(const struct ar_check *c, const struct ar_seccomp *seccomp);
int ar_check_linux(const struct ar_check *c, const struct ar_spec *spec);
