/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>

#include "kernel/cgroup-stats.h"
#include "json/write.h"

/* runc leaves many numbers out when they are 0. */
static void kv_not_zero(struct ar_json_writer *w, const char *key, uint64_t value)
{
	if (value != 0)
		ar_json_kv_u64(w, key, value);
}

/* Hundredths as Go writes a float: "0", "0.5", "12.34". */
static void kv_hundredths(struct ar_json_writer *w, const char *key, uint64_t value)
{
	char text[32];

	if (value % 100 == 0)
		(void)snprintf(text, sizeof(text), "%" PRIu64, value / 100);
	else if (value % 10 == 0)
		(void)snprintf(text, sizeof(text), "%" PRIu64 ".%" PRIu64, value / 100,
			       value % 100 / 10);
	else
		(void)snprintf(text, sizeof(text), "%" PRIu64 ".%02" PRIu64, value / 100,
			       value % 100);
	ar_json_key(w, key);
	ar_json_raw(w, text);
}

static void encode_psi_line(struct ar_json_writer *w, const char *key,
			    const struct ar_psi_line *line)
{
	ar_json_key(w, key);
	ar_json_open(w, '{');
	kv_hundredths(w, "avg10", line->avg10);
	kv_hundredths(w, "avg60", line->avg60);
	kv_hundredths(w, "avg300", line->avg300);
	ar_json_kv_u64(w, "total", line->total);
	ar_json_close(w, '}');
}

static void encode_psi(struct ar_json_writer *w, const struct ar_psi *psi)
{
	if (!psi->present)
		return;
	ar_json_key(w, "psi");
	ar_json_open(w, '{');
	encode_psi_line(w, "some", &psi->some);
	encode_psi_line(w, "full", &psi->full);
	ar_json_close(w, '}');
}

static void encode_cpu(struct ar_json_writer *w, const struct ar_stats *s)
{
	ar_json_key(w, "cpu");
	ar_json_open(w, '{');
	ar_json_key(w, "usage");
	ar_json_open(w, '{');
	kv_not_zero(w, "total", s->cpu.total);
	ar_json_kv_u64(w, "kernel", s->cpu.kernel);
	ar_json_kv_u64(w, "user", s->cpu.user);
	ar_json_close(w, '}');
	ar_json_key(w, "throttling");
	ar_json_open(w, '{');
	kv_not_zero(w, "periods", s->cpu.periods);
	kv_not_zero(w, "throttledPeriods", s->cpu.throttled_periods);
	kv_not_zero(w, "throttledTime", s->cpu.throttled_time);
	ar_json_close(w, '}');
	encode_psi(w, &s->cpu.psi);
	ar_json_close(w, '}');
}

/* v2 has none of these; readers of v1 look for the keys. */
static void encode_cpuset(struct ar_json_writer *w)
{
	static const char *const keys[] = { "cpu_exclusive",	       "mem_hardwall",
					    "mem_exclusive",	       "memory_migrate",
					    "memory_spread_page",      "memory_spread_slab",
					    "memory_pressure",	       "sched_load_balance",
					    "sched_relax_domain_level" };

	ar_json_key(w, "cpuset");
	ar_json_open(w, '{');
	for (size_t i = 0; i < AR_COUNT(keys); i++)
		ar_json_kv_u64(w, keys[i], 0);
	ar_json_close(w, '}');
}

static void encode_usage(struct ar_json_writer *w, const char *key,
			 const struct ar_memory_usage *usage)
{
	ar_json_key(w, key);
	ar_json_open(w, '{');
	ar_json_kv_u64(w, "limit", usage->limit);
	kv_not_zero(w, "usage", usage->usage);
	kv_not_zero(w, "max", usage->max);
	ar_json_kv_u64(w, "failcnt", 0); /* of v1 */
	ar_json_close(w, '}');
}

static void encode_memory(struct ar_json_writer *w, const struct ar_stats *s)
{
	const struct ar_memory_usage none = { 0 };

	ar_json_key(w, "memory");
	ar_json_open(w, '{');
	kv_not_zero(w, "cache", s->memory.cache);
	encode_usage(w, "usage", &s->memory.memory);
	encode_usage(w, "swap", &s->memory.swap);
	encode_usage(w, "kernel", &none); /* of v1 */
	encode_usage(w, "kernelTCP", &none);
	if (s->memory.n_raw > 0) {
		ar_json_key(w, "raw");
		ar_json_open(w, '{');
		for (size_t i = 0; i < s->memory.n_raw; i++)
			ar_json_kv_u64(w, s->memory.raw[i].key, s->memory.raw[i].value);
		ar_json_close(w, '}');
	}
	encode_psi(w, &s->memory.psi);
	ar_json_close(w, '}');
}

static void encode_io_entry(struct ar_json_writer *w, const struct ar_io_stat *io, const char *op,
			    uint64_t value)
{
	ar_json_open(w, '{');
	kv_not_zero(w, "major", io->major);
	kv_not_zero(w, "minor", io->minor);
	ar_json_kv(w, "op", op);
	kv_not_zero(w, "value", value);
	ar_json_close(w, '}');
}

static void encode_io(struct ar_json_writer *w, const struct ar_stats *s)
{
	ar_json_key(w, "blkio");
	ar_json_open(w, '{');
	for (int table = 0; table < 2 && s->io.n > 0; table++) {
		ar_json_key(w, table == 0 ? "ioServiceBytesRecursive" : "ioServicedRecursive");
		ar_json_open(w, '[');
		for (size_t i = 0; i < s->io.n; i++) {
			const struct ar_io_stat *io = &s->io.device[i];

			encode_io_entry(w, io, "Read", table == 0 ? io->read_bytes : io->reads);
			encode_io_entry(w, io, "Write", table == 0 ? io->write_bytes : io->writes);
		}
		ar_json_close(w, ']');
	}
	encode_psi(w, &s->io.psi);
	ar_json_close(w, '}');
}

static void encode_hugetlb(struct ar_json_writer *w, const struct ar_stats *s)
{
	ar_json_key(w, "hugetlb");
	ar_json_open(w, '{');
	for (size_t i = 0; i < s->n_hugetlb; i++) {
		ar_json_key(w, s->hugetlb[i].page_size);
		ar_json_open(w, '{');
		kv_not_zero(w, "usage", s->hugetlb[i].usage);
		ar_json_kv_u64(w, "failcnt", s->hugetlb[i].failcnt);
		ar_json_close(w, '}');
	}
	ar_json_close(w, '}');
}

void ar_stats_encode(struct ar_json_writer *w, const struct ar_stats *s, const char *rdt)
{
	ar_json_open(w, '{');
	encode_cpu(w, s);
	encode_cpuset(w);
	encode_memory(w, s);
	ar_json_key(w, "pids");
	ar_json_open(w, '{');
	kv_not_zero(w, "current", s->pids.current);
	kv_not_zero(w, "limit", s->pids.limit);
	ar_json_close(w, '}');
	encode_io(w, s);
	encode_hugetlb(w, s);
	ar_json_key(w, "intel_rdt");
	ar_json_raw(w, rdt ? rdt : "{}");
	/* runc fills it for its own networks alone, which no OCI configuration has */
	ar_json_key(w, "network_interfaces");
	ar_json_raw(w, "null");
	ar_json_close(w, '}');
}
