/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "policy/merging.h"

/*
 * Device nodes and who may open them. Every container has the nodes of config-linux.md, "Default
 * Devices", and its own terminals; whatever else the bundle lists needs an opt-out that names it.
 * Its console is a terminal of its own, bound to /dev/console: 5:1 is the machine's.
 */
static const struct {
	const char *path;
	int64_t major, minor; /* -1: any */
	const char *access;
} defaults[] = {
	{ "/dev/null", 1, 3, "rwm" },	 { "/dev/zero", 1, 5, "rwm" },
	{ "/dev/full", 1, 7, "rwm" },	 { "/dev/random", 1, 8, "rwm" },
	{ "/dev/urandom", 1, 9, "rwm" }, { "/dev/tty", 5, 0, "rwm" },
	{ "/dev/ptmx", 5, 2, "rwm" },	 { "/dev/pts", 136, -1, "rwm" },
};

static bool is_default(const struct ar_device *d)
{
	if (!ar_streq(d->type, "c") && !ar_streq(d->type, "u"))
		return false;
	for (size_t i = 0; i < AR_COUNT(defaults); i++)
		if (ar_streq(d->path, defaults[i].path) && d->major.value == defaults[i].major &&
		    d->minor.value == defaults[i].minor)
			return true;
	return false;
}

/* Rules are applied in their order, the last that fits wins: everything is denied first. */
static void add_rule(struct ar_list *rules, enum ar_tri allow, const char *type, int64_t major,
		     int64_t minor, const char *access)
{
	struct ar_device_rule *r = (struct ar_device_rule *)rules->items + rules->n++; /* room was
											  kept */

	*r = (struct ar_device_rule){ .allow = allow, .type = type, .access = access };
	r->major = (struct ar_opt_i64){ major >= 0, major };
	r->minor = (struct ar_opt_i64){ minor >= 0, minor };
}

/*
 * The path says where a node stands in the container, and the bundle may put any device there: an
 * opt-out for a path holds for what the host has at that path, else the type and numbers have to be
 * named ("b 253:0").
 */
static bool declared(struct ar_merging *m, size_t index, const struct ar_device *d)
{
	const char *numbers = ar_printf(m->arena, "%s %" PRId64 ":%" PRId64, d->type,
					d->major.value, d->minor.value);
	bool own = m->facts->own_device && m->facts->own_device[index];

	return (own && ar_opted_out(m, "linux.devices", d->path, d->path)) ||
	       ar_opted_out_as(m, "linux.devices", "linux.devices",
			       ar_printf(m->arena, "%s (%s)", d->path, numbers), numbers);
}

/* The nodes that stay, and their rules. */
static void keep_nodes(struct ar_merging *m, struct ar_list *rules)
{
	const struct ar_list *asked = &m->from->linux->devices;
	struct ar_device *kept = ar_alloc_array(m->arena, asked->n + 1, sizeof(*kept));
	struct ar_grow dropped = { .arena = m->arena };
	size_t n = 0, index = 0;

	ar_list_foreach(const struct ar_device, d, asked) {
		bool standard = is_default(d), by_opt_out = !standard && declared(m, index, d);

		index++;
		if (standard) {
			kept[n++] = *d;
		} else if (by_opt_out) {
			kept[n++] = *d;
			/* with "m": the node is made by init, under these rules */
			if (!ar_streq(d->type, "p"))
				add_rule(rules, AR_YES, ar_streq(d->type, "u") ? "c" : d->type,
					 d->major.value, d->minor.value, "rwm");
		} else {
			ar_grow_add(&dropped, d->path);
		}
	}
	m->to->linux->devices = (struct ar_list){ kept, n };
	if (dropped.list.n)
		ar_decide(m, "linux.devices", ar_join(m->arena, &dropped.list, 8), "left out");
}

/* A device that is bound came in by an opt-out, and is there to be opened. */
static void allow_bound(struct ar_merging *m, struct ar_list *rules)
{
	for (size_t i = 0; i < m->to->mounts.n; i++) {
		int at = m->out->mount_source[i];
		const struct ar_source *s = at >= 0 ? &m->facts->sources[at] : NULL;

		if (s && (S_ISCHR(s->mode) || S_ISBLK(s->mode)))
			add_rule(rules, AR_YES, S_ISCHR(s->mode) ? "c" : "b", major(s->rdev),
				 minor(s->rdev), "rw");
	}
}

static bool allows_default(const struct ar_device_rule *r)
{
	if (!ar_streq(r->type, "c"))
		return false;
	for (size_t i = 0; i < AR_COUNT(defaults); i++)
		if (r->major.set && r->major.value == defaults[i].major &&
		    (defaults[i].minor < 0 ||
		     (r->minor.set && r->minor.value == defaults[i].minor)))
			return true;
	return false;
}

static const char *number(struct ar_merging *m, const struct ar_opt_i64 *v)
{
	return v->set && v->value >= 0 ? ar_printf(m->arena, "%" PRId64, v->value) : "*";
}

/* What the bundle's rules allowed beyond the defaults. mknod alone ("m") opens nothing. */
static void record_rules(struct ar_merging *m)
{
	const struct ar_resources *r = m->from->linux->resources;
	struct ar_grow lost = { .arena = m->arena };

	if (!r)
		return;
	ar_list_foreach(const struct ar_device_rule, rule, &r->devices)
		if (rule->allow == AR_YES && !allows_default(rule) && !ar_streq(rule->access, "m"))
			ar_grow_add(&lost,
				    ar_printf(m->arena, "%s %s:%s %s",
					      rule->type ? rule->type : "a",
					      number(m, &rule->major), number(m, &rule->minor),
					      rule->access ? rule->access : "rwm"));
	if (lost.list.n)
		ar_decide(m, "linux.resources.devices", ar_join(m->arena, &lost.list, 8),
			  "the default nodes");
}

void ar_merge_devices(struct ar_merging *m)
{
	size_t room = 1 + AR_COUNT(defaults) + m->from->linux->devices.n + m->to->mounts.n;
	struct ar_list rules = { ar_alloc_array(m->arena, room, sizeof(struct ar_device_rule)), 0 };

	add_rule(&rules, AR_NO, "a", -1, -1, "rwm");
	for (size_t i = 0; i < AR_COUNT(defaults); i++)
		add_rule(&rules, AR_YES, "c", defaults[i].major, defaults[i].minor,
			 defaults[i].access);
	keep_nodes(m, &rules);
	allow_bound(m, &rules);
	record_rules(m);
	m->to->linux->resources->devices = rules;
}
