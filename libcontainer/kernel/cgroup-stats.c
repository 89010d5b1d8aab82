/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/cgroup-stats.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/str.h"
#include "kernel/cgroup-file.h"
#include "kernel/cgroup-processes.h"
#include "kernel/cgroup.h"

#define FILE_MAX (1024 * 1024)

struct gathering {
	struct ar_arena *arena;
	int fd;
	struct ar_stats *stats;
};

/* The text of a file, NULL when it is not there: its controller is not enabled. */
static int read_file(const struct gathering *g, const char *file, char **ret)
{
	size_t len;
	int r = ar_file_read(g->arena, g->fd, file, FILE_MAX, ret, &len, NULL);

	if (r == -ENOENT || r == -EOPNOTSUPP) {
		*ret = NULL;
		return 0;
	}
	return r;
}

static size_t count_lines(const char *text)
{
	size_t n = 1;

	for (; text && *text; text++)
		n += *text == '\n';
	return n;
}

/* --- flat keyed files into a table --- */

struct wanted {
	const char *key;
	uint64_t *value;
	uint64_t factor;
};

static int read_wanted(const struct gathering *g, const char *file, const struct wanted *wanted,
		       size_t n)
{
	char *text, *save = NULL;
	int r = read_file(g, file, &text);

	if (r < 0 || !text)
		return r;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *value = strchr(line, ' ');

		if (!value)
			return -EPROTO;
		*value++ = '\0';
		for (size_t i = 0; i < n; i++) {
			uint64_t number;

			if (!ar_streq(line, wanted[i].key))
				continue;
			if (ar_parse_u64(value, &number) < 0)
				return -EPROTO;
			*wanted[i].value = number * wanted[i].factor;
		}
	}
	return 0;
}

/* --- pressure --- */

/* "12.34" -> 1234 */
static uint64_t hundredths(const char *s)
{
	unsigned long long whole = 0, part = 0;

	(void)sscanf(s, "%llu.%2llu", &whole, &part); /* zeros for what is no number */
	return whole * 100 + part;
}

static void parse_psi_line(const char *line, struct ar_psi *psi)
{
	char kind[8], avg10[16], avg60[16], avg300[16];
	unsigned long long total;
	struct ar_psi_line *out;

	if (sscanf(line, "%7s avg10=%15s avg60=%15s avg300=%15s total=%llu", kind, avg10, avg60,
		   avg300, &total) != 5)
		return;
	out = ar_streq(kind, "some") ? &psi->some : &psi->full;
	*out = (struct ar_psi_line){ hundredths(avg10), hundredths(avg60), hundredths(avg300),
				     total };
	psi->present = true;
}

static int read_psi(const struct gathering *g, const char *file, struct ar_psi *psi)
{
	char *text, *save = NULL;
	int r = read_file(g, file, &text);

	if (r < 0 || !text)
		return r;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		parse_psi_line(line, psi);
	return 0;
}

/* --- the controllers --- */

static int gather_cpu(const struct gathering *g)
{
	struct ar_stats *s = g->stats;
	const struct wanted wanted[] = {
		{ "usage_usec", &s->cpu.total, 1000 },
		{ "user_usec", &s->cpu.user, 1000 },
		{ "system_usec", &s->cpu.kernel, 1000 },
		{ "nr_periods", &s->cpu.periods, 1 },
		{ "nr_throttled", &s->cpu.throttled_periods, 1 },
		{ "throttled_usec", &s->cpu.throttled_time, 1000 },
	};
	int r = read_wanted(g, "cpu.stat", wanted, AR_COUNT(wanted));

	return r < 0 ? r : read_psi(g, "cpu.pressure", &s->cpu.psi);
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct ar_stat *)a)->key, ((const struct ar_stat *)b)->key);
}

