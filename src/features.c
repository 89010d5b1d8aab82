/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "command.h"
#include "kernel/caps.h"
#include "kernel/seccomp-resolve.h"
#include "kernel/seccomp.h"
#include "output.h"
#include "policy/merge.h"
#include "run/hooks.h"
#include "spec/mount-options.h"
#include "spec/spec.h"
#include "version.h"
#include "json/write.h"

/*
 * features.md and features-linux.md of runtime-spec 1.3. Names come from the tables by which
 * config.json is read and applied, so that nothing is claimed that is not known.
 */

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_names(struct ar_json_writer *w, struct ar_arena *arena, const char *key,
		      const struct ar_name *names, size_t n)
{
	const char **sorted = ar_alloc_array(arena, n + 1, sizeof(*sorted));

	for (size_t i = 0; i < n; i++)
		sorted[i] = names[i].name;
	qsort(sorted, n, sizeof(*sorted), compare);
	ar_json_key(w, key);
	ar_json_open(w, '[');
	for (size_t i = 0; i < n; i++)
		ar_json_string(w, sorted[i]);
	ar_json_close(w, ']');
}

/* The values that a field of config.json may have. */
static void add_field(struct ar_json_writer *w, struct ar_arena *arena, const char *key,
		      const struct ar_class *class, const char *field)
{
	for (size_t i = 0; i < class->n; i++) {
		if (strcmp(class->fields[i].name, field) == 0)
			add_names(w, arena, key, class->fields[i].names, class->fields[i].n_names);
	}
}

static void add_enabled(struct ar_json_writer *w, const char *key)
{
	ar_json_key(w, key);
	ar_json_open(w, '{');
	ar_json_kv_bool(w, "enabled", true);
	ar_json_close(w, '}');
}

static void add_hooks(struct ar_json_writer *w)
{
	ar_json_key(w, "hooks");
	ar_json_open(w, '[');
	for (int kind = 0; kind < AR_HOOK_KIND_COUNT; kind++)
		ar_json_string(w, ar_hook_kind_name(kind));
	ar_json_close(w, ']');
}

static void add_mount_options(struct ar_json_writer *w)
{
	size_t n;
	const char *const *names = ar_mount_option_names(&n);

	ar_json_key(w, "mountOptions");
	ar_json_open(w, '[');
	for (size_t i = 0; i < n; i++)
		ar_json_string(w, names[i]);
	ar_json_close(w, ']');
}

/* By their numbers, as runc has them. */
static void add_capabilities(struct ar_json_writer *w)
{
	size_t n;
	const struct ar_name *names = ar_cap_names(&n);

	ar_json_key(w, "capabilities");
	ar_json_open(w, '[');
	for (size_t i = 0; i < n; i++)
		ar_json_string(w, names[i].name);
	ar_json_close(w, ']');
}

static void add_cgroup(struct ar_json_writer *w)
{
	ar_json_key(w, "cgroup");
	ar_json_open(w, '{');
	ar_json_kv_bool(w, "v1", false);
	ar_json_kv_bool(w, "v2", true);
	ar_json_kv_bool(w, "systemd", true);
	ar_json_kv_bool(w, "systemdUser", true);
	ar_json_kv_bool(w, "rdma", true);
	ar_json_close(w, '}');
}

