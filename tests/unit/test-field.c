/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/error.h"
#include "spec/field.h"
#include "json/read.h"
#include "json/write.h"

#include "fields.h"
#include "test.h"

/* A made-up configuration with a field of every type. */
struct leg {
	const char *side; /* the member's name */
	struct ar_opt_u64 length;
};
struct tail {
	unsigned int line;
	const char *color;
};
struct animal {
	const char *name, *kind, *note;
	enum ar_tri tame;
	struct ar_opt_i64 age, height;
	struct ar_opt_u64 chip, count;
	struct ar_strings foods, moods;
	struct ar_u64s toes;
	struct ar_map tags;
	struct tail *tail;
	struct ar_list tails; /* struct tail */
	struct ar_list legs;  /* struct leg */
	const struct ar_json *other;
};

static const struct ar_name sides[] = { { .name = "left" }, { .name = "right" } };
static const struct ar_name kinds[] = { { .name = "cat" }, { .name = "dog" } };
static const struct ar_name moods[] = { { .name = "calm" }, { .name = "wild" } };

static const struct ar_field leg_fields[] = {
	AR_FIELD_NAME(leg, side, "side", AR_F_KEY, sides),
	AR_FIELD_U64(leg, length, "length", AR_F_REQUIRED, 0),
};
static const struct ar_class leg_class = AR_CLASS_STRICT(leg, "leg", leg_fields);

static const struct ar_field tail_fields[] = {
	AR_FIELD_STRING(tail, color, "color", AR_F_REQUIRED | AR_F_NONEMPTY),
};
static const struct ar_class tail_class = AR_CLASS_LINE(tail, "tail", tail_fields, line);

static const struct ar_field animal_fields[] = {
	AR_FIELD_STRING(animal, name, "name", AR_F_REQUIRED),
	AR_FIELD_NAME(animal, kind, "kind", 0, kinds),
	AR_FIELD_STRING(animal, note, "note", AR_F_BLANK),
	AR_FIELD_TRI(animal, tame, "tame", 0),
	AR_FIELD_I64(animal, age, "age", 0, 0, 0),
	AR_FIELD_I64(animal, height, "height", 0, -5, 300),
	AR_FIELD_U64(animal, chip, "chip", 0, 0),
	AR_FIELD_U64(animal, count, "count", 0, 255),
	AR_FIELD_STRINGS(animal, foods, "foods", AR_F_NONEMPTY),
	AR_FIELD_NAMES(animal, moods, "moods", 0, moods),
	AR_FIELD_U64S(animal, toes, "toes", 0, 9),
	AR_FIELD_MAP(animal, tags, "tags", 0),
	AR_FIELD_OBJECT(animal, tail, "tail", 0, tail),
	AR_FIELD_LIST(animal, tails, "tails", 0, tail),
	AR_FIELD_OBJECT_MAP(animal, legs, "legs", 0, leg),
	AR_FIELD_JSON(animal, other, "other", 0),
};
static const struct ar_class animal_class = AR_CLASS(animal, "animal", animal_fields);

/* Every member in the order of the table, on one line. */
static const char full[] =
	"{\"name\":\"\",\"kind\":\"cat\",\"note\":\"n\",\"tame\":false,"
	"\"age\":-9223372036854775808,\"height\":-5,\"chip\":18446744073709551615,\"count\":0,"
	"\"foods\":[\"fish\",\"\"],\"moods\":[\"wild\",\"calm\"],\"toes\":[0,9],"
	"\"tags\":{\"a\":\"1\",\"\":\"\"},\"tail\":{\"color\":\"red\"},"
	"\"tails\":[{\"color\":\"x\"},{\"color\":\"y\"}],"
	"\"legs\":{\"right\":{\"length\":3},\"left\":{\"length\":4}}}";

static struct ar_error err;

static int decode(struct ar_arena *arena, const char *path, const char *text, struct animal *ret)
{
	const struct ar_json *json;

	*ret = (struct animal){ 0 };
	CHECK_INT(ar_json_parse(arena, "a.json", text, strlen(text), NULL, &json, &err), 0);
	return ar_decode(arena, &animal_class, "a.json", path, json, ret, &err);
}