static int gather_memory_stat(const struct gathering *g)
{
	struct ar_stats *s = g->stats;
	char *text, *save = NULL;
	int r = read_file(g, "memory.stat", &text);

	if (r < 0 || !text)
		return r;
	s->memory.raw = ar_alloc_array(g->arena, count_lines(text), sizeof(*s->memory.raw));
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct ar_stat *stat = &s->memory.raw[s->memory.n_raw++];
		char *value = strchr(line, ' ');

		if (!value || ar_parse_u64(value + 1, &stat->value) < 0)
			return -EPROTO;
		*value = '\0';
		stat->key = line;
		if (ar_streq(line, "file"))
			s->memory.cache = stat->value;
	}
	qsort(s->memory.raw, s->memory.n_raw, sizeof(*s->memory.raw), by_key);
	return 0;
}

/* memory.current or memory.swap.current and their kin. -ENOENT: not counted here. */
static int gather_usage(const struct gathering *g, const char *name, struct ar_memory_usage *ret)
{
	char file[64];
	int r;

	(void)snprintf(file, sizeof(file), "%s.current", name); /* short names */
	r = ar_cgroup_number(g->fd, file, &ret->usage);
	if (r < 0)
		return r;
	(void)snprintf(file, sizeof(file), "%s.max", name);
	r = ar_cgroup_number(g->fd, file, &ret->limit);
	if (r < 0)
		return r;
	(void)snprintf(file, sizeof(file), "%s.peak", name); /* 5.19, for swap 6.5 */
	if (ar_cgroup_number(g->fd, file, &ret->max) < 0)
		ret->max = 0;
	return 0;
}

static int gather_memory(const struct gathering *g)
{
	struct ar_stats *s = g->stats;
	int r = gather_usage(g, "memory", &s->memory.memory);

	if (r == 0) {
		s->memory.present = true;
		r = gather_usage(g, "memory.swap", &s->memory.swap);
		if (r == 0) {
			s->memory.swap.usage += s->memory.memory.usage;
			if (s->memory.swap.limit != UINT64_MAX &&
			    __builtin_add_overflow(s->memory.swap.limit, s->memory.memory.limit,
						   &s->memory.swap.limit))
				s->memory.swap.limit = UINT64_MAX;
			s->memory.swap.max = 0; /* two peaks of different moments do not add up */
		}
		if (r == 0 || r == -ENOENT)
			r = gather_memory_stat(g);
	}
	if (r < 0 && r != -ENOENT)
		return r;
	return read_psi(g, "memory.pressure", &s->memory.psi);
}

