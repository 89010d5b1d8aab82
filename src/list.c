/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "base/passwd.h"
#include "base/str.h"
#include "command.h"
#include "output.h"
#include "json/write.h"

#define PASSWD_MAX (16u << 20)

struct options {
	const char *format;
	bool quiet;
};

static const struct ar_option options[] = {
	{ "format", 'f', AR_OPTION_STRING, false, offsetof(struct options, format), "table",
	  "table or json" },
	{ "quiet", 'q', AR_OPTION_BOOL, false, offsetof(struct options, quiet), NULL,
	  "print only ids" },
};
static const struct ar_option_table table = AR_OPTIONS(AR_OPTIONS_ANYWHERE, options);

/* What is shown: n views with their owners' names. */
struct views {
	struct ar_view *items;
	const char **owners;
	size_t n;
};

static const char *owner_name(struct ar_arena *arena, uint64_t uid)
{
	struct ar_passwd user;
	struct ar_error ignored;
	size_t len;
	char *text;

	if (ar_file_read(arena, AT_FDCWD, "/etc/passwd", PASSWD_MAX, &text, &len, &ignored) == 0 &&
	    ar_passwd_next(&text, uid, &user))
		return user.name;
	return ar_printf(arena, "#%llu", (unsigned long long)uid);
}

/* Of the next view. Containers mostly have one owner, so that the file is read once. */
static const char *owner_of(struct ar_arena *arena, const struct views *views)
{
	size_t n = views->n;
	uint64_t uid = views->items[n].record->owner.value;

	if (n > 0 && views->items[n - 1].record->owner.value == uid)
		return views->owners[n - 1];
	return owner_name(arena, uid);
}

static int collect(struct ar_call *call, struct views *ret, struct ar_error *err)
{
	struct views views = { 0 };
	struct ar_strings ids;
	struct ar_error one;
	int r;

	r = ar_ids(call->arena, call->context.root, &ids, err);
	if (r == -ENOENT && !call->root_given)
		r = 0;
	if (r < 0)
		return r;
	views.items = ar_alloc_array(call->arena, ids.n + 1, sizeof(*views.items));
	views.owners = ar_alloc_array(call->arena, ids.n + 1, sizeof(*views.owners));
	for (size_t i = 0; i < ids.n; i++) {
		struct ar_view *view = &views.items[views.n];

		r = ar_life_view(&call->context, call->arena, ids.items[i], view, &one);
		/* one that is being made or removed, or that cannot be read, does not hide the
		 * others */
		if (r < 0 && r != -ENOENT)
			dprintf(STDERR_FILENO, "load container %s: %s\n", ids.items[i], one.text);
		if (r < 0)
			continue;
		views.owners[views.n] = owner_of(call->arena, &views);
		views.n++;
	}
	*ret = views;
	return 0;
}

static void add_ids(const struct views *views, struct ar_text *out)
{
	for (size_t i = 0; i < views->n; i++)
		ar_text_addf(out, "%s\n", views->items[i].record->id);
}

static void add_json(const struct views *views, struct ar_text *out)
{
	struct ar_json_writer w = AR_JSON_WRITER_INIT(NULL);

	ar_json_open(&w, '[');
	for (size_t i = 0; i < views->n; i++) {
		ar_json_open(&w, '{');
		ar_view_encode(&w, &views->items[i], views->owners[i]);
		ar_json_close(&w, '}');
	}
	ar_json_close(&w, ']');
	ar_text_addf(out, "%s\n", views->n > 0 ? ar_text_str(&w.out) : "null");
	ar_json_done(&w);
}

enum { ID, PID, STATUS, BUNDLE, CREATED, OWNER, COLUMNS };
struct row {
	const char *cells[COLUMNS];
};

#define WIDTH_MIN 12
#define GAP 3

/* The widest cell and what is between two, at least WIDTH_MIN. */
static size_t width_of(const struct row *rows, size_t n, size_t column)
{
	size_t width = WIDTH_MIN;

	for (size_t i = 0; i < n; i++) {
		size_t w = strlen(rows[i].cells[column]) + GAP;

		width = w > width ? w : width;
	}
	return width;
}

static void add_rows(const struct row *rows, size_t n, struct ar_text *out)
{
	size_t widths[OWNER];

	for (size_t c = 0; c < OWNER; c++)
		widths[c] = width_of(rows, n, c);
	for (size_t i = 0; i < n; i++) {
		for (size_t c = 0; c < OWNER; c++)
			ar_text_addf(out, "%-*s", (int)widths[c], rows[i].cells[c]);
		ar_text_addf(out, "%s\n", rows[i].cells[OWNER]);
	}
}

static void add_table(struct ar_arena *arena, const struct views *views, struct ar_text *out)
{
	struct row *rows = ar_alloc_array(arena, views->n + 1, sizeof(*rows));

	rows[0] = (struct row){ { "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER" } };
	for (size_t i = 0; i < views->n; i++) {
		const struct ar_view *view = &views->items[i];
		const char **cell = rows[i + 1].cells;
		bool gone = view->status == AR_STATUS_STOPPED;

		cell[ID] = view->record->id;
		cell[PID] = ar_printf(arena, "%d", gone ? 0 : (int)view->record->pid.value);
		cell[STATUS] = ar_status_name(view->status);
		cell[BUNDLE] = view->record->bundle ? view->record->bundle : "";
		cell[CREATED] = view->record->created ? view->record->created : "";
		cell[OWNER] = views->owners[i];
	}
	add_rows(rows, views->n + 1, out);
}

static int run(struct ar_call *call, struct ar_error *err)
{
	const struct options *asked = call->options;
	_cleanup_text_ struct ar_text out = AR_TEXT_INIT;
	struct views views;
	int r;

	if (!asked->quiet && strcmp(asked->format, "table") != 0 &&
	    strcmp(asked->format, "json") != 0)
		return ar_refuse(err, EINVAL, "invalid format option");
	r = collect(call, &views, err);
	if (r < 0)
		return r;
	if (asked->quiet)
		add_ids(&views, &out);
	else if (strcmp(asked->format, "json") == 0)
		add_json(&views, &out);
	else
		add_table(call->arena, &views, &out);
	return ar_print(ar_text_str(&out), out.len, err);
}

const struct ar_command ar_command_list = {
	.name = "list",
	.summary = "list the containers of a state root",
	.arguments = "",
	.text = "The state root is that of the global option --root.\n",
	.table = &table,
	.options_size = sizeof(struct options),
	.run = run,
};
