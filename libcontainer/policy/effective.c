/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/effective.h"

#include <errno.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "base/table.h"
#include "json/read.h"
#include "json/write.h"

/* --- names --- */

static const struct ar_name profiles[] = {
	{ "compat", AR_PROFILE_COMPAT },
	{ "agent", AR_PROFILE_AGENT },
	{ "strict", AR_PROFILE_STRICT },
	{ "vm", AR_PROFILE_VM },
};

static const struct ar_name controls[] = {
	{ "read-only-root", AR_CONTROL_READONLY_ROOT },
	{ "scratch", AR_CONTROL_SCRATCH },
	{ "binds", AR_CONTROL_BINDS },
	{ "home", AR_CONTROL_HOME },
	{ "no-new-privs", AR_CONTROL_NO_NEW_PRIVS },
	{ "capabilities", AR_CONTROL_CAPABILITIES },
	{ "seccomp", AR_CONTROL_SECCOMP },
	{ "namespaces", AR_CONTROL_NAMESPACES },
	{ "user-namespace", AR_CONTROL_USER_NAMESPACE },
	{ "devices", AR_CONTROL_DEVICES },
	{ "lsm", AR_CONTROL_LSM },
	{ "masked-paths", AR_CONTROL_MASKED_PATHS },
	{ "memfd-noexec", AR_CONTROL_MEMFD_NOEXEC },
	{ "pids-limit", AR_CONTROL_PIDS_LIMIT },
	{ "memory-limit", AR_CONTROL_MEMORY_LIMIT },
	{ "cpu-limit", AR_CONTROL_CPU_LIMIT },
	{ "rlimits", AR_CONTROL_RLIMITS },
	{ "landlock", AR_CONTROL_LANDLOCK },
	{ "keyring", AR_CONTROL_KEYRING },
	{ "hooks", AR_CONTROL_HOOKS },
};
_Static_assert(AR_COUNT(controls) == AR_CONTROL_COUNT, "every control has a name");

static const struct ar_name strengths[] = {
	{ "off", AR_OFF },
	{ "if-available", AR_IF_AVAILABLE },
	{ "required", AR_REQUIRED },
};

const char *ar_profile_name(enum ar_profile profile)
{
	const char *name = ar_name_of(profiles, AR_COUNT(profiles), profile);

	return name ? name : "unset";
}

enum ar_reading ar_profile_reading(enum ar_profile profile)
{
	return profile == AR_PROFILE_COMPAT ? AR_READ_LENIENT : AR_READ_STRICT;
}

enum ar_profile ar_profile_from_name(const char *name)
{
	const struct ar_name *found = ar_name_find(profiles, AR_COUNT(profiles), name);

	return found ? (enum ar_profile)found->value : AR_PROFILE_UNSET;
}

const char *ar_control_name(enum ar_control control)
{
	return ar_name_of(controls, AR_COUNT(controls), control);
}

enum ar_control ar_control_from_name(const char *name)
{
	const struct ar_name *found = ar_name_find(controls, AR_COUNT(controls), name);

	return found ? (enum ar_control)found->value : AR_CONTROL_COUNT;
}

const char *ar_strength_name(enum ar_strength strength)
{
	return ar_name_of(strengths, AR_COUNT(strengths), strength);
}

bool ar_strength_from_name(const char *name, enum ar_strength *ret)
{
	const struct ar_name *found = ar_name_find(strengths, AR_COUNT(strengths), name);

	if (!found || found->value == AR_OFF)
		return false;
	*ret = (enum ar_strength)found->value;
	return true;
}

/* --- the document --- */

static const struct ar_field decision_fields[] = {
	AR_FIELD_STRING(ar_decision, field, "field", 0),
	AR_FIELD_STRING(ar_decision, asked, "asked", 0),
	AR_FIELD_STRING(ar_decision, got, "got", 0),
	AR_FIELD_STRING(ar_decision, kind, "kind", 0),
	AR_FIELD_STRING(ar_decision, reason, "reason", 0),
	AR_FIELD_STRING(ar_decision, control, "control", 0),
};
const struct ar_class ar_decision_class = AR_CLASS_STRICT(ar_decision, "decision", decision_fields);

