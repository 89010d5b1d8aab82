/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "base/str.h"
#include "kernel/rdt.h"
#include "spec/spec.h"
#include "json/write.h"

#define DOMAINS_MAX 256

/* A file with one value, as a member; left out when it is not there. */
struct value {
	const char *file, *key;
	bool text;
};

static void encode_values(struct ar_json_writer *w, int dir, const struct value *values, size_t n)
{
	ar_json_open(w, '{');
	for (size_t i = 0; i < n; i++) {
		char text[256];
		uint64_t number;

		if (ar_file_peek(dir, values[i].file, text, sizeof(text)) < 0)
			continue;
		if (values[i].text)
			ar_json_kv(w, values[i].key, text);
		else if (ar_parse_u64(text, &number) == 0)
			ar_json_kv_u64(w, values[i].key, number);
	}
	ar_json_close(w, '}');
}

/* The line of a resource in a schemata file, without its blanks. */
static void encode_line(struct ar_json_writer *w, const char *key, const char *schemata,
			const char *resource)
{
	size_t len = strlen(resource);

	while (*schemata) {
		const char *line = schemata + strspn(schemata, " \t");
		size_t end = strcspn(line, "\n");

		if (strncmp(line, resource, len) == 0 && line[len] == ':') {
			_cleanup_text_ struct ar_text text = AR_TEXT_INIT;

			ar_text_add_n(&text, line, end);
			ar_json_kv(w, key, ar_text_str(&text));
			return;
		}
		schemata = line + end + (line[end] == '\n');
	}
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_domain(const struct dirent *entry)
{
	return ar_starts_with(entry->d_name, "mon_L3_");
}

/* An array with an object for each L3 cache, left out when there is nothing to count. */
static void encode_counters(struct ar_json_writer *w, const char *key, int group,
			    const struct value *values, size_t n)
{
	struct dirent **entries = NULL;
	char first[300];
	struct stat st;
	int count = scandirat(group, "mon_data", &entries, is_domain, by_name);

	if (count > 0)
		(void)snprintf(first, sizeof(first), "mon_data/%s/%s", entries[0]->d_name,
			       values[0].file);
	if (count > 0 && fstatat(group, first, &st, 0) == 0) {
		ar_json_key(w, key);
		ar_json_open(w, '[');
		for (int i = 0; i < count && i < DOMAINS_MAX; i++) {
			char path[300];
			_cleanup_fd_ int dir = -1;

			(void)snprintf(path, sizeof(path), "mon_data/%s", entries[i]->d_name);
			dir = ar_open_no_links(group, path, O_PATH | O_DIRECTORY, 0);
			if (dir >= 0)
				encode_values(w, dir, values, n);
		}
		ar_json_close(w, ']');
	}
	for (int i = 0; i < count; i++)
		ar_freep(&entries[i]);
	ar_freep(&entries);
}

/* The group whose counters are the container's own, -errno when there is none. */
static int open_monitored(struct ar_arena *arena, int root, const char *class, const char *id)
{
	int fd = ar_open_no_links(root, ar_printf(arena, "%s/mon_groups/%s", class, id),
				  O_RDONLY | O_DIRECTORY, 0);

	return fd >= 0 ? fd : ar_open_no_links(root, class, O_RDONLY | O_DIRECTORY, 0);
}

static int read_schemata(struct ar_arena *arena, int root, const char *class, const char **ret,
			 struct ar_error *err)
{
	char *text = NULL;
	size_t len;
	int r = ar_file_read(arena, root, ar_printf(arena, "%s/schemata", class), 1 << 16, &text,
			     &len, err);

	*ret = text;
	return r;
}

int ar_rdt_encode(struct ar_arena *arena, int root, const struct ar_intel_rdt *rdt, const char *id,
		  struct ar_json_writer *w, struct ar_error *err)
{
	static const struct value cache[] = { { "cbm_mask", "cbm_mask", true },
					      { "min_cbm_bits", "min_cbm_bits", false },
					      { "num_closids", "num_closids", false } };
	static const struct value bandwidth[] = { { "bandwidth_gran", "bandwidth_gran", false },
						  { "delay_linear", "delay_linear", false },
						  { "min_bandwidth", "min_bandwidth", false },
						  { "num_closids", "num_closids", false } };
	static const struct value traffic[] = { { "mbm_total_bytes", "mbm_total_bytes", false },
						{ "mbm_local_bytes", "mbm_local_bytes", false } };
	static const struct value occupancy[] = { { "llc_occupancy", "llc_occupancy", false } };
	const char *class = rdt->clos_id && rdt->clos_id[0] ? rdt->clos_id : id;
	const char *all = NULL, *own = NULL;
	_cleanup_fd_ int l3 = ar_open_no_links(root, "info/L3", O_PATH | O_DIRECTORY, 0);
	_cleanup_fd_ int mb = ar_open_no_links(root, "info/MB", O_PATH | O_DIRECTORY, 0);
	_cleanup_fd_ int group = -1;
	int r;

	if (ar_streq(class, "/"))
		class = ".";
	r = read_schemata(arena, root, ".", &all, err);
	if (r == 0)
		r = read_schemata(arena, root, class, &own, err);
	if (r < 0)
		return r;
	group = open_monitored(arena, root, class, id);
	ar_json_open(w, '{');
	if (l3 >= 0) {
		ar_json_key(w, "l3_cache_info");
		encode_values(w, l3, cache, AR_COUNT(cache));
		encode_line(w, "l3_cache_schema_root", all, "L3");
		encode_line(w, "l3_cache_schema", own, "L3");
	}
	if (mb >= 0) {
		ar_json_key(w, "mem_bw_info");
		encode_values(w, mb, bandwidth, AR_COUNT(bandwidth));
		encode_line(w, "mem_bw_schema_root", all, "MB");
		encode_line(w, "mem_bw_schema", own, "MB");
	}
	if (group >= 0) {
		encode_counters(w, "mbm_stats", group, traffic, AR_COUNT(traffic));
		encode_counters(w, "cmt_stats", group, occupancy, AR_COUNT(occupancy));
	}
	ar_json_close(w, '}');
	return 0;
}
