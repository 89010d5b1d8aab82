/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/merging.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "policy/optout.h"

static const char opt_out_kind[] = "opt-out";
static const char refused_kind[] = "refused";
static const char not_applied_kind[] = "not applied";
const char ar_mounts_later[] = "what the host mounts there later has not been checked";

void ar_merging_begin(struct ar_merging *m, struct ar_arena *arena,
		      const struct ar_effective *container, const struct ar_config *config)
{
	*m = (struct ar_merging){ .arena = arena,
				  .profile = container->profile,
				  .config = config,
				  .from = container->spec,
				  .out = ar_memdup(arena, container, sizeof(*container)),
				  .to = ar_memdup(arena, container->spec,
						  sizeof(*container->spec)) };
	ar_values_get(container->profile, config, &m->values);
}

static void record(struct ar_merging *m, const char *kind, const char *field, const char *asked,
		   const char *got, const char *reason)
{
	m->decisions = ar_arena_grow(m->arena, m->decisions, m->n_decisions, &m->room,
				     sizeof(*m->decisions));
	m->decisions[m->n_decisions++] = (struct ar_decision){ .field = field,
							       .asked = asked ? asked : "",
							       .got = got ? got : "",
							       .kind = kind,
							       .reason = reason };
}

struct ar_list ar_decisions(struct ar_merging *m)
{
	return (struct ar_list){ m->decisions, m->n_decisions };
}

/* Code names rules that stand in the table; the unit tests walk both. */
static const struct ar_rule *rule_of(const char *path)
{
	const struct ar_rule *rule = ar_rule_find(path);

	assert(rule);
	return rule;
}

void ar_decide_as(struct ar_merging *m, const char *path, const char *field, const char *asked,
		  const char *got, const char *reason)
{
	const struct ar_rule *rule = rule_of(path);
	enum ar_rule_kind kind = ar_rule_kind(rule, m->profile);

	/* a rule that refuses the worst holds the rest by a ceiling, and what nobody asked is a
	 * default */
	if (kind == AR_RULE_REFUSED || kind == AR_RULE_KEPT)
		kind = AR_RULE_CEILING;
	if (kind == AR_RULE_CEILING && (!asked || !*asked))
		kind = AR_RULE_DEFAULT;
	record(m, ar_rule_kind_name(kind), field, asked, got, reason ? reason : rule->reason);
}

void ar_decide(struct ar_merging *m, const char *path, const char *asked, const char *got)
{
	ar_decide_as(m, path, path, asked, got, NULL);
}

/* A capability is asked for in three sets, and let through once. */
static bool is_recorded(const struct ar_merging *m, const char *field, const char *asked,
			const char *reason)
{
	for (size_t i = 0; i < m->n_decisions; i++)
		if (ar_streq(m->decisions[i].kind, opt_out_kind) &&
		    ar_streq(m->decisions[i].field, field) &&
		    ar_streq(m->decisions[i].asked, asked ? asked : "") &&
		    ar_streq(m->decisions[i].reason, reason))
			return true;
	return false;
}

static bool opted_out(struct ar_merging *m, const struct ar_rule *rule, const char *field,
		      const char *asked, const char *thing)
{
	const struct ar_opt_out *o;

	if (!rule || (rule->flags & AR_RULE_FLOOR) || !m->facts)
		return false;
	o = ar_opt_out_find(m->config, m->from, m->facts, rule, thing);
	if (!o)
		return false;
	if (is_recorded(m, field, asked, o->reason))
		return true;
	record(m, opt_out_kind, field, asked, asked, o->reason);
	if (rule->control >= 0)
		m->decisions[m->n_decisions - 1].control =
			ar_control_name((enum ar_control)rule->control);
	return true;
}

bool ar_opted_out_as(struct ar_merging *m, const char *path, const char *field, const char *asked,
		     const char *thing)
{
	return opted_out(m, rule_of(path), field, asked, thing);
}

bool ar_opted_out(struct ar_merging *m, const char *path, const char *asked, const char *thing)
{
	return opted_out(m, rule_of(path), path, asked, thing);
}

bool ar_refused(struct ar_merging *m, const char *path, const char *field, const char *asked,
		const char *thing, const char *reason)
{
	const struct ar_rule *rule = ar_rule_find(path);

	if (opted_out(m, rule, field, asked, thing))
		return false;
	if (!reason)
		reason = rule ? rule->reason : "it has no rule";
	record(m, refused_kind, field, asked, "", reason);
	if (m->refusals++ == 0)
		(void)ar_refuse(&m->refusal, EPERM, "%s%s%s%s is refused by the %s profile: %s",
				field, asked && *asked ? " '" : "", asked ? asked : "",
				asked && *asked ? "'" : "", ar_profile_name(m->profile),
				reason); /* always -EPERM */
	return true;
}

void ar_not_applied(struct ar_merging *m, enum ar_control control, const char *why)
{
	const char *name = ar_control_name(control);

	if (m->out->strength[control] == AR_REQUIRED) {
		record(m, refused_kind, name, "required", "", why);
		if (m->refusals++ == 0)
			(void)ar_refuse(&m->refusal, EPERM,
					"the control '%s' is required and cannot be applied: %s",
					name, why); /* always -EPERM */
	} else {
		record(m, not_applied_kind, name, "", "", why);
	}
	m->out->strength[control] = AR_OFF;
}

void ar_nothing_held(struct ar_merging *m, enum ar_control control, const char *why)
{
	const char *configured = ar_map_get(&m->config->strengths, ar_control_name(control));

	if (configured && ar_streq(configured, ar_strength_name(AR_REQUIRED)))
		ar_not_applied(m, control, why);
	else
		m->out->strength[control] = AR_OFF;
}

const char *ar_join(struct ar_arena *arena, const struct ar_strings *list, size_t max)
{
	_cleanup_text_ struct ar_text t = AR_TEXT_INIT;

	for (size_t i = 0; i < list->n && i < max; i++) {
		if (i)
			ar_text_add(&t, ", ");
		ar_text_add(&t, list->items[i]);
	}
	if (list->n > max)
		ar_text_addf(&t, " and %zu more", list->n - max);
	return ar_strdup(arena, ar_text_str(&t));
}

static const struct {
	char letter;
	unsigned int shift;
} units[] = { { 't', 40 }, { 'g', 30 }, { 'm', 20 }, { 'k', 10 } };

const char *ar_size_text(struct ar_arena *arena, uint64_t bytes)
{
	for (size_t i = 0; i < AR_COUNT(units); i++)
		if (bytes && (bytes & ((1ull << units[i].shift) - 1)) == 0)
			return ar_printf(arena, "%" PRIu64 "%c", bytes >> units[i].shift,
					 units[i].letter);
	return ar_printf(arena, "%" PRIu64, bytes);
}

bool ar_size_parse(const char *text, uint64_t *ret)
{
	size_t digits = strspn(text, "0123456789"), len = strlen(text);
	unsigned int shift = 0;
	char number[24];
	uint64_t value;

	if (digits == 0 || digits >= sizeof(number))
		return false;
	memcpy(number, text, digits);
	number[digits] = '\0';
	if (ar_parse_u64(number, &value) < 0)
		return false;
	if (len > digits) {
		for (size_t i = 0; i < AR_COUNT(units); i++)
			if ((text[digits] | 0x20) == units[i].letter)
				shift = units[i].shift;
		if (shift && (text[digits + 1] | 0x20) == 'b')
			digits++;
		if (!shift || digits + 1 != len)
			return false;
	}
	if (value > UINT64_MAX >> shift)
		return false;
	*ret = value << shift;
	return true;
}
