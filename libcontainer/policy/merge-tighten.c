/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stddef.h>
#include <string.h>

#include "policy/merging.h"
#include "json/read.h"

/*
 * The vocabulary in which a bundle asks for less than the profile gives: annotations
 * io.agentrun.NAME, and the same names in the bundle's agentrun.json. Whatever would give more is
 * refused: labels of images become annotations.
 */
static const char prefix[] = "io.agentrun.";

struct wish {
	const char *profile;
	struct ar_opt_u64 memory_limit, pids_limit, scratch_size, home_size, nofile_limit;
	enum ar_tri no_home;
	struct ar_strings masked_paths, readonly_paths, drop_capabilities;
};

static const struct ar_field wish_fields[] = {
	AR_FIELD_STRING(wish, profile, "profile", 0),
	AR_FIELD_U64(wish, memory_limit, "memory-limit", 0, 0),
	AR_FIELD_U64(wish, pids_limit, "pids-limit", 0, 0),
	AR_FIELD_U64(wish, scratch_size, "scratch-size", 0, 0),
	AR_FIELD_U64(wish, home_size, "home-size", 0, 0),
	AR_FIELD_U64(wish, nofile_limit, "nofile-limit", 0, 0),
	AR_FIELD_TRI(wish, no_home, "no-home", 0),
	AR_FIELD_STRINGS(wish, masked_paths, "masked-paths", 0),
	AR_FIELD_STRINGS(wish, readonly_paths, "read-only-paths", 0),
	AR_FIELD_STRINGS(wish, drop_capabilities, "drop-capabilities", 0),
};
static const struct ar_class wish_class =
	AR_CLASS_STRICT(wish, "policy of the bundle", wish_fields);

/* Where a wish comes from. */
struct origin {
	const char *rule;   /* "annotations", "bundle-policy" */
	const char *before; /* the name, in the field that is shown */
};

static void loosens(struct ar_merging *m, const struct origin *o, const char *name,
		    const char *asked, const char *reason)
{
	ar_refused(m, o->rule, ar_printf(m->arena, "%s%s]", o->before, name), asked, NULL, reason);
}

/* --- reading --- */

/* "a,b,c" of an annotation. */
static struct ar_strings split(struct ar_arena *arena, const char *text)
{
	struct ar_grow g = { .arena = arena };

	while (*text) {
		size_t len = strcspn(text, ",");

		if (len)
			ar_grow_add(&g, ar_strndup(arena, text, len));
		text += len + (text[len] == ',');
	}
	return g.list;
}

/* The text of an annotation into its member. False: not of its type. */
static bool read_text(struct ar_arena *arena, const struct ar_field *field, const char *text,
		      struct wish *w)
{
	void *member = (char *)w + field->offset;
	struct ar_opt_u64 *number = member;

	switch (field->type) {
	case AR_T_STRING:
		*(const char **)member = text;
		return true;
	case AR_T_U64:
		number->set = ar_size_parse(text, &number->value);
		return number->set;
	case AR_T_TRI:
		*(enum ar_tri *)member = ar_streq(text, "true") ? AR_YES : AR_NO;
		return ar_streq(text, "true") || ar_streq(text, "false");
	default:
		*(struct ar_strings *)member = split(arena, text);
		return true;
	}
}

static void read_annotations(struct ar_merging *m, const struct origin *o, struct wish *w)
{
	for (size_t i = 0; i < m->from->annotations.n; i++) {
		const struct ar_pair *p = &m->from->annotations.items[i];
		const struct ar_field *field = NULL;

		if (!ar_starts_with(p->key, prefix))
			continue;
		for (size_t k = 0; k < AR_COUNT(wish_fields); k++)
			if (ar_streq(p->key + sizeof(prefix) - 1, wish_fields[k].name))
				field = &wish_fields[k];
		if (!field)
			loosens(m, o, p->key + sizeof(prefix) - 1, p->value,
				"no such annotation is known");
		else if (!read_text(m->arena, field, p->value, w))
			loosens(m, o, field->name, p->value, "its value cannot be read");
	}
}

static void read_file(struct ar_merging *m, const struct origin *o, struct wish *w)
{
	const struct ar_json *json;
	struct ar_error err = { 0 };
	const char *text = m->asked->bundle_policy;

	if (!text)
		return;
	if (ar_json_parse(m->arena, "agentrun.json", text, strlen(text), &ar_json_limits_default,
			  &json, &err) < 0 ||
	    ar_decode(m->arena, &wish_class, "agentrun.json", "", json, w, &err) < 0) {
		*w = (struct wish){ 0 };
		ar_refused(m, o->rule, "agentrun.json", NULL, NULL, ar_strdup(m->arena, err.text));
	}
}

