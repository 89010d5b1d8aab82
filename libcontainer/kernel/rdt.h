/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct ar_arena;
struct ar_error;
struct ar_intel_rdt;
struct ar_json_writer;

/*
 * linux.intelRdt by the resctrl file system (kernel Documentation/filesystems/resctrl.rst): a class
 * of service is a directory with a "schemata" file that divides cache and memory bandwidth and a
 * "tasks" file that says whose. The class is named by closID ("/": the default one), or for the
 * container, which alone then uses it.
 */

/* An O_PATH descriptor of the file system's root. -ENOENT: resctrl is not mounted. */
int ar_rdt_open(struct ar_arena *arena, int *ret_root, struct ar_error *err);
/* Whether the kernel divides that resource, "L3" or "MB". */
bool ar_rdt_divides(int root, const char *resource);
/*
 * Put pid into its class, which is made when it is missing. A class with a closID that is there
 * already is left as it is: what is asked of it must be what it has (-EEXIST). On an error nothing
 * is left of what was made.
 */
int ar_rdt_apply(int root, const struct ar_intel_rdt *rdt, const char *id, pid_t pid,
		 struct ar_error *err);
/*
 * Remove what ar_rdt_apply() made and nobody else can use: its class without a closID, its
 * monitoring group.
 */
int ar_rdt_remove(int root, const struct ar_intel_rdt *rdt, const char *id, struct ar_error *err);
/* The object "intel_rdt" of an event of type "stats", with runc's keys. */
int ar_rdt_encode(struct ar_arena *arena, int root, const struct ar_intel_rdt *rdt, const char *id,
		  struct ar_json_writer *w, struct ar_error *err);

/* --- rdt-schema.c: pure -------------------------------------------------------------------- */

/* What is to be written to "schemata", each line with its newline; NULL: nothing. */
const char *ar_rdt_schemata(struct ar_arena *arena, const struct ar_intel_rdt *rdt);
/* Whether schemata has every value that asked sets: -EEXIST names the first line that differs. */
int ar_rdt_compare(struct ar_arena *arena, const char *asked, const char *schemata,
		   struct ar_error *err);
