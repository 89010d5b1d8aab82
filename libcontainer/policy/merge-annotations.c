/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <string.h>

#include "policy/merging.h"

/*
 * Annotations that steer a runtime. Engines copy labels of images and annotations of pods, so
 * whoever writes an image writes them: none of another runtime's is followed, and of systemd's
 * properties those that limit.
 */

#define SYSTEMD "org.systemd.property."

static const char *const followed[] = {
	"io.agentrun.", /* merge-tighten.c */
	SYSTEMD "CPUQuota",
	SYSTEMD "CPUWeight",
	SYSTEMD "CollectMode",
	SYSTEMD "DefaultDependencies",
	SYSTEMD "Description",
	SYSTEMD "IOWeight",
	SYSTEMD "KillSignal",
	SYSTEMD "MemoryHigh",
	SYSTEMD "MemoryMax",
	SYSTEMD "TasksMax",
	SYSTEMD "TimeoutStopUSec",
	NULL,
};

static const char *const followed_by_compat[] = { "org.criu.config", SYSTEMD, NULL };

const char *const *ar_annotations_followed(enum ar_profile profile)
{
	return profile == AR_PROFILE_COMPAT ? followed_by_compat : followed;
}

static const struct {
	const char *prefix;
	const char *reason;
} foreign[] = {
	{ "run.oci.", "it steers another runtime" },
	{ "org.criu.config", "it makes CRIU read a file of the host" },
};

/* Why an annotation is not followed, NULL: it may stay. */
static const char *ignored(const char *key)
{
	for (size_t i = 0; i < AR_COUNT(foreign); i++)
		if (ar_starts_with(key, foreign[i].prefix))
			return foreign[i].reason;
	if (!ar_starts_with(key, SYSTEMD))
		return NULL;
	for (size_t i = 0; followed[i]; i++)
		if (ar_streq(key, followed[i]))
			return NULL;
	return "this property of systemd is not known to only limit";
}

/* A unit that takes long to stop holds up the host's shutdown: systemd's own default is the most. */
#define STOP_USEC_MAX UINT64_C(90000000)
static const char stop[] = SYSTEMD "TimeoutStopUSec";

/* "uint64 90000000", "90000000"; what is none of both may be any time. */
static bool stops_late(const char *value)
{
	const char *type = "uint64 ";
	uint64_t usec;

	if (ar_starts_with(value, type))
		value += strlen(type);
	return ar_parse_u64(value, &usec) < 0 || usec == 0 || usec > STOP_USEC_MAX;
}

static struct ar_pair hold(struct ar_merging *m, const struct ar_pair *p)
{
	struct ar_pair got = *p;

	if (!ar_streq(p->key, stop) || !stops_late(p->value ? p->value : ""))
		return got;
	got.value = ar_printf(m->arena, "uint64 %" PRIu64, STOP_USEC_MAX);
	ar_decide_as(m, "annotations", ar_printf(m->arena, "annotations[%s]", p->key), p->value,
		     got.value, "it holds up the shutdown of the host");
	return got;
}

void ar_merge_annotations(struct ar_merging *m)
{
	const struct ar_map *asked = &m->from->annotations;
	struct ar_map got = { ar_alloc_array(m->arena, asked->n + 1, sizeof(struct ar_pair)), 0 };

	for (size_t i = 0; i < asked->n; i++) {
		const struct ar_pair *p = &asked->items[i];
		const char *reason = ignored(p->key);

		if (reason)
			ar_decide_as(m, "annotations",
				     ar_printf(m->arena, "annotations[%s]", p->key), p->value,
				     "ignored", reason);
		else
			got.items[got.n++] = hold(m, p);
	}
	m->to->annotations = got;
}