/* What is true or false of an effective configuration. */
#define SWITCH(name, member)                                \
	{                                                   \
		name, offsetof(struct ar_effective, member) \
	}
static const struct {
	const char *name;
	size_t offset;
} switches[] = {
	SWITCH("builtinSeccomp", builtin_seccomp),
	SWITCH("landlockScope", landlock_scope),
	SWITCH("landlockSignals", landlock_signals),
	SWITCH("memfdNoexec", memfd_noexec),
	SWITCH("devReadonly", dev_readonly),
	SWITCH("rootNosuidNodev", root_nosuid_nodev),
	SWITCH("newKeyring", new_keyring),
	SWITCH("procHidepid", proc_hidepid),
	SWITCH("noPivot", no_pivot),
	SWITCH("idmapRoot", idmap_root),
	SWITCH("homeNoexec", home_noexec),
	SWITCH("pidsDefault", pids_default),
	SWITCH("memoryDefault", memory_default),
	SWITCH("swapDefault", swap_default),
};

/* The document around the configuration; what is no plain member is done by hand below. */
struct outside {
	const char *profile, *digest, *home;
	struct ar_opt_u64 home_size;
	struct ar_strings seccomp_allowed;
	struct ar_u64s privileged_gids;
	struct ar_list decisions;
	struct ar_spec *config;
};
static const struct ar_field outside_fields[] = {
	AR_FIELD_STRING(outside, profile, "profile", AR_F_REQUIRED),
	AR_FIELD_STRING(outside, digest, "digest", 0),
	AR_FIELD_STRING(outside, home, "home", 0),
	AR_FIELD_U64(outside, home_size, "homeSize", 0, 0),
	AR_FIELD_STRINGS(outside, seccomp_allowed, "seccompAllowed", 0),
	AR_FIELD_U64S(outside, privileged_gids, "privilegedGids", 0, 0),
	AR_FIELD_LIST(outside, decisions, "decisions", 0, ar_decision),
	AR_FIELD_OBJECT(outside, config, "config", AR_F_REQUIRED, ar_spec),
};
static const struct ar_class outside_class =
	AR_CLASS(outside, "effective configuration", outside_fields);

const char *ar_effective_not_applied(const struct ar_effective *e, enum ar_control control)
{
	ar_list_foreach(const struct ar_decision, d, &e->decisions)
		if (ar_streq(d->kind, "not applied") &&
		    ar_streq(d->field, ar_control_name(control)))
			return d->reason;
	return NULL;
}

const char *ar_effective_relaxed(const struct ar_effective *e, enum ar_control control)
{
	ar_list_foreach(const struct ar_decision, d, &e->decisions)
		if (d->control && ar_streq(d->control, ar_control_name(control)))
			return d->reason;
	return NULL;
}

/* --- write --- */

static void write_controls(struct ar_json_writer *w, const struct ar_effective *e)
{
	ar_json_key(w, "controls");
	ar_json_open(w, '{');
	for (int c = 0; c < AR_CONTROL_COUNT; c++)
		ar_json_kv(w, ar_control_name((enum ar_control)c),
			   ar_strength_name(e->strength[c]));
	ar_json_close(w, '}');
	ar_json_key(w, "switches");
	ar_json_open(w, '{');
	for (size_t i = 0; i < AR_COUNT(switches); i++)
		ar_json_kv_bool(w, switches[i].name,
				*(const bool *)((const char *)e + switches[i].offset));
	ar_json_close(w, '}');
}

