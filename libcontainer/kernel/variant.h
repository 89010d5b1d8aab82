/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct ar_arena;
struct ar_error;

/*
 * A value of D-Bus, as a property of systemd has one (D-Bus specification, "Type System"). Never
 * written after it is made.
 */
struct ar_variant {
	/* b y n q i u x t d s o g, 'a' for an array and '(' for a structure */
	char type;
	union {
		uint64_t u; /* b y q u t */
		int64_t i;  /* n i x */
		double d;
		const char *s; /* s o g */
	};
	const char *of; /* an array: the signature of its members */
	const struct ar_variant *items;
	size_t n;
};

static inline struct ar_variant ar_variant_text(const char *s)
{
	return (struct ar_variant){ .type = 's', .s = s };
}
static inline struct ar_variant ar_variant_number(uint64_t u)
{
	return (struct ar_variant){ .type = 't', .u = u };
}
static inline struct ar_variant ar_variant_flag(int set)
{
	return (struct ar_variant){ .type = 'b', .u = set != 0 };
}

/* "as", "(st)"; in arena. */
const char *ar_variant_signature(struct ar_arena *arena, const struct ar_variant *value);

/*
 * Read a value in GLib's text format for variants (GVariant, "Text Format"): true, 'text', 1,
 * uint64 5, ['a', 'b'], ('a', 1), @as []. A number without a type is an int32, one with a point a
 * double. Dictionaries, variants within variants, maybes and byte strings are no values that
 * properties need: -EINVAL, as for everything that is no value.
 */
int ar_variant_parse(struct ar_arena *arena, const char *text, struct ar_variant *ret,
		     struct ar_error *err);
