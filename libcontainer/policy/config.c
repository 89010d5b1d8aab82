/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "policy/optout.h"
#include "policy/profile.h"
#include "policy/trust.h"
#include "json/read.h"
#include "json/text.h"

#define CONFIG_MAX (1u << 20)
#define CALL_CHARS "abcdefghijklmnopqrstuvwxyz_0123456789"
#define SUBID_FIRST 65536u
#define SUBID_LAST (UINT32_MAX - 1)

/* --- what the file may say --- */

static const struct ar_field opt_out_fields[] = {
	AR_FIELD_STRING(ar_opt_out, control, "control", AR_F_REQUIRED | AR_F_NONEMPTY),
	AR_FIELD_STRING(ar_opt_out, image, "image", AR_F_NONEMPTY),
	AR_FIELD_STRING(ar_opt_out, annotation, "annotation", AR_F_NONEMPTY),
	AR_FIELD_STRING(ar_opt_out, path, "path", AR_F_NONEMPTY),
	AR_FIELD_STRING(ar_opt_out, reason, "reason", AR_F_REQUIRED | AR_F_NONEMPTY),
	AR_FIELD_STRING(ar_opt_out, expires, "expires", AR_F_NONEMPTY),
};
static const struct ar_class opt_out_class = AR_CLASS_STRICT(ar_opt_out, "opt-out", opt_out_fields);

static const struct ar_field hook_fields[] = {
	AR_FIELD_STRING(ar_hook_allow, path, "path", AR_F_REQUIRED | AR_F_NONEMPTY),
	AR_FIELD_STRINGS(ar_hook_allow, args, "args", AR_F_REQUIRED),
	AR_FIELD_STRING(ar_hook_allow, reason, "reason", AR_F_REQUIRED | AR_F_NONEMPTY),
};
static const struct ar_class hook_class = AR_CLASS_STRICT(ar_hook_allow, "hook", hook_fields);

static const struct ar_field config_fields[] = {
	AR_FIELD_STRING(ar_config, profile, "profile", 0),
	AR_FIELD_STRING(ar_config, minimum_profile, "minimum-profile", 0),
	AR_FIELD_U64(ar_config, scratch_size, "scratch-size", 0, 0),
	AR_FIELD_U64(ar_config, home_size, "home-size", 0, 0),
	AR_FIELD_U64(ar_config, tmpfs_ceiling, "tmpfs-ceiling", 0, 0),
	AR_FIELD_U64(ar_config, memory_limit, "memory-limit", 0, 0),
	AR_FIELD_U64(ar_config, memory_ceiling, "memory-ceiling", 0, 0),
	AR_FIELD_U64(ar_config, pids_limit, "pids-limit", 0, 0),
	AR_FIELD_U64(ar_config, pids_ceiling, "pids-ceiling", 0, 0),
	AR_FIELD_U64(ar_config, nofile_ceiling, "nofile-ceiling", 0, 0),
	AR_FIELD_STRINGS(ar_config, bind_sources, "bind-sources", 0),
	AR_FIELD_STRINGS(ar_config, engine_roots, "engine-roots", 0),
	AR_FIELD_LIST(ar_config, hooks, "hooks", 0, hook),
	AR_FIELD_LIST(ar_config, opt_outs, "opt-outs", 0, opt_out),
	AR_FIELD_MAP(ar_config, strengths, "strengths", 0),
	AR_FIELD_U64(ar_config, subid_start, "subid-start", 0, UINT32_MAX),
	AR_FIELD_U64(ar_config, subid_count, "subid-count", 0, UINT32_MAX),
};
const struct ar_class ar_config_class = AR_CLASS_STRICT(ar_config, "configuration", config_fields);
const struct ar_config ar_config_default;

/* --- what the tables cannot say --- */

static int check_profile(const char *file, const char *key, const char *value, struct ar_error *err)
{
	enum ar_profile profile = value ? ar_profile_from_name(value) : AR_PROFILE_AGENT;

	if (profile == AR_PROFILE_UNSET)
		return ar_refuse(err, EINVAL,
				 "%s: %s: unknown profile '%s': expected compat, agent or strict",
				 file, key, value);
	if (profile == AR_PROFILE_VM)
		return ar_refuse(err, ENOTSUP, "%s: %s: the VM backend is not part of this version",
				 file, key);
	return 0;
}

