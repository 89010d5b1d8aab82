/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/field.h"

#include <string.h>

const char *ar_map_get(const struct ar_map *map, const char *key)
{
	for (size_t i = 0; i < map->n; i++)
		if (strcmp(map->items[i].key, key) == 0)
			return map->items[i].value;
	return NULL;
}

bool ar_field_is_given(const struct ar_field *field, const void *in)
{
	const void *p = (const char *)in + field->offset;

	switch (field->type) {
	case AR_T_STRING:
		return *(const char *const *)p != NULL;
	case AR_T_TRI:
		return *(const enum ar_tri *)p != AR_UNSET;
	case AR_T_I64:
		return ((const struct ar_opt_i64 *)p)->set;
	case AR_T_U64:
		return ((const struct ar_opt_u64 *)p)->set;
	case AR_T_STRINGS:
		return ((const struct ar_strings *)p)->items != NULL;
	case AR_T_MAP:
		return ((const struct ar_map *)p)->items != NULL;
	case AR_T_OBJECT:
		return *(void *const *)p != NULL;
	case AR_T_LIST:
	case AR_T_OBJECT_MAP:
		return ((const struct ar_list *)p)->items != NULL;
	case AR_T_U64S:
		return ((const struct ar_u64s *)p)->items != NULL;
	case AR_T_JSON:
		return *(const struct ar_json *const *)p != NULL;
	}
	return false;
}

bool ar_field_has_content(const struct ar_field *field, const void *in)
{
	const void *p = (const char *)in + field->offset;

	switch (field->type) {
	case AR_T_STRINGS:
		return ((const struct ar_strings *)p)->n > 0;
	case AR_T_MAP:
		return ((const struct ar_map *)p)->n > 0;
	case AR_T_LIST:
	case AR_T_OBJECT_MAP:
		return ((const struct ar_list *)p)->n > 0;
	case AR_T_U64S:
		return ((const struct ar_u64s *)p)->n > 0;
	default:
		return ar_field_is_given(field, in);
	}
}
