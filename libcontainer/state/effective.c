/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state/effective.h"

#include "base/file.h"
#include "policy/effective.h"
#include "json/read.h"
#include "json/write.h"

int ar_effective_save(int dirfd, const struct ar_effective *effective, struct ar_error *err)
{
	struct ar_json_writer w = AR_JSON_WRITER_INIT(NULL);
	int r;

	ar_effective_encode(&w, effective);
	r = ar_file_replace(dirfd, AR_EFFECTIVE_FILE, ar_text_str(&w.out), w.out.len, 0600, err);
	ar_json_done(&w);
	return r;
}

int ar_effective_parse(struct ar_arena *arena, const char *text, size_t len,
		       const struct ar_effective **ret, struct ar_error *err)
{
	const struct ar_json *json = NULL;
	int r = ar_json_parse(arena, AR_EFFECTIVE_FILE, text, len, &ar_json_limits_own, &json, err);

	return r < 0 ? r : ar_effective_decode(arena, AR_EFFECTIVE_FILE, json, ret, err);
}

int ar_effective_load(struct ar_arena *arena, int dirfd, const struct ar_effective **ret,
		      struct ar_error *err)
{
	char *text;
	size_t len;
	int r = ar_file_read(arena, dirfd, AR_EFFECTIVE_FILE, ar_json_limits_own.max_bytes, &text,
			     &len, err);

	return r < 0 ? r : ar_effective_parse(arena, text, len, ret, err);
}
