/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/caps.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "base/str.h"
#include "kernel/procfs.h"

#define BITS 64

/*
 * libcap would be one more shared library at each start; these names and capset(2) are all of it
 * that is needed.
 */
#define NAME(cap) [cap] = { #cap, cap }
static const struct ar_name names[] = {
	NAME(CAP_CHOWN),
	NAME(CAP_DAC_OVERRIDE),
	NAME(CAP_DAC_READ_SEARCH),
	NAME(CAP_FOWNER),
	NAME(CAP_FSETID),
	NAME(CAP_KILL),
	NAME(CAP_SETGID),
	NAME(CAP_SETUID),
	NAME(CAP_SETPCAP),
	NAME(CAP_LINUX_IMMUTABLE),
	NAME(CAP_NET_BIND_SERVICE),
	NAME(CAP_NET_BROADCAST),
	NAME(CAP_NET_ADMIN),
	NAME(CAP_NET_RAW),
	NAME(CAP_IPC_LOCK),
	NAME(CAP_IPC_OWNER),
	NAME(CAP_SYS_MODULE),
	NAME(CAP_SYS_RAWIO),
	NAME(CAP_SYS_CHROOT),
	NAME(CAP_SYS_PTRACE),
	NAME(CAP_SYS_PACCT),
	NAME(CAP_SYS_ADMIN),
	NAME(CAP_SYS_BOOT),
	NAME(CAP_SYS_NICE),
	NAME(CAP_SYS_RESOURCE),
	NAME(CAP_SYS_TIME),
	NAME(CAP_SYS_TTY_CONFIG),
	NAME(CAP_MKNOD),
	NAME(CAP_LEASE),
	NAME(CAP_AUDIT_WRITE),
	NAME(CAP_AUDIT_CONTROL),
	NAME(CAP_SETFCAP),
	NAME(CAP_MAC_OVERRIDE),
	NAME(CAP_MAC_ADMIN),
	NAME(CAP_SYSLOG),
	NAME(CAP_WAKE_ALARM),
	NAME(CAP_BLOCK_SUSPEND),
	NAME(CAP_AUDIT_READ),
	NAME(CAP_PERFMON),
	NAME(CAP_BPF),
	NAME(CAP_CHECKPOINT_RESTORE),
};

const struct ar_name *ar_cap_names(size_t *ret_n)
{
	*ret_n = AR_COUNT(names);
	return names;
}

static uint64_t mask_of(const struct ar_strings *list)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < list->n; i++) {
		const struct ar_name *name = ar_name_find(names, AR_COUNT(names), list->items[i]);

		if (name)
			mask |= UINT64_C(1) << name->value;
	}
	return mask;
}

void ar_caps_parse(const struct ar_capabilities *caps, struct ar_cap_sets *ret)
{
	*ret = (struct ar_cap_sets){ 0 };
	if (!caps)
		return;
	ret->effective = mask_of(&caps->effective);
	ret->permitted = mask_of(&caps->permitted);
	ret->inheritable = mask_of(&caps->inheritable);
	ret->bounding = mask_of(&caps->bounding);
	ret->ambient = mask_of(&caps->ambient);
}

const char *ar_caps_unknown(struct ar_arena *arena, const struct ar_capabilities *caps)
{
	_cleanup_text_ struct ar_text text = AR_TEXT_INIT;
	const struct ar_strings *const lists[] = { &caps->bounding, &caps->effective,
						   &caps->permitted, &caps->inheritable,
						   &caps->ambient };

	for (size_t l = 0; l < AR_COUNT(lists); l++) {
		for (size_t i = 0; i < lists[l]->n; i++) {
			const char *name = lists[l]->items[i];

			if (ar_name_find(names, AR_COUNT(names), name) ||
			    (text.len &&
			     ar_words_have(ar_text_str(&text), " ", name, strlen(name))))
				continue;
			ar_text_addf(&text, "%s%s", text.len ? " " : "", name);
		}
	}
	return text.len ? ar_strdup(arena, ar_text_str(&text)) : NULL;
}

/* Log what of a set is left out; unnamed bits cannot have been asked. */
static void tell_left_out(const char *set, uint64_t mask)
{
	if (!mask || !ar_log_debugging())
		return;
	for (size_t i = 0; i < AR_COUNT(names); i++)
		if (mask & (UINT64_C(1) << i))
			ar_debug("%s is left out of the %s set: it is not held", names[i].name,
				 set);
}

/* What of mask is in the bounding set now. */
static uint64_t in_bounding(uint64_t mask)
{
	uint64_t in = 0;

	for (int i = 0; i < BITS; i++)
		if (mask & (UINT64_C(1) << i) && prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1)
			in |= UINT64_C(1) << i;
	return in;
}

/*
 * A drop costs a third of a microsecond and succeeds for what is not there; asking before would
 * make it two calls for what nearly always is there. The kernel answers EINVAL behind its last
 * capability, which may be one that this file does not know.
 */
