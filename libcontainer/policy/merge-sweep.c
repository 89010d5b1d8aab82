/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/merging.h"

#include <string.h>

/*
 * Every member that is set is looked up in the rules: what a profile refuses as a whole is refused
 * here, and so is what has no rule. The rest is left to its noun.
 */
struct sweep {
	struct ar_merging *m;
	char path[256];
};

static void sweep_class(struct sweep *s, const struct ar_class *class, const char *at, size_t len);

/* What an opt-out or a person is shown of the value. */
static const char *shown(const struct ar_field *field, const char *at)
{
	return field->type == AR_T_STRING ? *(const char *const *)(at + field->offset) : "";
}

/* Go on below a structure or into each item of a list. */
static void descend(struct sweep *s, const struct ar_field *field, const char *at, size_t len)
{
	const void *p = at + field->offset;

	if (field->type == AR_T_OBJECT) {
		sweep_class(s, field->of, *(const char *const *)p, len);
		return;
	}
	const struct ar_list *list = p;

	if (len + 3 > sizeof(s->path))
		return;
	memcpy(s->path + len, "[]", 3);
	for (size_t i = 0; i < list->n; i++)
		sweep_class(s, field->of, (const char *)list->items + i * field->of->size, len + 2);
}

static void sweep_field(struct sweep *s, const struct ar_field *field, const char *at, size_t len)
{
	struct ar_merging *m = s->m;
	bool inner = field->type == AR_T_OBJECT || field->type == AR_T_LIST ||
		     field->type == AR_T_OBJECT_MAP;
	const struct ar_rule *rule = ar_rule_find(s->path);

	if (!rule && inner && ar_rule_covers(s->path)) {
		descend(s, field, at, len);
		return;
	}
	if (rule &&
	    (ar_rule_kind(rule, m->profile) != AR_RULE_REFUSED || (rule->flags & AR_RULE_JUDGED)))
		return;
	ar_refused(m, s->path, ar_strdup(m->arena, s->path), shown(field, at), shown(field, at),
		   NULL);
}

static void sweep_class(struct sweep *s, const struct ar_class *class, const char *at, size_t len)
{
	for (size_t i = 0; i < class->n; i++) {
		const struct ar_field *field = &class->fields[i];
		size_t name = strlen(field->name), dot = len > 0;

		if (!ar_field_has_content(field, at))
			continue;
		if (len + dot + name >= sizeof(s->path)) {
			ar_refused(s->m, field->name, field->name, "", NULL, NULL);
			continue;
		}
		if (dot)
			s->path[len] = '.';
		memcpy(s->path + len + dot, field->name, name + 1);
		sweep_field(s, field, at, len + dot + name);
		s->path[len] = '\0';
	}
}

void ar_merge_sweep(struct ar_merging *m)
{
	struct sweep s = { .m = m };

	sweep_class(&s, &ar_spec_class, (const char *)m->from, 0);
}
