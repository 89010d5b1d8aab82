/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "base/str.h"
#include "kernel/cgroup-limits.h"
#include "kernel/cgroup-unit.h"
#include "kernel/cpulist.h"

/* Releases of systemd that brought something. */
#define VERSION_IDLE 252       /* CPUWeight=idle */
#define VERSION_OOM_POLICY 253 /* OOMPolicy= of a scope */
#define VERSION_ZSWAP 253      /* MemoryZSwapMax= */

/* systemd counts a quota in hundredths of a processor */
#define QUOTA_STEP 10000

void ar_property_add(struct ar_arena *arena, struct ar_properties *p, const char *name,
		     struct ar_variant value)
{
	p->item = ar_arena_grow(arena, p->item, p->n, &p->room, sizeof(*p->item));
	p->item[p->n++] = (struct ar_property){ name, value };
}

/* --- limits --- */

struct converting {
	struct ar_arena *arena;
	struct ar_properties *to;
	unsigned int version;
	enum ar_unit_moment moment;
	const char *field; /* for messages */
	struct ar_error *err;
};

static int no_number(const struct converting *c, const char *value)
{
	return ar_refuse(c->err, EINVAL, "%s: '%s' is not a number", c->field, value);
}

static int number(const struct converting *c, const char *value, uint64_t *ret)
{
	if (ar_streq(value, "max")) {
		*ret = UINT64_MAX; /* "infinity" */
		return 0;
	}
	return ar_parse_u64(value, ret) < 0 ? no_number(c, value) : 0;
}

static int as_number(const struct converting *c, const char *property, const char *value)
{
	uint64_t u;
	int r = number(c, value, &u);

	if (r == 0)
		ar_property_add(c->arena, c->to, property, ar_variant_number(u));
	return r;
}

/* Of the manager 1 idles by a weight of 0, which there is no way back from: 0 is only written. */
static int as_idle(const struct converting *c, const char *property, const char *value)
{
	if (ar_streq(value, "1") && c->version >= VERSION_IDLE)
		ar_property_add(c->arena, c->to, property, ar_variant_number(0));
	return 0;
}

/* "QUOTA PERIOD" or "QUOTA"; rounded up, and exact by the file that is written afterwards. */
static int as_quota(const struct converting *c, const char *property, const char *value)
{
	char *copy = ar_strdup(c->arena, value), *period_text = strchr(copy, ' ');
	uint64_t quota, period = AR_CPU_PERIOD;
	int r;

	if (period_text)
		*period_text++ = '\0';
	r = number(c, copy, &quota);
	if (r == 0 && period_text && *period_text &&
	    (ar_parse_u64(period_text, &period) < 0 || period == 0))
		r = no_number(c, value);
	if (r < 0)
		return r;
	if (quota != UINT64_MAX) {
		if (quota > UINT64_MAX / 1000000)
			return no_number(c, value);
		quota = quota * 1000000 / period;
		quota = (quota + QUOTA_STEP - 1) / QUOTA_STEP * QUOTA_STEP;
	}
	ar_property_add(c->arena, c->to, "CPUQuotaPeriodUSec", ar_variant_number(period));
	ar_property_add(c->arena, c->to, property, ar_variant_number(quota));
	return 0;
}

/* A bit for each, the lowest first, in bytes. */
static int as_set(const struct converting *c, const char *property, const char *value)
{
	struct ar_cpulist list;
	struct ar_variant *bytes;
	size_t n;

	if (ar_cpulist_parse(value, &list) < 0)
		return ar_refuse(c->err, EINVAL, "%s: '%s' is not a list of numbers", c->field,
				 value);
	n = (list.bits + 7) / 8;
	bytes = ar_alloc_array(c->arena, n, sizeof(*bytes));
	for (size_t i = 0; i < n; i++) {
		const size_t per_word = sizeof(list.mask[0]);
		unsigned long word = list.mask[i / per_word];

		bytes[i].type = 'y';
		bytes[i].u = word >> (8 * (i % per_word)) & 0xff;
	}
	ar_property_add(c->arena, c->to, property,
			(struct ar_variant){ .type = 'a', .of = "y", .items = bytes, .n = n });
	return 0;
}

/* A slice has none, and of a unit that runs it stays: the file alone is written. */
static int as_oom_policy(const struct converting *c, const char *property, const char *value)
{
	if (c->version >= VERSION_OOM_POLICY && c->moment == AR_UNIT_START)
		ar_property_add(c->arena, c->to, property,
				ar_variant_text(ar_streq(value, "1") ? "kill" : "continue"));
	return 0;
}