void ar_effective_encode(struct ar_json_writer *w, const struct ar_effective *e)
{
	ar_json_open(w, '{');
	ar_json_kv(w, "profile", ar_profile_name(e->profile));
	if (e->digest)
		ar_json_kv(w, "digest", e->digest);
	write_controls(w, e);
	if (e->home) {
		ar_json_kv(w, "home", e->home);
		ar_json_kv_u64(w, "homeSize", e->home_size);
	}
	if (e->seccomp_allowed.n) {
		ar_json_key(w, "seccompAllowed");
		ar_json_open(w, '[');
		for (size_t i = 0; i < e->seccomp_allowed.n; i++)
			ar_json_string(w, e->seccomp_allowed.items[i]);
		ar_json_close(w, ']');
	}
	if (e->privileged_gids.n) {
		ar_json_key(w, "privilegedGids");
		ar_json_open(w, '[');
		for (size_t i = 0; i < e->privileged_gids.n; i++)
			ar_json_u64(w, e->privileged_gids.items[i]);
		ar_json_close(w, ']');
	}
	ar_json_key(w, "decisions");
	ar_json_open(w, '[');
	ar_list_foreach(const struct ar_decision, d, &e->decisions)
		ar_encode(w, &ar_decision_class, d);
	ar_json_close(w, ']');
	ar_json_key(w, "config");
	ar_encode(w, &ar_spec_class, e->spec);
	ar_json_close(w, '}');
}

/* --- read --- */

/* A control or switch that the record lacks would be off: a record that was cut must not weaken a
 * container. */
static int read_controls(const char *name, const struct ar_json *json, struct ar_effective *e,
			 struct ar_error *err)
{
	const struct ar_json *held = ar_json_get(json, "controls"),
			     *on = ar_json_get(json, "switches");

	for (int c = 0; c < AR_CONTROL_COUNT; c++) {
		const char *control = ar_control_name((enum ar_control)c);
		const struct ar_json *v = ar_json_get(held, control);

		if (!v || v->type != AR_JSON_STRING)
			return ar_refuse(err, EINVAL, "%s: no strength for the control '%s'", name,
					 control);
		if (ar_streq(v->text, ar_strength_name(AR_OFF)))
			e->strength[c] = AR_OFF;
		else if (!ar_strength_from_name(v->text, &e->strength[c]))
			return ar_refuse(err, EINVAL,
					 "%s: unknown strength '%s' of the control '%s'", name,
					 v->text, control);
	}
	for (size_t i = 0; i < AR_COUNT(switches); i++) {
		const struct ar_json *v = ar_json_get(on, switches[i].name);

		if (!v || v->type != AR_JSON_BOOL)
			return ar_refuse(err, EINVAL, "%s: no switch '%s'", name, switches[i].name);
		*(bool *)((char *)e + switches[i].offset) = v->truth;
	}
	return 0;
}

int ar_effective_decode(struct ar_arena *arena, const char *name, const struct ar_json *json,
			const struct ar_effective **ret, struct ar_error *err)
{
	struct outside o = { 0 };
	struct ar_effective *e = ar_alloc(arena, sizeof(*e));
	int *sources, r;

	r = ar_decode(arena, &outside_class, name, "", json, &o, err);
	if (r < 0)
		return r;
	e->profile = ar_profile_from_name(o.profile);
	if (e->profile == AR_PROFILE_UNSET)
		return ar_refuse(err, EINVAL, "%s: unknown profile '%s'", name, o.profile);
	r = read_controls(name, json, e, err);
	if (r < 0)
		return r;
	e->digest = o.digest;
	e->home = o.home;
	e->home_size = o.home_size.value;
	e->seccomp_allowed = o.seccomp_allowed;
	e->privileged_gids = o.privileged_gids;
	e->decisions = o.decisions;
	e->spec = o.config;
	sources = ar_alloc_array(arena, o.config->mounts.n + 1, sizeof(*sources));
	for (size_t i = 0; i < o.config->mounts.n; i++)
		sources[i] = -1;
	e->mount_source = sources;
	*ret = e;
	return 0;
}
