/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output.h"

#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "life/life.h"
#include "json/write.h"

int ar_print(const char *s, size_t len, struct ar_error *err)
{
	int r = ar_write_all(STDOUT_FILENO, s, len);

	return r < 0 ? ar_fail(err, -r, "write to standard output") : 0;
}

static void encode_annotations(struct ar_json_writer *w, const struct ar_map *annotations)
{
	if (annotations->n == 0)
		return;
	ar_json_key(w, "annotations");
	ar_json_open(w, '{');
	for (size_t i = 0; i < annotations->n; i++)
		ar_json_kv(w, annotations->items[i].key, annotations->items[i].value);
	ar_json_close(w, '}');
}

/* runtime.md, "State", in runc's order. */
void ar_view_encode(struct ar_json_writer *w, const struct ar_view *view, const char *owner)
{
	const struct ar_record *record = view->record;
	bool gone = view->status == AR_STATUS_STOPPED;

	ar_json_kv(w, "ociVersion", record->oci_version);
	ar_json_kv(w, "id", record->id);
	ar_json_kv_i64(w, "pid", gone ? 0 : record->pid.value);
	ar_json_kv(w, "status", ar_status_name(view->status));
	ar_json_kv(w, "bundle", record->bundle);
	ar_json_kv(w, "rootfs", record->rootfs);
	ar_json_kv(w, "created", record->created);
	encode_annotations(w, &record->annotations);
	ar_json_kv(w, "owner", owner);
}
