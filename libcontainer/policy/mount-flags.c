/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/mount-flags.h"

#include <string.h>

#include "base/sys.h"
#include "policy/merging.h"

static const struct {
	unsigned int want;
	uint64_t attr;
	const char *plain, *recursive;
	const char *against[2]; /* what contradicts, plain and recursive */
} flags[] = {
	{ AR_WANT_RO, MOUNT_ATTR_RDONLY, "ro", "rro", { "rw", "rrw" } },
	{ AR_WANT_NOSUID, MOUNT_ATTR_NOSUID, "nosuid", "rnosuid", { "suid", "rsuid" } },
	{ AR_WANT_NODEV, MOUNT_ATTR_NODEV, "nodev", "rnodev", { "dev", "rdev" } },
	{ AR_WANT_NOEXEC, MOUNT_ATTR_NOEXEC, "noexec", "rnoexec", { "exec", "rexec" } },
	{ 0, MOUNT_ATTR_NOSYMFOLLOW, NULL, NULL, { "symfollow", "rsymfollow" } }, /* only kept */
};

static bool contradicts(const char *option, unsigned int want)
{
	for (size_t i = 0; i < AR_COUNT(flags); i++) {
		if (!(want & flags[i].want))
			continue;
		for (size_t k = 0; k < AR_COUNT(flags[i].against); k++)
			if (ar_streq(option, flags[i].against[k]))
				return true;
	}
	return false;
}

struct ar_strings ar_mount_tighten(struct ar_arena *arena, const struct ar_strings *options,
				   unsigned int want, bool recursive)
{
	struct ar_grow out = { .arena = arena };
	bool changed = false;

	for (size_t i = 0; i < options->n; i++) {
		if (contradicts(options->items[i], want))
			changed = true;
		else
			ar_grow_add(&out, options->items[i]);
	}
	for (size_t i = 0; i < AR_COUNT(flags); i++) {
		const char *name = recursive ? flags[i].recursive : flags[i].plain;

		if (!(want & flags[i].want) || ar_strings_have(options, name) ||
		    (!recursive && ar_strings_have(options, flags[i].recursive)))
			continue;
		ar_grow_add(&out, name);
		changed = true;
	}
	return changed ? out.list : *options;
}

static bool clears(const char *option, uint64_t top, uint64_t tree)
{
	for (size_t i = 0; i < AR_COUNT(flags); i++)
		if ((top & flags[i].attr && ar_streq(option, flags[i].against[0])) ||
		    (tree & flags[i].attr && ar_streq(option, flags[i].against[1])))
			return true;
	return false;
}

struct ar_strings ar_mount_keeping(struct ar_arena *arena, const struct ar_strings *options,
				   uint64_t top, uint64_t tree)
{
	struct ar_grow out = { .arena = arena };

	for (size_t i = 0; i < options->n; i++)
		if (!clears(options->items[i], top, tree))
			ar_grow_add(&out, options->items[i]);
	return out.list.n < options->n ? out.list : *options;
}

static bool is_propagation(struct ar_arena *arena, const char *option)
{
	const struct ar_strings one = { &option, 1 };
	struct ar_mount_options parsed;

	ar_mount_options_parse(arena, &one, &parsed);
	return parsed.propagation;
}

struct ar_strings ar_mount_propagating(struct ar_arena *arena, const struct ar_strings *options,
				       const char *want)
{
	struct ar_grow out = { .arena = arena };
	bool changed = !ar_strings_have(options, want);

	for (size_t i = 0; i < options->n; i++) {
		if (!ar_streq(options->items[i], want) && is_propagation(arena, options->items[i]))
			changed = true;
		else
			ar_grow_add(&out, options->items[i]);
	}
	if (!ar_strings_have(options, want))
		ar_grow_add(&out, want);
	return changed ? out.list : *options;
}

struct ar_strings ar_options_lost(struct ar_arena *arena, const struct ar_strings *a,
				  const struct ar_strings *b)
{
	struct ar_grow out = { .arena = arena };

	for (size_t i = 0; i < a->n; i++)
		if (!ar_strings_have(b, a->items[i]))
			ar_grow_add(&out, a->items[i]);
	return out.list;
}

struct ar_strings ar_mount_sized(struct ar_arena *arena, const struct ar_strings *options,
				 uint64_t normal, uint64_t ceiling, bool *ret_changed)
{
	static const char key[] = "size=";
	struct ar_grow out = { .arena = arena };
	const char *asked = NULL;
	uint64_t size = normal;

	*ret_changed = false;
	for (size_t i = 0; i < options->n; i++)
		if (ar_starts_with(options->items[i], key))
			asked = options->items[i] + sizeof(key) - 1; /* the last wins */
	/* 0 means no limit to tmpfs, and a percentage is of the host's memory */
	if (asked && (!ar_size_parse(asked, &size) || size == 0))
		size = ceiling < UINT64_MAX ? ceiling : normal;
	else if (asked && size <= ceiling)
		return *options;
	for (size_t i = 0; i < options->n; i++)
		if (!ar_starts_with(options->items[i], key))
			ar_grow_add(&out, options->items[i]);
	if (size > ceiling)
		size = ceiling;
	ar_grow_add(&out, ar_printf(arena, "size=%s", ar_size_text(arena, size)));
	*ret_changed = true;
	return out.list;
}

/*
 * mount(2) takes all options as one text, in which a comma of a label that is not quoted begins the
 * next one, and a quote within it too. NULL: there is one.
 */
static const char *quoted_label(struct ar_arena *arena, const char *option)
{
	const char *value = strchr(option, '=') + 1;
	size_t len = strlen(value);
	bool quoted = len >= 2 && value[0] == '"' && value[len - 1] == '"';
	const char *bare = quoted ? ar_printf(arena, "%.*s", (int)len - 2, value + 1) : value;

	if (strchr(bare, '"'))
		return NULL;
	return quoted || !strchr(bare, ',')
		       ? option
		       : ar_printf(arena, "%.*s\"%s\"", (int)(value - option), option, bare);
}

/* What becomes of one option that is data; NULL: it is left out. */
static const char *known_data(struct ar_arena *arena, const char *option, const char *known,
			      uint64_t inodes)
{
	static const char limit[] = "nr_inodes";
	size_t len = strcspn(option, "=");
	uint64_t n;

	if (!ar_words_have(known, " ", option, len))
		return NULL;
	if (ar_mount_option_is_label(option))
		return quoted_label(arena, option);
	if (strchr(option, ',')) /* only labels have commas of their own */
		return NULL;
	if (len != sizeof(limit) - 1 || strncmp(option, limit, len) != 0)
		return option;
	if (option[len] && ar_size_parse(option + len + 1, &n) && n > 0 && n <= inodes)
		return option;
	return ar_printf(arena, "%s=%s", limit, ar_size_text(arena, inodes));
}

struct ar_strings ar_mount_known(struct ar_arena *arena, const struct ar_strings *options,
				 const char *known, uint64_t inodes)
{
	struct ar_grow out = { .arena = arena };
	struct ar_mount_options parsed;
	bool changed = false;

	ar_mount_options_parse(arena, options, &parsed);
	for (size_t i = 0; i < options->n; i++) {
		const char *option = options->items[i];

		if (ar_strings_have(&parsed.data, option))
			option = known_data(arena, option, known, inodes);
		changed = changed || option != options->items[i];
		if (option)
			ar_grow_add(&out, option);
	}
	return changed ? out.list : *options;
}

bool ar_mount_is_bind(const struct ar_mount *mount, const struct ar_mount_options *options)
{
	return options->bind || ar_streq(mount->type, "bind");
}
