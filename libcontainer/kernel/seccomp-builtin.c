/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/seccomp-builtin.h"

#include <errno.h>
#include <linux/audit.h>

#include "base/str.h"

struct ar_builtin {
	const char *list;
	uint32_t arch;
	const struct sock_filter *code;
	size_t n;
};
#include "policy/seccomp-lists.h"

int ar_seccomp_builtin(const char *list, uint32_t arch, struct ar_cbpf *ret)
{
	for (size_t i = 0; i < AR_COUNT(ar_builtins); i++) {
		if (!ar_streq(ar_builtins[i].list, list) || ar_builtins[i].arch != arch)
			continue;
		*ret = (struct ar_cbpf){ ar_builtins[i].code, ar_builtins[i].n };
		return 0;
	}
	return -ENOENT;
}

int ar_seccomp_number(const char *name, uint32_t arch, uint32_t *ret)
{
	for (size_t i = 0; i < AR_COUNT(ar_calls); i++) {
		if (!ar_streq(ar_calls[i].name, name))
			continue;
		for (size_t a = 0; a < AR_COUNT(ar_call_arch); a++) {
			if (ar_call_arch[a] != arch || ar_calls[i].number[a] < 0)
				continue;
			*ret = (uint32_t)ar_calls[i].number[a];
			return 0;
		}
	}
	return -ENOENT;
}