/* --- applying --- */

static void apply_profile(struct ar_merging *m, const struct origin *o, const struct wish *w)
{
	enum ar_profile profile;

	if (!w->profile)
		return;
	profile = ar_profile_from_name(w->profile);
	if (profile == AR_PROFILE_UNSET)
		loosens(m, o, "profile", w->profile, "no such profile is known");
	else if (profile == AR_PROFILE_VM)
		loosens(m, o, "profile", w->profile, "the VM backend is not part of this version");
	else if (!ar_profile_at_least(profile, m->profile))
		loosens(m, o, "profile", w->profile,
			"it would loosen the profile that the host chose");
	else if (profile != m->profile) {
		ar_decide_as(m, o->rule, "profile", ar_profile_name(m->profile), w->profile,
			     "the bundle's own policy");
		m->profile = profile;
		ar_values_get(profile, m->config, &m->values);
	}
}

static void apply_value(struct ar_merging *m, const struct origin *o, const char *name,
			const struct ar_opt_u64 *wish, uint64_t least, uint64_t *value)
{
	const char *asked;

	if (!wish->set || wish->value == *value)
		return;
	asked = ar_size_text(m->arena, wish->value);
	if (wish->value > *value) {
		loosens(m, o, name, asked,
			ar_printf(m->arena, "it would raise %s", ar_size_text(m->arena, *value)));
	} else if (wish->value < least) {
		loosens(m, o, name, asked, "it is too small: zero means no limit");
	} else {
		ar_decide_as(m, o->rule, name, ar_size_text(m->arena, *value), asked,
			     "the bundle's own policy");
		*value = wish->value;
	}
}

/* The lower of two wishes; the limit itself is held against it by merge-resources.c. */
static void apply_limit(struct ar_merging *m, const struct origin *o, const char *name,
			const struct ar_opt_u64 *wish, struct ar_opt_u64 *ret)
{
	if (wish->set && wish->value == 0)
		loosens(m, o, name, "0", "zero means no limit");
	else if (wish->set && (!ret->set || wish->value < ret->value))
		*ret = *wish;
}

static void apply_list(struct ar_merging *m, const struct origin *o, const char *name,
		       const struct ar_strings *wish, const char *start, struct ar_strings *ret)
{
	struct ar_grow g = { .arena = m->arena };

	for (size_t i = 0; i < ret->n; i++)
		ar_grow_add(&g, ret->items[i]);
	for (size_t i = 0; i < wish->n; i++) {
		if (!ar_starts_with(wish->items[i], start)) {
			loosens(m, o, name, wish->items[i],
				ar_printf(m->arena, "it does not start with '%s'", start));
			continue;
		}
		ar_grow_add(&g, wish->items[i]);
		ar_decide_as(m, o->rule, name, "the profile's own", wish->items[i],
			     "the bundle's own policy");
	}
	*ret = g.list;
}

static void apply(struct ar_merging *m, const struct origin *o, const struct wish *w)
{
	struct ar_values *v = &m->values;

	apply_value(m, o, "scratch-size", &w->scratch_size, 4096, &v->scratch_size);
	apply_value(m, o, "home-size", &w->home_size, 0, &v->home_size);
	apply_value(m, o, "nofile-limit", &w->nofile_limit, 16, &v->nofile_ceiling);
	if (w->no_home == AR_YES && v->home_size) {
		ar_decide_as(m, o->rule, "no-home", "a writable home", "none",
			     "the bundle's own policy");
		v->home_size = 0;
	}
	apply_limit(m, o, "memory-limit", &w->memory_limit, &m->tighten.memory_limit);
	apply_limit(m, o, "pids-limit", &w->pids_limit, &m->tighten.pids_limit);
	apply_list(m, o, "masked-paths", &w->masked_paths, "/", &m->tighten.masked_paths);
	apply_list(m, o, "read-only-paths", &w->readonly_paths, "/", &m->tighten.readonly_paths);
	apply_list(m, o, "drop-capabilities", &w->drop_capabilities, "CAP_",
		   &m->tighten.drop_capabilities);
}

void ar_merge_tightening(struct ar_merging *m)
{
	static const struct origin annotations = { "annotations", "annotations[io.agentrun." };
	static const struct origin file = { "bundle-policy", "agentrun.json[" };
	struct wish by_annotation = { 0 }, by_file = { 0 };

	read_annotations(m, &annotations, &by_annotation);
	read_file(m, &file, &by_file);
	/* a profile brings its own values, which the other wishes are held against */
	apply_profile(m, &annotations, &by_annotation);
	apply_profile(m, &file, &by_file);
	apply(m, &annotations, &by_annotation);
	apply(m, &file, &by_file);
}
