/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "spec/mount-options.h"
#include "spec/spec.h"
#include "json/read.h"
#include "json/write.h"

#include "fuzz.h"

/*
 * Any bytes as config.json, process.json and resources.json: refused with a message of one line, or
 * decoded; and what was decoded survives being encoded and decoded again.
 *
 *	clang -g -O1 -fsanitize=fuzzer,address,undefined -std=c11 -D_GNU_SOURCE -Ilibcontainer \
 *		tests/fuzz/fuzz-config.c libcontainer/base/X.c libcontainer/json/X.c \
 *		libcontainer/spec/X.c -lyajl -o fuzz-config         (X: all of them)
 *	./fuzz-config -max_len=65536 NEW-INPUTS tests/fuzz/corpus/config
 */
const char fuzz_corpus[] = "config";

#define MUST(condition)                                                                         \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                \
		}                                                                               \
	} while (0)

static void check_error(int r, const struct ar_error *err)
{
	MUST(r < 0 && err->code == -r);
	MUST(err->text[0] && !strchr(err->text, '\n'));
	MUST(memchr(err->text, '\0', sizeof(err->text)));
}

static void parse_mount_options(struct ar_arena *arena, const struct ar_spec *spec)
{
	ar_list_foreach(const struct ar_mount, mount, &spec->mounts) {
		struct ar_mount_options options;

		ar_mount_options_parse(arena, &mount->options, &options);
		MUST(options.data.n <= mount->options.n);
	}
}

/* Encodes what in holds; decoding and encoding that gives the same text. */
static void check_round_trip(struct ar_arena *arena, const struct ar_class *class, const void *in)
{
	struct ar_json_writer first = AR_JSON_WRITER_INIT("  "), again = AR_JSON_WRITER_INIT("  ");
	struct ar_json_limits limits = ar_json_limits_default;
	void *out = ar_alloc(arena, class->size);
	const struct ar_json *json;
	struct ar_error err;

	limits.max_bytes *= 8; /* escapes and indentation */
	ar_encode(&first, class, in);
	MUST(ar_json_parse(arena, "again", first.out.s, first.out.len, &limits, &json, &err) == 0);
	MUST(ar_decode(arena, class, "again", "", json, out, &err) == 0);
	ar_encode(&again, class, out);
	MUST(strcmp(first.out.s, again.out.s) == 0);
	ar_json_done(&first);
	ar_json_done(&again);
}

static void try_class(struct ar_arena *arena, const struct ar_class *class,
		      const struct ar_json *json)
{
	void *out = ar_alloc(arena, class->size);
	struct ar_error err = { 0 };
	int r;

	r = ar_decode(arena, class, "input", "", json, out, &err);
	if (r < 0) {
		check_error(r, &err);
		return;
	}
	check_round_trip(arena, class, out);
	if (class == &ar_spec_class) {
		parse_mount_options(arena, out);
		r = ar_spec_validate(out, "input", AR_READ_STRICT, &err);
	} else if (class == &ar_process_class) {
		r = ar_process_validate(out, "input", &err);
	} else {
		r = ar_resources_validate(out, "input", &err);
	}
	if (r < 0)
		check_error(r, &err);
}

/* No name twice at any depth, and no child that is not counted. */
static void check_members(const struct ar_json *json)
{
	size_t n = 0;

	ar_json_foreach(child, json) {
		if (json->type == AR_JSON_OBJECT)
			MUST(ar_json_get(json, child->key) == child);
		check_members(child);
		n++;
	}
	MUST(n == json->count);
}

/* As runc reads it: what is right by the rules is right there too. */
static void read_as_runc(struct ar_arena *arena, const char *text, size_t len)
{
	struct ar_json_limits limits = ar_json_limits_default;
	struct ar_spec *strict, *lenient;
	const struct ar_json *json;
	struct ar_error err = { 0 };
	int r;

	limits.lenient = true;
	if (ar_json_parse(arena, "input", text, len, &limits, &json, &err) == 0)
		check_members(json);
	r = ar_spec_parse(arena, "input", text, len, AR_READ_LENIENT, &lenient, &err);
	if (r < 0) {
		check_error(r, &err);
		MUST(ar_spec_parse(arena, "input", text, len, AR_READ_STRICT, &strict, &err) < 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_json_limits limits = ar_json_limits_default;
	const struct ar_json *json;
	struct ar_error err = { 0 };
	int r;

	read_as_runc(arena, (const char *)data, size);
	limits.comments = size % 2; /* both ways */
	r = ar_json_parse(arena, "input", (const char *)data, size, &limits, &json, &err);
	if (r < 0) {
		check_error(r, &err);
		return 0;
	}
	try_class(arena, &ar_spec_class, json);
	try_class(arena, &ar_process_class, json);
	try_class(arena, &ar_resources_class, json);
	return 0;
}
