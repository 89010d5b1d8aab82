/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>

#include "spec/validate.h"

/*
 * Some of these texts become part of a control file's name or stand on a line of one: what could
 * lead elsewhere or start a second line stops here.
 */

/* As the kernel names them: "64KB", "2MB", "1GB". */
static bool is_page_size(const char *s)
{
	size_t digits = strspn(s, "0123456789");

	return digits > 0 && s[0] != '0' && s[digits] && strchr("KMG", s[digits]) &&
	       strcmp(s + digits + 1, "B") == 0;
}

static bool is_one_word(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++)
		if (isspace((unsigned char)*s) || iscntrl((unsigned char)*s))
			return false;
	return true;
}

static bool is_file_name(const char *s)
{
	return is_one_word(s) && !strchr(s, '/') && strcmp(s, ".") != 0 && strcmp(s, "..") != 0;
}

int ar_check_resources(const struct ar_check *c, const struct ar_resources *r, const char *path)
{
	size_t i = 0;

	ar_list_foreach(const struct ar_device_rule, rule, &r->devices) {
		if (rule->access && rule->access[strspn(rule->access, "rwm")])
			return ar_check_refuse(
				c, 0,
				"%sdevices[%zu].access: expected letters of \"rwm\", "
				"got \"%.60s\"",
				path, i, rule->access);
		i++;
	}
	i = 0;
	ar_list_foreach(const struct ar_hugepage_limit, limit, &r->hugepage_limits) {
		if (!is_page_size(limit->page_size))
			return ar_check_refuse(
				c, 0,
				"%shugepageLimits[%zu].pageSize: expected a size like "
				"\"2MB\", got \"%.60s\"",
				path, i, limit->page_size);
		i++;
	}
	i = 0;
	if (r->network) {
		ar_list_foreach(const struct ar_if_priority, priority, &r->network->priorities) {
			if (!is_one_word(priority->name))
				return ar_check_refuse(
					c, 0,
					"%snetwork.priorities[%zu].name: expected the "
					"name of an interface, got \"%.60s\"",
					path, i, priority->name);
			i++;
		}
	}
	ar_list_foreach(const struct ar_rdma, rdma, &r->rdma)
		if (!is_one_word(rdma->device))
			return ar_check_refuse(
				c, 0, "%srdma: expected the name of a device, got \"%.60s\"", path,
				rdma->device);
	for (i = 0; i < r->unified.n; i++)
		if (!is_file_name(r->unified.items[i].key))
			return ar_check_refuse(
				c, 0, "%sunified: expected the name of a file, got \"%.60s\"", path,
				r->unified.items[i].key);
	return 0;
}