TEST("every type decodes")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	const struct leg *legs;
	const struct tail *tails;
	struct animal a;

	CHECK_INT(decode(arena, "", full, &a), 0);
	CHECK_STR(a.name, "");
	CHECK_STR(a.kind, "cat");
	CHECK_INT(a.tame, AR_NO);
	CHECK(a.age.set && a.age.value == INT64_MIN);
	CHECK(a.height.set && a.height.value == -5);
	CHECK(a.chip.set && a.chip.value == UINT64_MAX);
	CHECK(a.count.set && a.count.value == 0);
	CHECK_UINT(a.foods.n, 2);
	CHECK_STR(a.foods.items[0], "fish");
	CHECK(!a.foods.items[2]);
	CHECK(ar_strings_have(&a.moods, "calm") && !ar_strings_have(&a.moods, "red"));
	CHECK_UINT(a.toes.n, 2);
	CHECK_UINT(a.toes.items[1], 9);
	CHECK_STR(ar_map_get(&a.tags, "a"), "1");
	CHECK_STR(ar_map_get(&a.tags, ""), "");
	CHECK(!ar_map_get(&a.tags, "b"));
	CHECK_STR(a.tail->color, "red");
	CHECK_UINT(a.tail->line, 1);
	tails = a.tails.items;
	CHECK_UINT(a.tails.n, 2);
	CHECK_STR(tails[1].color, "y");
	legs = a.legs.items;
	CHECK_UINT(a.legs.n, 2);
	CHECK_STR(legs[0].side, "right");
	CHECK_UINT(legs[1].length.value, 4);
	CHECK(!a.other);
}

TEST("what is encoded decodes to the same")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_json_writer w = AR_JSON_WRITER_INIT(NULL);
	struct animal a;

	CHECK_INT(decode(arena, "", full, &a), 0);
	ar_encode(&w, &animal_class, &a);
	CHECK_STR(ar_text_str(&w.out), full);
	ar_json_done(&w);
}

TEST("left out, null and empty are told apart")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	static const char text[] =
		"{\"name\":\"x\",\"moods\":[],\"toes\":[],\"tags\":{},\"tails\":[],"
		"\"legs\":{}}";
	struct ar_json_writer w = AR_JSON_WRITER_INIT(NULL);
	struct animal a;

	CHECK_INT(decode(arena, "",
			 "{\"name\":\"x\",\"kind\":null,\"tame\":null,\"age\":null,"
			 "\"foods\":null,\"tail\":null,\"legs\":null,\"note\":\"\"}",
			 &a),
		  0);
	CHECK(!a.kind && a.tame == AR_UNSET && !a.age.set && !a.foods.items && !a.tail);
	CHECK(!a.legs.items && !a.moods.items && !a.tags.items && !a.toes.items && !a.note);

	CHECK_INT(decode(arena, "", text, &a), 0);
	CHECK(a.moods.items && a.toes.items && a.tags.items && a.tails.items && a.legs.items);
	ar_encode(&w, &animal_class, &a);
	CHECK_STR(ar_text_str(&w.out), text);
	ar_json_done(&w);
}

TEST("what is given may be empty")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	const struct ar_field *field = animal_class.fields, *end = field + animal_class.n;
	struct animal a = { 0 };

	for (; field < end; field++)
		CHECK(!ar_field_is_given(field, &a) && !ar_field_has_content(field, &a));
	CHECK_INT(decode(arena, "",
			 "{\"name\":\"\",\"moods\":[],\"toes\":[],\"tags\":{},\"tails\":[],"
			 "\"legs\":{}}",
			 &a),
		  0);
	for (field = animal_class.fields; field < end; field++)
		CHECK_INT(ar_field_has_content(field, &a), ar_streq(field->name, "name"));
	CHECK(ar_field_is_given(field_find(&animal_class, "moods"), &a));
	CHECK(ar_field_is_given(field_find(&animal_class, "legs"), &a));
	CHECK(!ar_field_is_given(field_find(&animal_class, "foods"), &a));
	CHECK_INT(decode(arena, "", full, &a), 0);
	for (field = animal_class.fields; field < end; field++)
		CHECK_INT(ar_field_has_content(field, &a), !ar_streq(field->name, "other"));
}

TEST("unknown members are ignored, unless the class is strict")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct animal a;

	CHECK_INT(decode(arena, "", "{\"name\":\"x\",\"names\":1,\"wings\":{\"n\":[2]}}", &a), 0);
	CHECK_INT(decode(arena, "",
			 "{\"name\":\"x\",\"legs\":{\"left\":{\"length\":1,\n\"toes\":5}}}", &a),
		  -EINVAL);
	CHECK_STR(err.text, "a.json:2: legs.left.toes: no such member in leg");
	/* the key's own field is no member */
	CHECK_INT(decode(arena, "",
			 "{\"name\":\"x\",\"legs\":{\"left\":{\"length\":1,\"side\":\"x\"}}}", &a),
		  -EINVAL);
	CHECK_STR(err.text, "a.json:1: legs.left.side: no such member in leg");
}

