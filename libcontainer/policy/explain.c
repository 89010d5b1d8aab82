/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/explain.h"

#include <string.h>

#include "base/escape.h"
#include "policy/profile.h"

#define COLUMNS 100
#define FIELD_MAX 40
#define ASKED_MAX 28
#define GETS_MAX 24 /* beside a reason; on a line of its own it takes what is left */
#define REASON_MIN 24

/* In the order in which a person wants to know. */
static const struct {
	const char *kind, *title;
} groups[] = {
	{ "refused", "Refused: the container would not be created" },
	{ "opt-out", "Left as asked by an opt-out of the administrator" },
	{ "forced", "Forced" },
	{ "ceiling", "Held to a ceiling" },
	{ "default", "Set because nothing was asked for" },
	{ "not applied", "Not applied" },
};

/*
 * s, safe for a terminal, cut to width columns with an ellipsis. Counted in bytes: most are names
 * and paths.
 */
static size_t cell(struct ar_text *out, const char *s, size_t width)
{
	_cleanup_text_ struct ar_text safe = AR_TEXT_INIT;

	ar_escape_log(&safe, s);
	if (safe.len <= width) {
		ar_text_add(out, ar_text_str(&safe));
		return safe.len;
	}
	width -= 3;
	while (width > 0 && (safe.s[width] & 0xc0) == 0x80)
		width--; /* not within a character */
	ar_text_add_n(out, ar_text_str(&safe), width);
	ar_text_add(out, "...");
	return width + 3;
}

/* The same with blanks up to the next column. */
static void column(struct ar_text *out, const char *s, size_t width)
{
	size_t len = cell(out, s, width);

	ar_text_addf(out, "%*s", (int)(width - len + 2), "");
}

/* Words of s from column at on, broken at COLUMNS, following lines indented alike. */
static void wrapped(struct ar_text *out, const char *s, size_t at)
{
	_cleanup_text_ struct ar_text safe = AR_TEXT_INIT;
	size_t column = at;

	ar_escape_log(&safe, s);
	for (const char *word = ar_text_str(&safe); *word;) {
		size_t len = strcspn(word, " ");

		if (column > at && column + 1 + len > COLUMNS) {
			ar_text_addf(out, "\n%*s", (int)at, "");
			column = at;
		} else if (column > at) {
			ar_text_add(out, " ");
			column++;
		}
		ar_text_add_n(out, word, len);
		column += len;
		word += len + strspn(word + len, " ");
	}
	ar_text_add(out, "\n");
}

static void widen(size_t *width, const char *s, size_t max)
{
	_cleanup_text_ struct ar_text safe = AR_TEXT_INIT;

	ar_escape_log(&safe, s);
	if (safe.len > *width)
		*width = safe.len < max ? safe.len : max;
}

struct widths {
	size_t field, asked, gets;
	size_t reason_at; /* column of the reason; 0: it has a line of its own */
};

static struct widths measure(const struct ar_effective *e, const char *kind)
{
	struct widths w = { strlen("FIELD"), strlen("ASKED"), strlen("GETS"), 0 };
	size_t gets = w.gets;

	ar_list_foreach(const struct ar_decision, d, &e->decisions) {
		if (!ar_streq(d->kind, kind))
			continue;
		widen(&w.field, d->field, FIELD_MAX);
		widen(&w.asked, d->asked, ASKED_MAX);
		widen(&gets, d->got, COLUMNS);
	}
	w.gets = COLUMNS - (2 + w.field + 2 + w.asked + 2);
	if (gets <= GETS_MAX && 2 + w.field + 2 + w.asked + 2 + gets + 2 + REASON_MIN <= COLUMNS) {
		w.gets = gets;
		w.reason_at = 2 + w.field + 2 + w.asked + 2 + gets + 2;
	}
	return w;
}

static void row(struct ar_text *out, const struct widths *w, const struct ar_decision *d)
{
	ar_text_add(out, "  ");
	column(out, d->field, w->field);
	column(out, d->asked, w->asked);
	if (w->reason_at) {
		column(out, d->got, w->gets);
		wrapped(out, d->reason, w->reason_at);
		return;
	}
	(void)cell(out, d->got, w->gets); /* the last of its line needs no width */
	while (out->s[out->len - 1] == ' ')
		out->s[--out->len] = '\0';
	ar_text_add(out, "\n      ");
	wrapped(out, d->reason, 6);
}

