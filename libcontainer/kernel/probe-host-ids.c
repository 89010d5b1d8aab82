/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/str.h"
#include "kernel/probe-host.h"

#define FILE_MAX (1u << 20)

/* passwd(5) and group(5): "name:x:id:..."; subuid(5): "name:first:count". */
static const struct {
	const char *file, *kind;
	unsigned int first, count; /* the fields; no count: one id */
} lists[] = {
	{ "passwd", "user", 2, 0 },
	{ "group", "group", 2, 0 },
	{ "subuid", "user", 1, 2 },
	{ "subgid", "user", 1, 2 },
};

/* The n-th field of a line of colons as a number. */
static bool number(char *line, unsigned int n, uint64_t *ret)
{
	char text[24];
	size_t len;

	for (; line && n > 0; n--) {
		line = strchr(line, ':');
		line += line != NULL;
	}
	len = line ? strcspn(line, ":") : 0;
	if (len == 0 || len >= sizeof(text))
		return false;
	memcpy(text, line, len);
	text[len] = '\0';
	return ar_parse_u64(text, ret) == 0;
}

static const char *owner_in(struct ar_arena *arena, const char *path, size_t list, uint64_t first,
			    uint64_t count)
{
	char *text, *save = NULL;
	size_t len;

	if (ar_file_read(arena, AT_FDCWD, path, FILE_MAX, &text, &len, NULL) < 0)
		return NULL;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		uint64_t from, n = 1;
		int name = (int)strcspn(line, ":");

		if (!number(line, lists[list].first, &from) ||
		    (lists[list].count && !number(line, lists[list].count, &n)) ||
		    from > UINT32_MAX || n == 0 || n > UINT32_MAX)
			continue;
		if (from >= first + count || from + n <= first)
			continue;
		if (n == 1)
			return ar_printf(arena, "%s '%.*s' (id %" PRIu64 " in %s)",
					 lists[list].kind, name, line, from, path);
		return ar_printf(arena, "%s '%.*s' (ids %" PRIu64 " to %" PRIu64 " in %s)",
				 lists[list].kind, name, line, from, from + n - 1, path);
	}
	return NULL;
}

const char *ar_host_ids_owner(struct ar_arena *arena, const char *etc, uint64_t first,
			      uint64_t count)
{
	for (size_t i = 0; i < AR_COUNT(lists); i++) {
		const char *path = ar_printf(arena, "%s/%s", etc, lists[i].file);
		const char *owner = owner_in(arena, path, i, first, count);

		if (owner)
			return owner;
	}
	return NULL;
}
