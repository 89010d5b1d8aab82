/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <net/if.h>
#include <stdlib.h>

#include "base/error.h"
#include "spec/validate.h"

static int check_namespaces(const struct ar_check *c, const struct ar_list *namespaces)
{
	const struct ar_namespace *all = namespaces->items;

	for (size_t i = 0; i < namespaces->n; i++) {
		if (all[i].path && all[i].path[0] != '/')
			return ar_check_refuse(
				c, 0,
				"linux.namespaces[%zu].path: expected an absolute path, got \"%s\"",
				i, all[i].path);
		for (size_t k = 0; k < i; k++)
			if (strcmp(all[k].type, all[i].type) == 0)
				return ar_check_refuse(c, 0,
						       "linux.namespaces[%zu]: %s is given twice",
						       i, all[i].type);
	}
	return 0;
}

/* What the kernel wants of a line of uid_map, before it is too late to say which one is wrong. */
static int check_mappings(const struct ar_check *c, const struct ar_list *mappings,
			  const char *field)
{
	size_t i = 0;

	ar_list_foreach(const struct ar_id_mapping, m, mappings) {
		const uint64_t end = UINT64_C(1) << 32;

		if (m->size.value == 0)
			return ar_check_refuse(c, 0, "%s[%zu].size: must not be 0", field, i);
		if (m->container_id.value + m->size.value > end ||
		    m->host_id.value + m->size.value > end)
			return ar_check_refuse(c, 0, "%s[%zu]: goes beyond the last id", field, i);
		i++;
	}
	return 0;
}

static int check_user_namespace(const struct ar_check *c, const struct ar_spec *spec)
{
	const struct ar_linux *linux = spec->linux;
	const struct ar_namespace *user = ar_spec_namespace(spec, "user");
	int r;

	if (!user && (linux->uid_mappings.n > 0 || linux->gid_mappings.n > 0))
		return ar_check_refuse(c, 0, "linux.%s: needs a user namespace",
				       linux->uid_mappings.n > 0 ? "uidMappings" : "gidMappings");
	/* beside a path they may stand: engines write those that the namespace has */
	if (user && !user->path && linux->uid_mappings.n == 0)
		return ar_check_refuse(c, 0, "linux.uidMappings: needed by a new user namespace");
	if (user && !user->path && linux->gid_mappings.n == 0)
		return ar_check_refuse(c, 0, "linux.gidMappings: needed by a new user namespace");
	r = check_mappings(c, &linux->uid_mappings, "linux.uidMappings");
	if (r == 0)
		r = check_mappings(c, &linux->gid_mappings, "linux.gidMappings");
	return r;
}

static int check_time_offsets(const struct ar_check *c, const struct ar_spec *spec)
{
	const struct ar_namespace *time = ar_spec_namespace(spec, "time");

	if (spec->linux->time_offsets.n == 0)
		return 0;
	if (!time)
		return ar_check_refuse(c, 0, "linux.timeOffsets: needs a time namespace");
	if (time->path)
		return ar_check_refuse(
			c, 0,
			"linux.timeOffsets: needs a time namespace of its own, not one to join");
	return 0;
}

static int check_devices(const struct ar_check *c, const struct ar_list *devices)
{
	size_t i = 0;

	ar_list_foreach(const struct ar_device, d, devices) {
		if (d->path[0] != '/')
			return ar_check_refuse(
				c, 0,
				"linux.devices[%zu].path: expected an absolute path, got \"%s\"", i,
				d->path);
		if (strcmp(d->type, "p") != 0 && (!d->major.set || !d->minor.set))
			return ar_check_refuse(c, 0,
					       "linux.devices[%zu]: \"%s\" needs major and minor",
					       i, d->path);
		i++;
	}
	return 0;
}

/* dev_valid_name() of the kernel */
static bool is_interface(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len >= IFNAMSIZ || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (; *name; name++)
		if (*name == '/' || *name == ':' || isspace((unsigned char)*name))
			return false;
	return true;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, not each compared with each: the list is as long as its author likes. */
static const char *find_twice(const char **names, size_t n)
{
	qsort(names, n, sizeof(*names), compare_names);
	for (size_t i = 1; i < n; i++)
		if (strcmp(names[i - 1], names[i]) == 0)
			return names[i];
	return NULL;
}

static int check_net_devices(const struct ar_check *c, const struct ar_spec *spec)
{
	_cleanup_free_ const char **inner = NULL;
	const struct ar_list *list = &spec->linux->net_devices;
	const char *twice;
	size_t n = 0;

	if (list->n == 0)
		return 0;
	if (!ar_spec_namespace(spec, "network"))
		return ar_check_refuse(c, 0, "linux.netDevices: needs a network namespace");
	inner = calloc(list->n, sizeof(*inner));
	if (!inner)
		ar_no_memory();
	ar_list_foreach(const struct ar_net_device, d, list) {
		inner[n] = d->name ? d->name : d->host_name;
		if (!is_interface(d->host_name) || !is_interface(inner[n]))
			return ar_check_refuse(
				c, 0,
				"linux.netDevices: expected the name of an interface, got \"%.60s\"",
				is_interface(d->host_name) ? inner[n] : d->host_name);
		n++;
	}
	twice = find_twice(inner, n);
	if (twice)
		return ar_check_refuse(c, 0, "linux.netDevices: two would be called \"%s\"", twice);
	return 0;
}

/* Masked and read-only paths. */
static int check_paths(const struct ar_check *c, const struct ar_spec *spec,
		       const struct ar_strings *paths, const char *field)
{
	if (paths->n > 0 && !ar_spec_namespace(spec, "mount"))
		return ar_check_refuse(c, 0, "linux.%s: needs a mount namespace", field);
	for (size_t i = 0; i < paths->n; i++)
		if (paths->items[i][0] != '/')
			return ar_check_refuse(
				c, 0, "linux.%s[%zu]: expected an absolute path, got \"%s\"", field,
				i, paths->items[i]);
	return 0;
}

/* It becomes the name of a directory of resctrl. */
static int check_rdt(const struct ar_check *c, const struct ar_intel_rdt *rdt)
{
	const char *id = rdt->clos_id;

	if (id && (strcmp(id, ".") == 0 || strcmp(id, "..") == 0 || strchr(id, '/')))
		return ar_check_refuse(
			c, 0,
			"linux.intelRdt.closID: expected the name of a directory, got \"%.60s\"",
			id);
	return 0;
}

int ar_check_linux(const struct ar_check *c, const struct ar_spec *spec)
{
	const struct ar_linux *linux = spec->linux;
	int r;

	r = check_namespaces(c, &linux->namespaces);
	if (r == 0)
		r = check_user_namespace(c, spec);
	if (r == 0)
		r = check_time_offsets(c, spec);
	if (r == 0 && linux->resources)
		r = ar_check_resources(c, linux->resources, "linux.resources.");
	if (r == 0)
		r = check_devices(c, &linux->devices);
	if (r == 0)
		r = check_net_devices(c, spec);
	if (r == 0 && linux->seccomp)
		r = ar_check_seccomp(c, linux->seccomp);
	if (r == 0)
		r = check_paths(c, spec, &linux->masked_paths, "maskedPaths");
	if (r == 0)
		r = check_paths(c, spec, &linux->readonly_paths, "readonlyPaths");
	if (r == 0 && linux->intel_rdt)
		r = check_rdt(c, linux->intel_rdt);
	return r;
}