/* Zero is "no limit" to the kernel's files and to tmpfs: it must not be reached by a slip. */
static int check_sizes(const char *file, const struct ar_config *c, struct ar_error *err)
{
	const struct {
		const char *key;
		const struct ar_opt_u64 *value;
		uint64_t least;
	} sizes[] = {
		{ "scratch-size", &c->scratch_size, 4096 },
		{ "tmpfs-ceiling", &c->tmpfs_ceiling, 4096 },
		{ "memory-limit", &c->memory_limit, 1u << 20 },
		{ "memory-ceiling", &c->memory_ceiling, 1u << 20 },
		{ "pids-limit", &c->pids_limit, 2 },
		{ "pids-ceiling", &c->pids_ceiling, 2 },
		{ "nofile-ceiling", &c->nofile_ceiling, 32 },
	};

	for (size_t i = 0; i < AR_COUNT(sizes); i++)
		if (sizes[i].value->set && (sizes[i].value->value < sizes[i].least ||
					    sizes[i].value->value > INT64_MAX / 2))
			return ar_refuse(err, EINVAL, "%s: %s: %ju is out of range: at least %ju",
					 file, sizes[i].key, (uintmax_t)sizes[i].value->value,
					 (uintmax_t)sizes[i].least);
	return 0;
}

static int check_paths(const char *file, const char *key, const struct ar_strings *paths,
		       struct ar_error *err)
{
	for (size_t i = 0; i < paths->n; i++)
		if (paths->items[i][0] != '/' || ar_streq(paths->items[i], "/"))
			return ar_refuse(err, EINVAL,
					 "%s: %s: '%s' is not an absolute path below '/'", file,
					 key, paths->items[i]);
	return 0;
}

static int check_strengths(const char *file, const struct ar_config *c, struct ar_error *err)
{
	for (size_t i = 0; i < c->strengths.n; i++) {
		const struct ar_pair *p = &c->strengths.items[i];
		enum ar_control control = ar_control_from_name(p->key);
		enum ar_strength strength;

		if (control == AR_CONTROL_COUNT)
			return ar_refuse(err, EINVAL, "%s: strengths: unknown control '%s'", file,
					 p->key);
		if (!ar_strength_from_name(p->value, &strength))
			return ar_refuse(
				err, EINVAL,
				"%s: strengths: '%s' of '%s' is neither required nor if-available",
				file, p->value, p->key);
		if (strength < ar_control_strength(AR_PROFILE_AGENT, control))
			return ar_refuse(err, EINVAL,
					 "%s: strengths: the control '%s' is always required", file,
					 p->key);
	}
	return 0;
}

static bool is_floor(const char *control)
{
	const struct ar_rule *rule = ar_rule_find(control);

	return rule && (rule->flags & AR_RULE_FLOOR);
}

static int check_lists(const char *file, const struct ar_config *c, struct ar_error *err)
{
	const struct ar_opt_out *opt_outs = c->opt_outs.items;
	const struct ar_hook_allow *hooks = c->hooks.items;

	for (size_t i = 0; i < c->opt_outs.n; i++) {
		const struct ar_opt_out *o = &opt_outs[i];
		int64_t expiry;

		if (!ar_rule_named(o->control))
			return ar_refuse(err, EINVAL,
					 "%s: opt-outs[%zu]: '%s' is neither a control nor a field",
					 file, i, o->control);
		if (is_floor(o->control))
			return ar_refuse(err, EINVAL,
					 "%s: opt-outs[%zu]: nothing can be left out of '%s'", file,
					 i, o->control);
		if (o->path && ar_streq(o->control, ar_control_name(AR_CONTROL_SECCOMP)) &&
		    o->path[strspn(o->path, CALL_CHARS)])
			return ar_refuse(err, EINVAL,
					 "%s: opt-outs[%zu]: '%s' is not the name of a system call",
					 file, i, o->path);
		if (o->expires && ar_expiry_parse(o->expires, &expiry) < 0)
			return ar_refuse(err, EINVAL,
					 "%s: opt-outs[%zu]: '%s' is not a date or time like "
					 "2027-01-31 or 2027-01-31T12:00:00Z",
					 file, i, o->expires);
	}
	for (size_t i = 0; i < c->hooks.n; i++)
		if (hooks[i].path[0] != '/')
			return ar_refuse(err, EINVAL,
					 "%s: hooks[%zu]: '%s' is not an absolute path", file, i,
					 hooks[i].path);
	return 0;
}

/* Below are the ids of the host's own users, and root's. Both ends are ids: 2^32 - 1 is none. */
static int check_ids(const char *file, const struct ar_config *c, struct ar_error *err)
{
	uint64_t start = c->subid_start.value, count = c->subid_count.value;

	if (c->subid_start.set != c->subid_count.set)
		return ar_refuse(err, EINVAL, "%s: subid-start and subid-count belong together",
				 file);
	if (!c->subid_start.set)
		return 0;
	if (start < SUBID_FIRST)
		return ar_refuse(
			err, EINVAL,
			"%s: subid-start: %ju may be a user of the host: at least %u is expected",
			file, (uintmax_t)start, SUBID_FIRST);
	if (count == 0)
		return ar_refuse(err, EINVAL, "%s: subid-count: 0 is out of range: at least 1",
				 file);
	if (start + count - 1 > SUBID_LAST)
		return ar_refuse(
			err, EINVAL,
			"%s: subid-start, subid-count: %ju would be the last id, and %u is the last that there is",
			file, (uintmax_t)(start + count - 1), SUBID_LAST);
	return 0;
}