int ar_caps_bound(const struct ar_cap_sets *sets, struct ar_error *err)
{
	for (int i = 0; i < BITS; i++) {
		int failed;

		if (sets->bounding & (UINT64_C(1) << i))
			continue;
		if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0) == 0)
			continue;
		failed = errno;
		if (failed == EINVAL)
			break;
		/* Without CAP_SETPCAP nothing can be dropped: fine only where nothing is left to
		 * drop. */
		if (failed == EPERM && !in_bounding(~sets->bounding))
			break;
		return ar_fail(err, failed, "drop %s from the capability bounding set",
			       i < (int)AR_COUNT(names) ? names[i].name : "an unknown capability");
	}
	return 0;
}

int ar_caps_keep(struct ar_error *err)
{
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return ar_fail(err, errno, "keep capabilities over the change of user");
	return 0;
}

static int raise_ambient(uint64_t mask, struct ar_error *err)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return ar_fail(err, errno, "clear the ambient capabilities");
	for (int i = 0; i < (int)AR_COUNT(names); i++) {
		if (!(mask & (UINT64_C(1) << i)))
			continue;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0)
			return ar_fail(err, errno, "raise ambient capability %s", names[i].name);
	}
	return 0;
}

static uint64_t join(uint32_t low, uint32_t high)
{
	return (uint64_t)high << 32 | low;
}

int ar_caps_held(struct ar_cap_sets *ret, struct ar_error *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0)
		return ar_fail(err, errno, "read the capabilities");
	*ret = (struct ar_cap_sets){
		.effective = join(data[0].effective, data[1].effective),
		.permitted = join(data[0].permitted, data[1].permitted),
		.inheritable = join(data[0].inheritable, data[1].inheritable),
	};
	return 0;
}

int ar_caps_set(const struct ar_cap_sets *sets, struct ar_error *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		data[i].effective = (uint32_t)(sets->effective >> (32 * i));
		data[i].permitted = (uint32_t)(sets->permitted >> (32 * i));
		data[i].inheritable = (uint32_t)(sets->inheritable >> (32 * i));
	}
	if (syscall(SYS_capset, &header, data) < 0)
		return ar_fail(err, errno, "set the capabilities");
	return 0;
}

int ar_caps_apply(const struct ar_cap_sets *asked, struct ar_error *err)
{
	struct ar_cap_sets held, now;
	int r = ar_caps_held(&held, err);

	if (r < 0)
		return r;
	now.permitted = asked->permitted & held.permitted;
	now.effective = asked->effective & now.permitted;
	/* The kernel takes into inheritable what is held or inheritable already, and in the
	 * bounding set. */
	now.inheritable = in_bounding(asked->inheritable & (held.permitted | held.inheritable));
	now.ambient = asked->ambient & now.permitted & now.inheritable;
	tell_left_out("permitted", asked->permitted & ~now.permitted);
	tell_left_out("effective", asked->effective & ~now.effective);
	tell_left_out("inheritable", asked->inheritable & ~now.inheritable);
	tell_left_out("ambient", asked->ambient & ~now.ambient);
	r = ar_caps_set(&now, err);
	/* Ambient is never more than permitted and inheritable: with these apart it is empty
	 * already. */
	return r == 0 && now.permitted & now.inheritable ? raise_ambient(now.ambient, err) : r;
}

/* One line of status, "<name>:\t<hex>": no bit of it may be outside asked. */
static int verify_set(const char *status, const char *line, uint64_t asked, struct ar_error *err)
{
	const char *at = strstr(status, line);
	uint64_t more;
	int first;

	if (!at)
		return ar_refuse(err, EPROTO, "/proc/self/status has no line '%s'", line + 1);
	more = strtoull(at + strlen(line), NULL, 16) & ~asked;
	if (!more)
		return 0;
	first = __builtin_ctzll(more);
	return ar_refuse(err, EPERM, "capability %s is still held (%.6s)",
			 first < (int)AR_COUNT(names) ? names[first].name : "without a name",
			 line + 1);
}

/* One file instead of a prctl(2) for each capability and set: three calls, no more time. */
int ar_caps_verify(int proc, const struct ar_cap_sets *sets, struct ar_error *err)
{
	const struct {
		const char *line;
		uint64_t asked;
	} lines[] = {
		{ "\nCapInh:", sets->inheritable }, { "\nCapPrm:", sets->permitted },
		{ "\nCapEff:", sets->effective },   { "\nCapBnd:", sets->bounding },
		{ "\nCapAmb:", sets->ambient },
	};
	_cleanup_text_ struct ar_text text = AR_TEXT_INIT;
	char buf[8192];
	const char *status = buf;
	int r = ar_procfs_peek(proc, "self/status", buf, sizeof(buf));

	/* of very many groups */
	if (r == -EFBIG) {
		r = ar_procfs_read(proc, "self/status", &text);
		status = ar_text_str(&text);
	}
	if (r < 0)
		return ar_fail(err, -r, "read /proc/self/status");
	for (size_t i = 0; i < AR_COUNT(lines); i++) {
		r = verify_set(status, lines[i].line, lines[i].asked, err);
		if (r < 0)
			return r;
	}
	return 0;
}