static void table(struct ar_text *out, const struct ar_effective *e, const char *kind)
{
	struct widths w = measure(e, kind);

	ar_text_add(out, "  ");
	column(out, "FIELD", w.field);
	column(out, "ASKED", w.asked);
	if (w.reason_at) {
		column(out, "GETS", w.gets);
		ar_text_add(out, "WHY\n");
	} else {
		ar_text_add(out, "GETS, and why\n");
	}
	ar_list_foreach(const struct ar_decision, d, &e->decisions)
		if (ar_streq(d->kind, kind))
			row(out, &w, d);
}

/* What is refused in full: a person has to act on it. */
static void sentences(struct ar_text *out, const struct ar_effective *e, const char *kind)
{
	ar_list_foreach(const struct ar_decision, d, &e->decisions) {
		_cleanup_text_ struct ar_text t = AR_TEXT_INIT;

		if (!ar_streq(d->kind, kind))
			continue;
		ar_text_add(&t, d->field);
		if (d->asked && *d->asked)
			ar_text_addf(&t, " '%s'", d->asked);
		ar_text_addf(&t, ": %s", d->reason);
		ar_text_add(out, "  ");
		wrapped(out, ar_text_str(&t), 4);
	}
}

static bool has_kind(const struct ar_effective *e, const char *kind)
{
	ar_list_foreach(const struct ar_decision, d, &e->decisions)
		if (ar_streq(d->kind, kind))
			return true;
	return false;
}

static const char *standing(const struct ar_effective *e, enum ar_control control)
{
	if (e->strength[control] == AR_OFF && ar_effective_not_applied(e, control))
		return "not applied";
	if (ar_effective_relaxed(e, control))
		return "relaxed";
	return ar_strength_name(e->strength[control]);
}

static void controls(struct ar_text *out, const struct ar_effective *e)
{
	static const char *const order[] = { "required", "if-available", "relaxed", "not applied",
					     "off" };

	ar_text_add(out, "\nControls\n");
	for (size_t i = 0; i < AR_COUNT(order); i++) {
		_cleanup_text_ struct ar_text names = AR_TEXT_INIT;

		for (int c = 0; c < AR_CONTROL_COUNT; c++)
			if (ar_streq(standing(e, (enum ar_control)c), order[i]))
				ar_text_addf(&names, "%s%s", names.len ? ", " : "",
					     ar_control_name((enum ar_control)c));
		if (!names.len)
			continue;
		ar_text_addf(out, "  %-12s  ", order[i]);
		wrapped(out, ar_text_str(&names), 16);
	}
}

static void host(struct ar_text *out, const struct ar_facts *f)
{
	ar_text_addf(out, "\nHost\n  Linux %u.%u, Landlock ABI %d, AppArmor %s, SELinux %s\n",
		     f->kernel_major, f->kernel_minor, f->landlock_abi, f->apparmor ? "on" : "off",
		     f->selinux ? "on" : "off");
	ar_text_add(out, "  cgroup v2 controllers: ");
	wrapped(out,
		f->cgroup_controllers && *f->cgroup_controllers ? f->cgroup_controllers : "none",
		4);
}

void ar_explain_text(struct ar_text *out, const struct ar_effective *e,
		     const struct ar_facts *facts)
{
	ar_text_addf(out, "Profile %s", ar_profile_name(e->profile));
	if (e->digest) {
		ar_text_add(out, ", configuration ");
		wrapped(out, e->digest, 4);
	} else {
		ar_text_add(out, "\n");
	}
	if (e->profile == AR_PROFILE_COMPAT)
		ar_text_add(out, "\nThe container gets exactly what its configuration says.\n");
	for (size_t i = 0; i < AR_COUNT(groups); i++) {
		bool in_full = ar_streq(groups[i].kind, "refused") ||
			       ar_streq(groups[i].kind, "not applied");

		if (!has_kind(e, groups[i].kind))
			continue;
		ar_text_addf(out, "\n%s\n", groups[i].title);
		(in_full ? sentences : table)(out, e, groups[i].kind);
	}
	if (e->profile == AR_PROFILE_COMPAT)
		return; /* nothing is decided, and the host is not looked at */
	controls(out, e);
	if (facts)
		host(out, facts);
}