static int as_zswap(const struct converting *c, const char *property, const char *value)
{
	return c->version >= VERSION_ZSWAP ? as_number(c, property, value) : 0;
}

static const struct {
	const char *file, *property;
	int (*convert)(const struct converting *c, const char *property, const char *value);
} table[] = {
	{ "cpu.idle", "CPUWeight", as_idle },
	{ "cpu.max", "CPUQuotaPerSecUSec", as_quota },
	{ "cpu.weight", "CPUWeight", as_number },
	{ "cpuset.cpus", "AllowedCPUs", as_set },
	{ "cpuset.mems", "AllowedMemoryNodes", as_set },
	{ "io.weight", "IOWeight", as_number },
	{ "memory.high", "MemoryHigh", as_number },
	{ "memory.low", "MemoryLow", as_number },
	{ "memory.max", "MemoryMax", as_number },
	{ "memory.min", "MemoryMin", as_number },
	{ "memory.oom.group", "OOMPolicy", as_oom_policy },
	{ "memory.swap.max", "MemorySwapMax", as_number },
	{ "memory.zswap.max", "MemoryZSwapMax", as_zswap },
	{ "pids.max", "TasksMax", as_number },
};

/*
 * Weights of single devices ("8:0 100") have a property that wants a node: they are only written.
 */
static bool is_of_device(const char *value)
{
	return strchr(value, ':') != NULL;
}

static int convert(struct converting *c, const char *file, const char *value)
{
	for (size_t i = 0; i < AR_COUNT(table); i++)
		if (ar_streq(table[i].file, file) && !is_of_device(value))
			return table[i].convert(c, table[i].property, value);
	ar_debug("systemd has no property for '%s': it is only written", file);
	return 0;
}

int ar_properties_of_resources(struct ar_arena *arena, const struct ar_resources *resources,
			       unsigned int version, enum ar_unit_moment moment,
			       struct ar_properties *properties, struct ar_error *err)
{
	struct converting c = {
		.arena = arena,
		.to = properties,
		.version = version,
		.moment = moment,
		.err = err,
	};
	struct ar_limits limits;
	int r = ar_limits_plan(arena, resources, &limits, err);

	for (size_t i = 0; r == 0 && i < limits.n; i++) {
		const struct ar_limit *limit = &limits.item[i];

		c.field = limit->field;
		/* of the two files for weights systemd writes the one of its scale */
		if (limit->else_file)
			r = convert(&c, limit->else_file, limit->else_value);
		else
			r = convert(&c, limit->file, limit->value);
	}
	return r;
}

/* --- annotations --- */

static const char prefix[] = "org.systemd.property.";

/* As runc: letters alone, three of them at least. */
static bool is_property(const char *name)
{
	size_t len = 0;

	while (isalpha((unsigned char)name[len]))
		len++;
	return len >= 3 && name[len] == '\0';
}

/* "TimeoutStopSec" of 1.5 -> "TimeoutStopUSec" of 1500000. */
static int seconds(struct ar_arena *arena, const char **name, struct ar_variant *value,
		   struct ar_error *err)
{
	size_t len = strlen(*name) - 3;
	double s = 0;

	if (len == 0 || !ar_streq(*name + len, "Sec") || !islower((unsigned char)(*name)[len - 1]))
		return 0;
	if (value->type == 'd')
		s = value->d;
	else if (strchr("nix", value->type))
		s = (double)value->i;
	else if (strchr("yqut", value->type))
		s = (double)value->u;
	else
		return ar_refuse(err, EINVAL, "a time must be a number");
	if (!(s >= 0 && s < 1e12))
		return ar_refuse(err, EINVAL, "a time must be from 0 to 10^12 seconds");
	*name = ar_printf(arena, "%.*sUSec", (int)len, *name);
	*value = ar_variant_number((uint64_t)(s * 1e6));
	return 0;
}

int ar_properties_of_annotations(struct ar_arena *arena, const struct ar_map *annotations,
				 struct ar_properties *properties, struct ar_error *err)
{
	for (size_t i = 0; i < annotations->n; i++) {
		const struct ar_pair *p = &annotations->items[i];
		struct ar_variant value;
		const char *name;
		int r;

		if (!ar_starts_with(p->key, prefix))
			continue;
		name = p->key + strlen(prefix);
		if (!is_property(name))
			return ar_refuse(err, EINVAL,
					 "annotation '%s' names no property of systemd", p->key);
		r = ar_variant_parse(arena, p->value ? p->value : "", &value, err);
		if (r == 0)
			r = seconds(arena, &name, &value, err);
		if (r < 0)
			return ar_prefix(err, r, "annotation '%s'", p->key);
		ar_property_add(arena, properties, name, value);
	}
	return 0;
}
