/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fields.h"

#include <stdio.h>
#include <string.h>

/* Where a walk is: the path so far, and how much of it to keep. */
struct walk {
	int (*visit)(const char *path, const struct ar_field *field, void *arg);
	void *arg;
	char path[256];
};

static int walk_class(struct walk *w, const struct ar_class *class, size_t len)
{
	static const char *const between[] = {
		[AR_T_OBJECT] = ".",
		[AR_T_LIST] = "[].",
		[AR_T_OBJECT_MAP] = ".*.",
	};

	for (const struct ar_field *f = class->fields; f < class->fields + class->n; f++) {
		size_t end;
		int r;

		if (f->flags & AR_F_KEY)
			continue;
		end = len + (size_t)snprintf(w->path + len, sizeof(w->path) - len, "%s", f->name);
		if (end >= sizeof(w->path))
			return -1;
		r = w->visit(w->path, f, w->arg);
		if (r == 0 && f->of) {
			end += (size_t)snprintf(w->path + end, sizeof(w->path) - end, "%s",
						between[f->type]);
			r = end < sizeof(w->path) ? walk_class(w, f->of, end) : -1;
		}
		if (r != 0)
			return r;
	}
	return 0;
}

int fields_walk(const struct ar_class *class,
		int (*visit)(const char *path, const struct ar_field *field, void *arg), void *arg)
{
	struct walk w = { .visit = visit, .arg = arg };

	return walk_class(&w, class, 0);
}

struct search {
	const char *path;
	const struct ar_field *found;
};

static int compare_path(const char *path, const struct ar_field *field, void *arg)
{
	struct search *search = arg;

	if (strcmp(path, search->path) != 0)
		return 0;
	search->found = field;
	return 1;
}

const struct ar_field *field_find(const struct ar_class *class, const char *path)
{
	struct search search = { .path = path };

	(void)fields_walk(class, compare_path, &search); /* the answer is in search */
	return search.found;
}
