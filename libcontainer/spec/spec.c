/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/spec.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "spec/lenient.h"
#include "spec/mount-options.h"
#include "json/read.h"

/* config.md */
static const struct ar_field spec_fields[] = {
	AR_FIELD_STRING(ar_spec, oci_version, "ociVersion", AR_F_BLANK),
	/* runtime-spec wants it by "start" only, but what is created can no longer be changed */
	AR_FIELD_OBJECT(ar_spec, process, "process", AR_F_REQUIRED, ar_process),
	AR_FIELD_OBJECT(ar_spec, root, "root", AR_F_REQUIRED, ar_root),
	AR_FIELD_STRING(ar_spec, hostname, "hostname", AR_F_BLANK),
	AR_FIELD_STRING(ar_spec, domainname, "domainname", AR_F_BLANK),
	AR_FIELD_LIST(ar_spec, mounts, "mounts", 0, ar_mount),
	AR_FIELD_OBJECT(ar_spec, hooks, "hooks", 0, ar_hooks),
	AR_FIELD_MAP(ar_spec, annotations, "annotations", 0),
	AR_FIELD_OBJECT(ar_spec, linux, "linux", 0, ar_linux),
	AR_FIELD_JSON(ar_spec, solaris, "solaris", 0),
	AR_FIELD_JSON(ar_spec, windows, "windows", 0),
	AR_FIELD_OBJECT(ar_spec, vm, "vm", 0, ar_vm),
	AR_FIELD_JSON(ar_spec, zos, "zos", 0),
	AR_FIELD_JSON(ar_spec, freebsd, "freebsd", 0),
};
const struct ar_class ar_spec_class = AR_CLASS(ar_spec, "config.json", spec_fields);

const struct ar_namespace *ar_spec_namespace(const struct ar_spec *spec, const char *type)
{
	if (!spec->linux)
		return NULL;
	ar_list_foreach(const struct ar_namespace, ns, &spec->linux->namespaces)
		if (ar_streq(ns->type, type))
			return ns;
	return NULL;
}

static bool has_mapping(const struct ar_list *mappings, const struct ar_id_mapping *x)
{
	ar_list_foreach(const struct ar_id_mapping, y, mappings)
		if (x->container_id.value == y->container_id.value &&
		    x->host_id.value == y->host_id.value && x->size.value == y->size.value)
			return true;
	return false;
}

bool ar_mappings_equal(const struct ar_list *a, const struct ar_list *b)
{
	ar_list_foreach(const struct ar_id_mapping, x, a)
		if (!has_mapping(b, x))
			return false;
	return a->n == b->n;
}

/* As runc, which enters the root first. An empty one is no path. */
static void make_absolute(struct ar_arena *arena, struct ar_strings *paths)
{
	for (size_t i = 0; i < paths->n; i++)
		if (*paths->items[i])
			paths->items[i] = ar_path_absolute(arena, paths->items[i]);
}

/* The only changes to what config.json says; all later ones are policy's. */
static void put_in_order(struct ar_arena *arena, struct ar_spec *spec)
{
	/* runc does not look at it; "state" and hooks need one */
	if (!spec->oci_version)
		spec->oci_version = AR_SPEC_VERSION;
	ar_list_foreach(struct ar_mount, mount, &spec->mounts) {
		mount->destination = ar_path_absolute(arena, mount->destination);
		mount->options = ar_mount_options_split(arena, &mount->options);
	}
	if (spec->linux) {
		make_absolute(arena, &spec->linux->masked_paths);
		make_absolute(arena, &spec->linux->readonly_paths);
	}
	/* some engines write an empty section for "unconfined" */
	if (spec->linux && spec->linux->seccomp && !spec->linux->seccomp->default_action &&
	    spec->linux->seccomp->syscalls.n == 0)
		spec->linux->seccomp = NULL;
}

static int decode(struct ar_arena *arena, const struct ar_class *class, const char *file,
		  const char *text, size_t len, enum ar_reading reading, void *out,
		  struct ar_error *err)
{
	struct ar_json_limits limits = ar_json_limits_default;
	const struct ar_json *json = NULL;
	int r;

	limits.lenient = reading == AR_READ_LENIENT;
	r = ar_json_parse(arena, file, text, len, &limits, &json, err);
	if (r < 0)
		return r;
	return reading == AR_READ_LENIENT
		       ? ar_decode_any_case(arena, class, file, "", json, out, err)
		       : ar_decode(arena, class, file, "", json, out, err);
}

int ar_spec_parse(struct ar_arena *arena, const char *file, const char *text, size_t len,
		  enum ar_reading reading, struct ar_spec **ret, struct ar_error *err)
{
	struct ar_spec *spec = ar_alloc(arena, sizeof(*spec));
	int r = decode(arena, &ar_spec_class, file, text, len, reading, spec, err);

	if (r < 0)
		return r;
	put_in_order(arena, spec);
	if (reading == AR_READ_LENIENT)
		ar_spec_tolerate(arena, spec);
	r = ar_spec_validate(spec, file, reading, err);
	if (r < 0)
		return r;
	*ret = spec;
	return 0;
}

int ar_process_read(struct ar_arena *arena, int dirfd, const char *file, enum ar_reading reading,
		    struct ar_process *ret, struct ar_error *err)
{
	size_t len;
	char *text;
	int r = ar_file_read_given(arena, dirfd, file, ar_json_limits_default.max_bytes, &text,
				   &len, err);

	if (r == 0)
		r = decode(arena, &ar_process_class, file, text, len, reading, ret, err);
	if (r < 0)
		return r;
	if (reading == AR_READ_LENIENT)
		ar_process_tolerate(arena, ret);
	return ar_process_validate(ret, file, err);
}

int ar_resources_parse(struct ar_arena *arena, const char *file, const char *text, size_t len,
		       enum ar_reading reading, struct ar_resources *ret, struct ar_error *err)
{
	int r = decode(arena, &ar_resources_class, file, text, len, reading, ret, err);

	return r < 0 ? r : ar_resources_validate(ret, file, err);
}
