/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/lenient.h"

#include "base/arena.h"
#include "base/str.h"
#include "spec/mount-options.h"

/* Of several for one resource the last one is what setrlimit(2) would leave. */
static void keep_last_rlimits(struct ar_arena *arena, struct ar_list *rlimits)
{
	const struct ar_rlimit *all = rlimits->items;
	struct ar_rlimit *kept = ar_alloc_array(arena, rlimits->n, sizeof(*kept));
	size_t n = 0;

	for (size_t i = 0; i < rlimits->n; i++) {
		bool later = false;

		for (size_t k = i + 1; k < rlimits->n && !later; k++)
			later = ar_streq(all[k].type, all[i].type);
		if (!later)
			kept[n++] = all[i];
	}
	*rlimits = (struct ar_list){ kept, n };
}

void ar_process_tolerate(struct ar_arena *arena, struct ar_process *process)
{
	keep_last_rlimits(arena, &process->rlimits);
}

/* Relative paths are the bundle's, and so is one that is left out. */
static void name_sources(struct ar_list *mounts)
{
	ar_list_foreach(struct ar_mount, mount, mounts)
		if (!mount->source && ar_mount_wants_bind(mount))
			mount->source = ".";
}

static void tolerate_linux(struct ar_arena *arena, struct ar_linux *linux, bool user_namespace)
{
	ar_list_foreach(struct ar_device, device, &linux->devices)
		if (device->path[0] != '/')
			device->path = ar_printf(arena, "/%s", device->path);
	if (!user_namespace)
		linux->uid_mappings = linux->gid_mappings = (struct ar_list){ 0 };
	if (linux->personality)
		linux->personality->flags = (struct ar_strings){ 0 };
}

void ar_spec_tolerate(struct ar_arena *arena, struct ar_spec *spec)
{
	spec->oci_version = AR_SPEC_VERSION;
	if (!spec->root->path || !*spec->root->path)
		spec->root->path = ".";
	name_sources(&spec->mounts);
	if (spec->process)
		ar_process_tolerate(arena, spec->process);
	if (spec->linux)
		tolerate_linux(arena, spec->linux, ar_spec_namespace(spec, "user") != NULL);
}
