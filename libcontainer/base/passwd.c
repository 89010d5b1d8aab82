/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/passwd.h"

#include <string.h>

#include "base/str.h"

enum { NAME, PASSWORD, UID, GID, COMMENT, HOME, SHELL, FIELDS };

bool ar_passwd_next(char **text, uint64_t uid, struct ar_passwd *ret)
{
	while (*text) {
		char *line = strsep(text, "\n"), *field[FIELDS];
		uint64_t id;
		int n = 0;

		while (line && n < FIELDS)
			field[n++] = strsep(&line, ":");
		if (n > HOME && ar_parse_u64(field[UID], &id) == 0 && id == uid) {
			*ret = (struct ar_passwd){ .name = field[NAME], .home = field[HOME] };
			return true;
		}
	}
	return false;
}
