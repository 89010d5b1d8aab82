/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "spec/spec.h"
#include "json/read.h"
#include "json/write.h"

#include "fields.h"
#include "test.h"

static struct ar_error err;

static const struct ar_json *parse_data(struct ar_arena *arena, const char *name)
{
	const struct ar_json *json;
	size_t len;
	char *text;

	CHECK_INT(ar_file_read(arena, AT_FDCWD, test_source(name), 1 << 20, &text, &len, &err), 0);
	CHECK_INT(ar_json_parse(arena, name, text, len, NULL, &json, &err), 0);
	return json;
}

/* A document as text again, without blanks. */
static void dump(struct ar_json_writer *w, const struct ar_json *json)
{
	bool array = json->type == AR_JSON_ARRAY;

	if (json->key)
		ar_json_key(w, json->key);
	switch (json->type) {
	case AR_JSON_NULL:
	case AR_JSON_STRING:
		ar_json_string(w, json->text);
		break;
	case AR_JSON_BOOL:
		ar_json_bool(w, json->truth);
		break;
	case AR_JSON_NUMBER:
		ar_json_raw(w, json->text);
		break;
	case AR_JSON_ARRAY:
	case AR_JSON_OBJECT:
		ar_json_open(w, array ? '[' : '{');
		ar_json_foreach(child, json)
			dump(w, child);
		ar_json_close(w, array ? ']' : '}');
	}
}

/* Decode a file of the source tree, encode it, and compare with the file itself. */
static void check_round_trip(const char *name)
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_json_writer was = AR_JSON_WRITER_INIT(NULL), is = AR_JSON_WRITER_INIT(NULL);
	const struct ar_json *json = parse_data(arena, name);
	struct ar_spec spec = { 0 };

	CHECK_INT(ar_decode(arena, &ar_spec_class, name, "", json, &spec, &err), 0);
	dump(&was, json);
	ar_encode(&is, &ar_spec_class, &spec);
	CHECK_STR(ar_text_str(&is.out), ar_text_str(&was.out));
	ar_json_done(&was);
	ar_json_done(&is);
}

TEST("a configuration with every property comes back as it was")
{
	check_round_trip("tests/unit/data/full.json");
}

TEST("an engine's configuration comes back as it was")
{
	check_round_trip("tests/unit/data/engine.json");
}

TEST("a configuration with every property is valid")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	const char *name = "tests/unit/data/full.json";
	struct ar_spec spec = { 0 };

	CHECK_INT(ar_decode(arena, &ar_spec_class, name, "", parse_data(arena, name), &spec, &err),
		  0);
	CHECK_INT(ar_spec_validate(&spec, "f", AR_READ_STRICT, &err), 0);
}

/* Whether path leads to something below json; "[]" and "*" stand for every child. */
static bool has_path(const struct ar_json *json, const char *path)
{
	size_t len = strcspn(path, ".[");
	const char *rest = path + len;

	if (!json)
		return false;
	if (!*path)
		return true;
	if (ar_starts_with(path, "[]") || ar_starts_with(path, "*")) {
		rest = path + (path[0] == '[' ? 2 : 1);
		rest += *rest == '.';
		ar_json_foreach(child, json)
			if (has_path(child, rest))
				return true;
		return false;
	}
	rest += *rest == '.';
	ar_json_foreach(child, json)
		if (strlen(child->key) == len && strncmp(child->key, path, len) == 0)
			return has_path(child, rest);
	return false;
}

static int check_used(const char *path, const struct ar_field *field, void *arg)
{
	if (field->type != AR_T_JSON && !has_path(arg, path))
		test_fail(__FILE__, __LINE__, "%s is in no test document", path);
	return 0;
}

TEST("the configuration with every property has every property")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	const struct ar_json *json = parse_data(arena, "tests/unit/data/full.json");

	CHECK_INT(fields_walk(&ar_spec_class, check_used, (void *)json), 0);
}

static int count_field(const char *path, const struct ar_field *field, void *arg)
{
	(void)path; /* only how many there are */
	(void)field;
	++*(int *)arg;
	return 0;
}

TEST("a walk sees all of the tables")
{
	int n = 0;

	CHECK_INT(fields_walk(&ar_spec_class, count_field, &n), 0);
	CHECK(n > 200);
	CHECK_INT(field_find(&ar_spec_class, "linux.resources.pids.limit")->type, AR_T_I64);
	CHECK_INT(field_find(&ar_spec_class, "mounts[].options")->type, AR_T_STRINGS);
	CHECK_UINT(field_find(&ar_spec_class, "linux.namespaces[].type")->n_names, 8);
}

int main(void)
{
	return test_main();
}
