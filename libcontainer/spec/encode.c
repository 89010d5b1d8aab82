/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/field.h"
#include "json/write.h"

static void encode_strings(struct ar_json_writer *w, const struct ar_strings *list)
{
	ar_json_open(w, '[');
	for (size_t i = 0; i < list->n; i++)
		ar_json_string(w, list->items[i]);
	ar_json_close(w, ']');
}

static void encode_u64s(struct ar_json_writer *w, const struct ar_u64s *list)
{
	ar_json_open(w, '[');
	for (size_t i = 0; i < list->n; i++)
		ar_json_u64(w, list->items[i]);
	ar_json_close(w, ']');
}

static void encode_map(struct ar_json_writer *w, const struct ar_map *map)
{
	ar_json_open(w, '{');
	for (size_t i = 0; i < map->n; i++)
		ar_json_kv(w, map->items[i].key, map->items[i].value);
	ar_json_close(w, '}');
}

static void encode_list(struct ar_json_writer *w, const struct ar_class *of,
			const struct ar_list *list)
{
	ar_json_open(w, '[');
	for (size_t i = 0; i < list->n; i++)
		ar_encode(w, of, (const char *)list->items + i * of->size);
	ar_json_close(w, ']');
}

static void encode_object_map(struct ar_json_writer *w, const struct ar_class *of,
			      const struct ar_list *list)
{
	ar_json_open(w, '{');
	for (size_t i = 0; i < list->n; i++) {
		const char *item = (const char *)list->items + i * of->size;
		const void *key = item + of->fields[0].offset;

		ar_json_key(w, *(const char *const *)key);
		ar_encode(w, of, item);
	}
	ar_json_close(w, '}');
}

static void encode_value(struct ar_json_writer *w, const struct ar_field *f, const void *p)
{
	switch (f->type) {
	case AR_T_STRING:
		ar_json_string(w, *(const char *const *)p);
		break;
	case AR_T_TRI:
		ar_json_bool(w, *(const enum ar_tri *)p == AR_YES);
		break;
	case AR_T_I64:
		ar_json_i64(w, ((const struct ar_opt_i64 *)p)->value);
		break;
	case AR_T_U64:
		ar_json_u64(w, ((const struct ar_opt_u64 *)p)->value);
		break;
	case AR_T_STRINGS:
		encode_strings(w, p);
		break;
	case AR_T_MAP:
		encode_map(w, p);
		break;
	case AR_T_OBJECT:
		ar_encode(w, f->of, *(void *const *)p);
		break;
	case AR_T_LIST:
		encode_list(w, f->of, p);
		break;
	case AR_T_OBJECT_MAP:
		encode_object_map(w, f->of, p);
		break;
	case AR_T_U64S:
		encode_u64s(w, p);
		break;
	case AR_T_JSON:
		break; /* left out by the caller */
	}
}

void ar_encode_members(struct ar_json_writer *w, const struct ar_class *class, const void *in)
{
	for (const struct ar_field *f = class->fields; f < class->fields + class->n; f++) {
		const void *p = (const char *)in + f->offset;

		if ((f->flags & AR_F_KEY) || f->type == AR_T_JSON || !ar_field_is_given(f, in))
			continue;
		ar_json_key(w, f->name);
		encode_value(w, f, p);
	}
}

void ar_encode(struct ar_json_writer *w, const struct ar_class *class, const void *in)
{
	ar_json_open(w, '{');
	ar_encode_members(w, class, in);
	ar_json_close(w, '}');
}
