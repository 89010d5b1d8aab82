/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/lsm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "kernel/procfs.h"

/* AppArmor's own files came with Linux 5.8; before, and for SELinux, the modules share the plain
 * ones. */
#define APPARMOR_EXEC "thread-self/attr/apparmor/exec"
#define SHARED_EXEC "thread-self/attr/exec"
#define SELINUX_KEYS "thread-self/attr/keycreate"
#define APPARMOR_NOW "thread-self/attr/apparmor/current"
#define SHARED_NOW "thread-self/attr/current"

bool ar_apparmor_enabled(void)
{
	char answer = 'N';
	_cleanup_fd_ int fd = open("/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC);

	return fd >= 0 && read(fd, &answer, 1) == 1 && answer == 'Y';
}

/* A read-only selinuxfs is that of a container: its labels are not ours to choose. */
bool ar_selinux_enabled(void)
{
	struct statfs fs;

	return statfs("/sys/fs/selinux", &fs) == 0 && (unsigned long)fs.f_type == SELINUX_MAGIC &&
	       !(fs.f_flags & ST_RDONLY);
}

/* Read an attr file and take the newline or NUL off that the modules put behind a label. */
static int read_label(int proc, const char *path, struct ar_text *ret)
{
	int r = ar_procfs_read(proc, path, ret);

	while (r == 0 && ret->len > 0 &&
	       (ret->s[ret->len - 1] == '\n' || ret->s[ret->len - 1] == '\0'))
		ret->s[--ret->len] = '\0';
	return r;
}

/* Whether a module answers for that file: without one the kernel says EINVAL. */
static bool answers(int proc, const char *path)
{
	_cleanup_text_ struct ar_text text = AR_TEXT_INIT;

	return ar_procfs_read(proc, path, &text) == 0;
}

/* "name (enforce)": the mode is no part of the name, which may have blanks itself. */
static void drop_mode(struct ar_text *label)
{
	char *mode = label->len > 0 && label->s[label->len - 1] == ')' ? strrchr(label->s, '(')
								       : NULL;

	if (mode && mode - label->s > 1 && mode[-1] == ' ') {
		mode[-1] = '\0';
		label->len = (size_t)(mode - 1 - label->s);
	}
}

/*
 * The kernel shows ":namespace:name" and stacks in its own spelling; the last name of them stays.
 */
static bool same_profile(const char *shown, const char *asked)
{
	const char *name = strrchr(asked, ':');
	size_t shown_len = strlen(shown), len;

	if (ar_streq(shown, asked))
		return true;
	if (asked[0] != ':' || !name)
		return false;
	name += strspn(name, ":/");
	len = strlen(name);
	return len > 0 && shown_len >= len && ar_streq(shown + shown_len - len, name);
}

int ar_apparmor_apply(int proc, const char *profile, struct ar_error *err)
{
	const char *path = APPARMOR_EXEC;
	_cleanup_text_ struct ar_text text = AR_TEXT_INIT, shown = AR_TEXT_INIT;
	int r;

	if (!profile || !profile[0])
		return 0;
	ar_text_addf(&text, "exec %s", profile);
	r = ar_procfs_write(proc, path, text.s);
	if (r == -ENOENT) {
		path = SHARED_EXEC;
		r = ar_procfs_write(proc, path, text.s);
	}
	/* where it has no files of its own, it may be behind the shared ones */
	if (r == -EINVAL && !answers(proc, APPARMOR_NOW) &&
	    (ar_streq(path, APPARMOR_EXEC) || !answers(proc, SHARED_NOW)))
		return ar_refuse(
			err, EINVAL,
			"process.apparmorProfile '%s': AppArmor is not enabled on this host",
			profile);
	if (r < 0)
		return ar_fail(err, -r, "apply AppArmor profile '%s': write /proc/%s", profile,
			       path);

	r = read_label(proc, path, &shown);
	if (r < 0)
		return ar_fail(err, -r, "apply AppArmor profile '%s': read /proc/%s", profile,
			       path);
	drop_mode(&shown);
	if (!same_profile(ar_text_str(&shown), profile))
		return ar_refuse(err, EPERM,
				 "AppArmor profile '%s' is not applied: /proc/%s shows '%s'",
				 profile, path, ar_text_str(&shown));
	return 0;
}

int ar_selinux_apply(int proc, const char *label, struct ar_error *err)
{
	_cleanup_text_ struct ar_text shown = AR_TEXT_INIT;
	int r;

	if (!label || !label[0])
		return 0;
	r = ar_procfs_write(proc, SHARED_EXEC, label);
	/* keys are SELinux's alone */
	if (r == -EINVAL && !answers(proc, SELINUX_KEYS))
		return ar_refuse(err, EINVAL,
				 "process.selinuxLabel '%s': SELinux is not enabled on this host",
				 label);
	if (r < 0)
		return ar_fail(err, -r, "apply SELinux label '%s': write /proc/" SHARED_EXEC,
			       label);
	r = read_label(proc, SHARED_EXEC, &shown);
	if (r < 0)
		return ar_fail(err, -r, "apply SELinux label '%s': read /proc/" SHARED_EXEC, label);
	if (!ar_streq(ar_text_str(&shown), label))
		return ar_refuse(err, EPERM,
				 "SELinux label '%s' is not applied: /proc/" SHARED_EXEC
				 " shows '%s'",
				 label, ar_text_str(&shown));
	return 0;
}

int ar_selinux_label_directory(int at, const char *label, const char *name, struct ar_error *err)
{
	_cleanup_fd_ int fd = -1;

	if (!label || !label[0])
		return 0;
	fd = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsetxattr(fd, "security.selinux", label, strlen(label) + 1, 0) < 0)
		return ar_fail(err, errno, "apply SELinux label '%s' to '%s'", label, name);
	return 0;
}

int ar_selinux_label_keys(int proc, const char *label, struct ar_error *err)
{
	int r = ar_procfs_write(proc, SELINUX_KEYS, label && label[0] ? label : "\n");

	if (r < 0)
		return ar_fail(err, -r, "label keys '%s': write /proc/" SELINUX_KEYS,
			       label ? label : "");
	return 0;
}