TEST("a known member in another case is refused, unless any case is taken")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "{\"name\":\"x\",\n\"Name\":\"y\"}", "a.json:2: Name: must be written \"name\"" },
		{ "{\"name\":\"x\",\"KIND\":null}", "a.json:1: KIND: must be written \"kind\"" },
		{ "{\"name\":\"x\",\"tail\":{\"color\":\"x\",\"coloR\":\"y\"}}",
		  "a.json:1: tail.coloR: must be written \"color\"" },
		/* U+212A and U+017F, which Go takes for a k and an s */
		{ "{\"name\":\"x\",\"\\u212aind\":\"cat\"}",
		  "a.json:1: \xe2\x84\xaaind: must be written \"kind\"" },
		{ "{\"name\":\"x\",\"food\\u017f\":[]}",
		  "a.json:1: food\xc5\xbf: must be written \"foods\"" },
	};
	const struct ar_json *json;
	struct animal a = { 0 };

	for (size_t i = 0; i < AR_COUNT(cases); i++) {
		CHECK_INT(decode(arena, "", cases[i].text, &a), -EINVAL);
		CHECK_STR(err.text, cases[i].message);
	}
	/* the names in a map are nobody's but the writer's */
	CHECK_INT(decode(arena, "", "{\"name\":\"x\",\"tags\":{\"a\":\"1\",\"A\":\"2\"}}", &a), 0);
	CHECK_INT(ar_json_parse(arena, "a.json", cases[0].text, strlen(cases[0].text), NULL, &json,
				&err),
		  0);
	CHECK_INT(ar_decode_any_case(arena, &animal_class, "a.json", "", json, &a, &err), 0);
	CHECK_STR(a.name, "y");
}

TEST("another's part of a document is kept as it is")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_json_writer w = AR_JSON_WRITER_INIT(NULL);
	struct animal a;

	CHECK_INT(decode(arena, "", "{\"name\":\"x\",\"other\":[1,{}]}", &a), 0);
	CHECK_INT(a.other->type, AR_JSON_ARRAY);
	ar_encode(&w, &animal_class, &a);
	CHECK_STR(ar_text_str(&w.out), "{\"name\":\"x\"}");
	ar_json_done(&w);
}

/* The members beside "name", and what is said of them. */
static const struct {
	const char *members, *message;
} wrong[] = {
	{ "\"kind\":1", "kind: expected a string, got a number" },
	{ "\"kind\":\"cow\"", "kind: expected one of cat, dog, got \"cow\"" },
	{ "\"kind\":\"\"", "kind: expected one of cat, dog, got \"\"" },
	{ "\"note\":false", "note: expected a string, got true or false" },
	{ "\"tame\":\"yes\"", "tame: expected true or false, got a string" },
	{ "\"tame\":0", "tame: expected true or false, got a number" },
	{ "\"age\":\"1\"", "age: expected a number, got a string" },
	{ "\"age\":1.0", "age: expected an integer, got 1.0" },
	{ "\"age\":1e3", "age: expected an integer, got 1e3" },
	{ "\"age\":-1E-3", "age: expected an integer, got -1E-3" },
	{ "\"age\":9223372036854775808", "age: expected an integer from -9223372036854775808 to "
					 "9223372036854775807, got 9223372036854775808" },
	{ "\"height\":301", "height: expected an integer from -5 to 300, got 301" },
	{ "\"height\":-6", "height: expected an integer from -5 to 300, got -6" },
	{ "\"chip\":-1", "chip: expected an integer from 0 to 18446744073709551615, got -1" },
	{ "\"chip\":18446744073709551616",
	  "chip: expected an integer from 0 to 18446744073709551615, got 18446744073709551616" },
	{ "\"count\":256", "count: expected an integer from 0 to 255, got 256" },
	{ "\"foods\":\"fish\"", "foods: expected an array, got a string" },
	{ "\"foods\":[]", "foods: must not be empty" },
	{ "\"foods\":[\"a\",null]", "foods[1]: expected a string, got null" },
	{ "\"foods\":[\"a\",[]]", "foods[1]: expected a string, got an array" },
	{ "\"moods\":[\"calm\",\"sad\"]", "moods[1]: expected one of calm, wild, got \"sad\"" },
	{ "\"toes\":{}", "toes: expected an array, got an object" },
	{ "\"toes\":[1,10]", "toes[1]: expected an integer from 0 to 9, got 10" },
	{ "\"toes\":[\"1\"]", "toes[0]: expected a number, got a string" },
	{ "\"tags\":[]", "tags: expected an object, got an array" },
	{ "\"tags\":{\"a\":\"b\",\"c\":1}", "tags.c: expected a string, got a number" },
	{ "\"tail\":[]", "tail: expected an object, got an array" },
	{ "\"tail\":{}", "tail.color: required, but missing" },
	{ "\"tail\":{\"color\":null}", "tail.color: required, but missing" },
	{ "\"tail\":{\"color\":\"\"}", "tail.color: must not be empty" },
	{ "\"tails\":{}", "tails: expected an array, got an object" },
	{ "\"tails\":[{\"color\":\"x\"},{}]", "tails[1].color: required, but missing" },
	{ "\"tails\":[null]", "tails[0]: expected an object, got null" },
	{ "\"legs\":[]", "legs: expected an object, got an array" },
	{ "\"legs\":{\"middle\":{\"length\":1}}",
	  "legs.middle: expected one of left, right, got \"middle\"" },
	{ "\"legs\":{\"left\":1}", "legs.left: expected an object, got a number" },
	{ "\"legs\":{\"left\":{\"length\":-1}}",
	  "legs.left.length: expected an integer from 0 to 18446744073709551615, got -1" },
};