static int check(const char *file, const struct ar_config *c, struct ar_error *err)
{
	int r = check_profile(file, "profile", c->profile, err);

	if (r == 0)
		r = check_profile(file, "minimum-profile", c->minimum_profile, err);
	if (r == 0)
		r = check_sizes(file, c, err);
	if (r == 0)
		r = check_paths(file, "bind-sources", &c->bind_sources, err);
	if (r == 0)
		r = check_paths(file, "engine-roots", &c->engine_roots, err);
	if (r == 0)
		r = check_strengths(file, c, err);
	if (r == 0)
		r = check_lists(file, c, err);
	if (r == 0)
		r = check_ids(file, c, err);
	return r;
}

/* Clean paths, so that they can be compared. A relative one stays, to be refused. */
static void clean_paths(struct ar_arena *arena, struct ar_strings *paths)
{
	for (size_t i = 0; i < paths->n; i++) {
		if (paths->items[i][0] != '/')
			continue;
		char *clean = ar_strdup(arena, paths->items[i]);

		ar_path_clean(clean);
		paths->items[i] = clean;
	}
}

int ar_config_parse(struct ar_arena *arena, const char *name, const char *text, size_t len,
		    const struct ar_config **ret, struct ar_error *err)
{
	struct ar_json_limits limits = ar_json_limits_default;
	struct ar_config *config = ar_alloc(arena, sizeof(*config));
	const struct ar_json *json;
	int r;

	limits.comments = true;
	if (ar_json_text_blank(text, len)) { /* says no more than {} */
		text = "{}";
		len = strlen(text);
	}
	r = ar_json_parse(arena, name, text, len, &limits, &json, err);
	if (r == 0)
		r = ar_decode(arena, &ar_config_class, name, "", json, config, err);
	if (r < 0)
		return r;
	clean_paths(arena, &config->bind_sources);
	clean_paths(arena, &config->engine_roots);
	r = check(name, config, err);
	if (r < 0)
		return r;
	*ret = config;
	return 0;
}

static int read_file(struct ar_arena *arena, const char *file, bool may_be_missing,
		     const struct ar_config **ret, struct ar_error *err)
{
	const char *why;
	_cleanup_fd_ int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char resolved[PATH_MAX], *text;
	struct ar_trust trust;
	struct stat st;
	size_t len;
	int r;

	if (fd < 0 && errno == ENOENT && may_be_missing) {
		*ret = &ar_config_default;
		return 0;
	}
	if (fd < 0)
		return ar_fail(err, errno, "open the configuration '%s'", file);
	r = ar_fd_realpath(fd, resolved, sizeof(resolved));
	if (r < 0)
		return ar_fail(err, -r, "the configuration '%s'", file);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return ar_refuse(err, EINVAL, "the configuration '%s' is not a regular file", file);
	ar_trust_get(&trust);
	why = ar_untrusted(&trust, fd, resolved);
	if (why)
		return ar_refuse(err, EPERM, "the configuration '%s' %s", file, why);
	r = ar_file_read_fd(arena, fd, file, CONFIG_MAX, &text, &len, err);
	if (r < 0)
		return r;
	return ar_config_parse(arena, file, text, len, ret, err);
}

/* Who chooses another file does not thereby go below what the system's own one demands. */
static int keep_minimum(struct ar_arena *arena, const struct ar_config **config,
			struct ar_error *err)
{
	const struct ar_config *system;
	struct ar_config *held;
	int r = read_file(arena, AR_CONFIG_FILE, true, &system, err);

	if (r < 0 || !system->minimum_profile)
		return r;
	if ((*config)->minimum_profile &&
	    ar_profile_at_least(ar_profile_from_name((*config)->minimum_profile),
				ar_profile_from_name(system->minimum_profile)))
		return 0;
	held = ar_memdup(arena, *config, sizeof(*held));
	held->minimum_profile = system->minimum_profile;
	*config = held;
	return 0;
}

int ar_config_read(struct ar_arena *arena, const char *path, const struct ar_config **ret,
		   struct ar_error *err)
{
	int r = read_file(arena, path ? path : AR_CONFIG_FILE, !path, ret, err);

	return r == 0 && path ? keep_minimum(arena, ret, err) : r;
}
