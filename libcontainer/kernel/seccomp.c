/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/seccomp.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "kernel/seccomp-cache.h"
#include "kernel/seccomp-compile.h"
#include "kernel/seccomp-stack.h"

/* --- building --- */

/*
 * As runc: a compat profile that says nothing of flags, not even [], has SPEC_ALLOW where the
 * kernel knows it.
 */
static void default_flags(enum ar_profile profile, struct ar_seccomp *seccomp)
{
	static const char *spec_allow[] = { "SECCOMP_FILTER_FLAG_SPEC_ALLOW", NULL };

	if (profile == AR_PROFILE_COMPAT && !seccomp->flags.items &&
	    ar_seccomp_has_flag(SECCOMP_FILTER_FLAG_SPEC_ALLOW))
		seccomp->flags = (struct ar_strings){ spec_allow, 1 };
}

/* The bundle's own filter, from the cache if it is there. */
static int build_profile(struct ar_arena *arena, const struct ar_seccomp *profile,
			 struct ar_filters *ret, struct ar_error *err)
{
	const char *library;
	char key[65];
	int r;
	_cleanup_fd_ int cache = ar_seccomp_cache_open();

	if (cache >= 0) {
		ar_seccomp_cache_key(profile, key);
		if (ar_seccomp_cache_get(arena, cache, key, ret))
			return 0;
	}
	r = ar_seccomp_compile(arena, profile, ret, &library, err);
	if (r == 0 && ret->n && cache >= 0)
		ar_seccomp_cache_put(cache, key, library, ret);
	return r;
}

int ar_filters_build(struct ar_arena *arena, const struct ar_effective *effective,
		     struct ar_filters *ret, struct ar_error *err)
{
	const struct ar_linux *config = effective->spec->linux;
	struct ar_filters filters = { .n = 0 };
	int r = 0;

	if (config && config->seccomp) {
		struct ar_seccomp seccomp = *config->seccomp;

		default_flags(effective->profile, &seccomp);
		r = build_profile(arena, &seccomp, &filters, err);
	}
	if (r == 0)
		r = ar_filters_stack(arena, effective->profile, effective->builtin_seccomp,
				     &effective->seccomp_allowed, &filters, err);
	if (r < 0)
		return r;
	*ret = filters;
	return 0;
}

/* --- installing --- */

bool ar_seccomp_has_flag(unsigned int flag)
{
	/* taken only together */
	if (flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
		flag |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	/* the kernel looks at the flags before it reads the filter, which is not there */
	return syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, flag, NULL) < 0 && errno == EFAULT;
}

static int install(const struct ar_filter *filter, int *ret_listener, struct ar_error *err)
{
	struct sock_fprog program = { (unsigned short)filter->n,
				      (struct sock_filter *)filter->code };
	unsigned int flags = filter->flags;
	long r;

	if (filter->notifies)
		flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	else /* see ar_seccomp_has_flag() */
		flags &= ~SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	r = syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
	if (r < 0 && errno == EACCES)
		return ar_fail(
			err, errno,
			"install the seccomp filter: neither no_new_privs nor CAP_SYS_ADMIN");
	if (r < 0)
		return ar_fail(err, errno, "install the seccomp filter");
	if (filter->notifies)
		*ret_listener = (int)r;
	return 0;
}

int ar_filters_install(const struct ar_filters *filters, int *ret_listener, struct ar_error *err)
{
	_cleanup_fd_ int listener = -1;

	for (size_t i = 0; i < filters->n; i++) {
		int r = install(&filters->item[i], &listener, err);

		if (r < 0)
			return r;
	}
	*ret_listener = ar_steal_fd(&listener);
	return 0;
}