TEST("what is wrong is named with file, line, field, what is expected and what is there")
{
	for (size_t i = 0; i < AR_COUNT(wrong); i++) {
		_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
		char text[200], message[300];
		struct animal a;

		snprintf(text, sizeof(text), "{\"name\":\"x\",\n\n%s}", wrong[i].members);
		snprintf(message, sizeof(message), "a.json:3: %s", wrong[i].message);
		CHECK_INT(decode(arena, "", text, &a), -EINVAL);
		CHECK_STR(err.text, message);
	}
}

TEST("a document that is no object is refused, and a missing member with the object's line")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct animal a;

	CHECK_INT(decode(arena, "", "[]", &a), -EINVAL);
	CHECK_STR(err.text, "a.json:1: expected an object, got an array");
	CHECK_INT(decode(arena, "", "\n{\n\n}", &a), -EINVAL);
	CHECK_STR(err.text, "a.json:2: name: required, but missing");
}

TEST("a part of a larger document says where it is")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct animal a;

	CHECK_INT(decode(arena, "zoo.animals[3]", "{\"name\":1}", &a), -EINVAL);
	CHECK_STR(err.text, "a.json:1: zoo.animals[3].name: expected a string, got a number");
	CHECK_INT(decode(arena, "zoo", "[]", &a), -EINVAL);
	CHECK_STR(err.text, "a.json:1: zoo: expected an object, got an array");
}

TEST("a long value is cut in a message, between characters")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct animal a;

	CHECK_INT(
		decode(arena, "",
		       "{\"name\":\"x\",\"kind\":\"12345678901234567890123456789012345678901234567890"
		       "123456789\xc3\xa9 and more\"}",
		       &a),
		-EINVAL);
	CHECK_STR(err.text,
		  "a.json:1: kind: expected one of cat, dog, got \"12345678901234567890123456"
		  "789012345678901234567890123456789...\"");
}

/* --- walking ------------------------------------------------------------------------------ */

static int list_path(const char *path, const struct ar_field *field, void *arg)
{
	(void)field; /* its name is the path's end */
	ar_text_addf(arg, "%s ", path);
	return 0;
}

TEST("a walk names every field once, a field before those within it")
{
	_cleanup_text_ struct ar_text t = AR_TEXT_INIT;

	CHECK_INT(fields_walk(&animal_class, list_path, &t), 0);
	CHECK_STR(ar_text_str(&t),
		  "name kind note tame age height chip count foods moods toes tags "
		  "tail tail.color tails tails[].color legs legs.*.length other ");
}

static int stop_at_tail(const char *path, const struct ar_field *field, void *arg)
{
	(void)field;
	++*(int *)arg;
	return strcmp(path, "tail") == 0 ? 42 : 0;
}

TEST("a walk stops at the first answer")
{
	int visits = 0;

	CHECK_INT(fields_walk(&animal_class, stop_at_tail, &visits), 42);
	CHECK_INT(visits, 13);
}

TEST("a field is found by its path")
{
	CHECK(field_find(&animal_class, "kind")->names == kinds);
	CHECK(field_find(&animal_class, "tails[].color") == &tail_fields[0]);
	CHECK(field_find(&animal_class, "legs.*.length") == &leg_fields[1]);
	CHECK(!field_find(&animal_class, "legs.*.side"));
	CHECK(!field_find(&animal_class, "nothing"));
}

int main(void)
{
	return test_main();
}
