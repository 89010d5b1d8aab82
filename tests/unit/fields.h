/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "spec/field.h"

/*
 * Call visit for every field below class, a field before those within it, with its dotted path:
 * "linux", "linux.resources.pids.limit", "mounts[].options", "linux.netDevices.*.name". The key of
 * an AR_T_OBJECT_MAP is no field of its own. Stops at the first non-zero answer and returns it;
 * -1: a path is too long.
 */
int fields_walk(const struct ar_class *class,
		int (*visit)(const char *path, const struct ar_field *field, void *arg), void *arg);
/* The field with that path, as fields_walk() names it, or NULL. */
const struct ar_field *field_find(const struct ar_class *class, const char *path);