static const struct {
	const char *name;
	unsigned int flag;
} filter_flags[] = {
	{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
};

static void add_supported_flags(struct ar_json_writer *w)
{
	ar_json_key(w, "supportedFlags");
	ar_json_open(w, '[');
	for (size_t i = 0; i < AR_COUNT(filter_flags); i++) {
		if (ar_seccomp_has_flag(filter_flags[i].flag))
			ar_json_string(w, filter_flags[i].name);
	}
	ar_json_close(w, ']');
}

static void add_seccomp(struct ar_json_writer *w, struct ar_arena *arena)
{
	ar_json_key(w, "seccomp");
	ar_json_open(w, '{');
	ar_json_kv_bool(w, "enabled", true);
	add_field(w, arena, "actions", &ar_seccomp_class, "defaultAction");
	add_field(w, arena, "operators", &ar_seccomp_arg_class, "op");
	add_field(w, arena, "archs", &ar_seccomp_class, "architectures");
	add_field(w, arena, "knownFlags", &ar_seccomp_class, "flags");
	add_supported_flags(w);
	ar_json_close(w, '}');
}

static void add_linux(struct ar_json_writer *w, struct ar_arena *arena)
{
	ar_json_key(w, "linux");
	ar_json_open(w, '{');
	add_field(w, arena, "namespaces", &ar_namespace_class, "type");
	add_capabilities(w);
	add_cgroup(w);
	add_seccomp(w, arena);
	add_enabled(w, "apparmor");
	add_enabled(w, "selinux");
	ar_json_key(w, "intelRdt");
	ar_json_open(w, '{');
	ar_json_kv_bool(w, "enabled", true);
	ar_json_kv_bool(w, "schemata", true);
	ar_json_kv_bool(w, "monitoring", true);
	ar_json_close(w, '}');
	ar_json_key(w, "memoryPolicy");
	ar_json_open(w, '{');
	add_field(w, arena, "modes", &ar_memory_policy_class, "mode");
	add_field(w, arena, "flags", &ar_memory_policy_class, "flags");
	ar_json_close(w, '}');
	ar_json_key(w, "mountExtensions");
	ar_json_open(w, '{');
	add_enabled(w, "idmap");
	ar_json_close(w, '}');
	add_enabled(w, "netDevices");
	ar_json_close(w, '}');
}

/*
 * What only a plain runtime does: the other profiles refuse it, or leave it out. Callers look for
 * runc's name of it, which crun has too, and for the version of libseccomp.
 */
static void add_annotations(struct ar_json_writer *w, struct ar_arena *arena, bool compat)
{
	const char *libseccomp = ar_seccomp_library_version(arena);

	ar_json_key(w, "annotations");
	ar_json_open(w, '{');
	ar_json_kv(w, "io.agentrun.version", AR_VERSION);
	ar_json_kv(w, "io.agentrun.commit", AR_COMMIT);
	ar_json_kv(w, "io.agentrun.checkpoint.enabled", compat ? "true" : "false");
	ar_json_kv(w, "org.opencontainers.runc.checkpoint.enabled", compat ? "true" : "false");
	if (libseccomp)
		ar_json_kv(w, "io.github.seccomp.libseccomp.version", libseccomp);
	ar_json_close(w, '}');
}

static void add_unsafe_annotations(struct ar_json_writer *w, enum ar_profile profile)
{
	ar_json_key(w, "potentiallyUnsafeConfigAnnotations");
	ar_json_open(w, '[');
	for (const char *const *name = ar_annotations_followed(profile); *name; name++)
		ar_json_string(w, *name);
	ar_json_close(w, ']');
}

static int run(struct ar_call *call, struct ar_error *err)
{
	struct ar_json_writer w = AR_JSON_WRITER_INIT("    ");
	bool compat = call->context.profile == AR_PROFILE_COMPAT;
	int r;

	ar_json_open(&w, '{');
	ar_json_kv(&w, "ociVersionMin", "1.0.0");
	ar_json_kv(&w, "ociVersionMax", AR_SPEC_VERSION);
	add_hooks(&w);
	add_mount_options(&w);
	add_linux(&w, call->arena);
	add_annotations(&w, call->arena, compat);
	add_unsafe_annotations(&w, call->context.profile);
	ar_json_close(&w, '}');
	ar_text_add(&w.out, "\n");
	r = ar_print(ar_text_str(&w.out), w.out.len, err);
	ar_json_done(&w);
	return r;
}

const struct ar_command ar_command_features = {
	.name = "features",
	.summary = "print the implemented features of the runtime specification",
	.arguments = "",
	.text = "Prints JSON in the form of the runtime specification's features.md: what is implemented,\n"
		"whatever the host can do. The profile in force affects only whether checkpoint is enabled\n"
		"and which annotations count.\n",
	.table = &ar_no_options,
	.flags = AR_COMMAND_STATELESS | AR_COMMAND_POLICY,
	.run = run,
};