static int gather_pids(const struct gathering *g)
{
	struct ar_stats *s = g->stats;
	size_t n;
	int r = ar_cgroup_number(g->fd, "pids.current", &s->pids.current);

	if (r == -ENOENT) {
		/* without the controller processes are counted, not threads */
		r = ar_cgroup_count(g->fd, &n);
		s->pids.current = n;
		return r;
	}
	if (r == 0)
		r = ar_cgroup_number(g->fd, "pids.max", &s->pids.limit);
	if (s->pids.limit == UINT64_MAX)
		s->pids.limit = 0;
	return r;
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6" */
static bool parse_io_line(char *line, struct ar_io_stat *ret)
{
	struct ar_io_stat io = { 0 };
	const struct wanted wanted[] = {
		{ "rbytes", &io.read_bytes, 1 },
		{ "wbytes", &io.write_bytes, 1 },
		{ "rios", &io.reads, 1 },
		{ "wios", &io.writes, 1 },
	};
	unsigned long long major, minor;
	char *save = NULL;
	const char *device = strtok_r(line, " ", &save);
	bool any = false;

	if (!device || sscanf(device, "%llu:%llu", &major, &minor) != 2)
		return false;
	io.major = major;
	io.minor = minor;
	for (char *item = strtok_r(NULL, " ", &save); item; item = strtok_r(NULL, " ", &save)) {
		char *value = strchr(item, '=');

		if (!value)
			continue;
		*value++ = '\0';
		for (size_t i = 0; i < AR_COUNT(wanted); i++) {
			if (ar_streq(item, wanted[i].key) &&
			    ar_parse_u64(value, wanted[i].value) == 0)
				any = true;
		}
	}
	*ret = io;
	return any;
}

static int gather_io(const struct gathering *g)
{
	struct ar_stats *s = g->stats;
	char *text, *save = NULL;
	int r = read_file(g, "io.stat", &text);

	if (r < 0)
		return r;
	if (text) {
		s->io.device = ar_alloc_array(g->arena, count_lines(text), sizeof(*s->io.device));
		for (char *line = strtok_r(text, "\n", &save); line;
		     line = strtok_r(NULL, "\n", &save))
			s->io.n += parse_io_line(line, &s->io.device[s->io.n]);
	}
	return read_psi(g, "io.pressure", &s->io.psi);
}

/* --- huge pages: a file for each size --- */

static int by_size(const void *a, const void *b)
{
	return strcmp(((const struct ar_hugetlb_stat *)a)->page_size,
		      ((const struct ar_hugetlb_stat *)b)->page_size);
}

/* Reservations where the kernel counts them: they are what is limited then. */
static void gather_page_size(const struct gathering *g, struct ar_hugetlb_stat *ret)
{
	static const char *const kinds[] = { ".rsvd", "" };
	char file[64];

	for (size_t i = 0; i < AR_COUNT(kinds); i++) {
		(void)snprintf(file, sizeof(file), "hugetlb.%.16s%s.current", ret->page_size,
			       kinds[i]);
		if (ar_cgroup_number(g->fd, file, &ret->usage) < 0)
			continue;
		(void)snprintf(file, sizeof(file), "hugetlb.%.16s%s.events", ret->page_size,
			       kinds[i]);
		if (ar_cgroup_keyed(g->fd, file, "max", &ret->failcnt) < 0)
			ret->failcnt = 0; /* reservations have no events file */
		return;
	}
}

static int gather_hugetlb(const struct gathering *g)
{
	static const char prefix[] = "hugetlb.", suffix[] = ".max";
	struct ar_stats *s = g->stats;
	struct dirent *entry;
	size_t room = 16;
	_cleanup_fd_ int again = openat(g->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_entries_ DIR *dir = ar_entries_open(&again);

	if (!dir)
		return -errno;
	s->hugetlb = ar_alloc_array(g->arena, room, sizeof(*s->hugetlb));
	while (s->n_hugetlb < room && (entry = readdir(dir))) {
		size_t len = strlen(entry->d_name), ends = sizeof(prefix) + sizeof(suffix) - 2;
		const char *size = entry->d_name + sizeof(prefix) - 1;

		if (len <= ends || !ar_starts_with(entry->d_name, prefix) ||
		    !ar_streq(entry->d_name + len - (sizeof(suffix) - 1), suffix) ||
		    memchr(size, '.', len - ends))
			continue;
		s->hugetlb[s->n_hugetlb].page_size = ar_strndup(g->arena, size, len - ends);
		gather_page_size(g, &s->hugetlb[s->n_hugetlb++]);
	}
	qsort(s->hugetlb, s->n_hugetlb, sizeof(*s->hugetlb), by_size);
	return 0;
}

int ar_cgroup_stats(struct ar_arena *arena, const struct ar_cgroup *cgroup, struct ar_stats *ret,
		    struct ar_error *err)
{
	static int (*const gatherers[])(const struct gathering *) = {
		gather_cpu, gather_memory, gather_pids, gather_io, gather_hugetlb,
	};
	struct gathering g = { .arena = arena, .fd = cgroup->fd, .stats = ret };

	*ret = (struct ar_stats){ 0 };
	/* the directory of a cgroup that was removed stays open, without files */
	if (cgroup->fd < 0 || faccessat(cgroup->fd, "cgroup.procs", F_OK, 0) < 0)
		return ar_refuse(err, ENODEV, "cgroup '%s' is gone", cgroup->path);
	for (size_t i = 0; i < AR_COUNT(gatherers); i++) {
		int r = gatherers[i](&g);

		if (r < 0)
			return ar_fail(err, -r, "read the statistics of cgroup '%s'", cgroup->path);
	}
	return 0;
}
