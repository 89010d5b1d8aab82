/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "spec/validate.h"

/* The largest errno: the kernel cuts what is above (MAX_ERRNO). */
#define ERRNO_MAX 4095

static int check_return(const struct ar_check *c, unsigned int line, const char *action,
			const struct ar_opt_u64 *value, const char *field)
{
	if (strcmp(action, "SCMP_ACT_ERRNO") != 0 || value->value <= ERRNO_MAX)
		return 0;
	return ar_check_refuse(c, line, "linux.seccomp.%s: no errno is above %d", field, ERRNO_MAX);
}

static int check_rule(const struct ar_check *c, const struct ar_syscall_rule *rule, size_t i,
		      bool *ret_notifies)
{
	char field[64];

	if (strcmp(rule->action, "SCMP_ACT_NOTIFY") == 0) {
		*ret_notifies = true;
		/* the listener's descriptor is handed over with it: that would wait for itself */
		if (ar_strings_have(&rule->names, "write"))
			return ar_check_refuse(
				c, rule->line,
				"linux.seccomp.syscalls[%zu]: SCMP_ACT_NOTIFY cannot be used for write",
				i);
	}
	snprintf(field, sizeof(field), "syscalls[%zu].errnoRet", i);
	return check_return(c, rule->line, rule->action, &rule->errno_ret, field);
}

int ar_check_seccomp(const struct ar_check *c, const struct ar_seccomp *seccomp)
{
	bool notifies = false;
	size_t i = 0;
	int r;

	if (!seccomp->default_action)
		return ar_check_refuse(c, 0, "linux.seccomp.defaultAction: required, but missing");
	if (strcmp(seccomp->default_action, "SCMP_ACT_NOTIFY") == 0)
		return ar_check_refuse(c, 0,
				       "linux.seccomp.defaultAction: cannot be "
				       "SCMP_ACT_NOTIFY");
	r = check_return(c, 0, seccomp->default_action, &seccomp->default_errno_ret,
			 "defaultErrnoRet");
	if (r < 0)
		return r;
	ar_list_foreach(const struct ar_syscall_rule, rule, &seccomp->syscalls) {
		r = check_rule(c, rule, i++, &notifies);
		if (r < 0)
			return r;
	}
	if (notifies && !seccomp->listener_path)
		return ar_check_refuse(
			c, 0, "linux.seccomp.listenerPath: needed by a rule with SCMP_ACT_NOTIFY");
	if (seccomp->listener_metadata && !seccomp->listener_path)
		return ar_check_refuse(
			c, 0, "linux.seccomp.listenerMetadata: given without listenerPath");
	return 0;
}
