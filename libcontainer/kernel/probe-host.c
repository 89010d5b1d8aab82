/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/probe-host.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/passwd.h"
#include "base/path.h"
#include "base/str.h"
#include "kernel/cgroup.h"
#include "kernel/landlock.h"
#include "kernel/lsm.h"
#include "kernel/probe-internal.h"
#include "policy/trust.h"

#define FILE_MAX (1u << 20)

/* NULL: it cannot be read. */
static char *read_text(struct ar_arena *arena, const char *path)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len;
	char *text;

	if (fd < 0 || ar_file_read_fd(arena, fd, path, FILE_MAX, &text, &len, NULL) < 0)
		return NULL;
	return text;
}

/* A file of one line. */
static char *read_line(struct ar_arena *arena, const char *path)
{
	char *text = read_text(arena, path);

	if (text)
		text[strcspn(text, "\n")] = '\0';
	return text;
}

static int64_t read_number(const char *path)
{
	char text[32];
	int64_t value;

	if (ar_file_peek(AT_FDCWD, path, text, sizeof(text)) < 0 || ar_parse_i64(text, &value) < 0)
		return -1;
	return value;
}

bool ar_host_lists(const char *list, const char *name)
{
	return ar_words_have(list, " ,\n", name, strlen(name));
}

/* --- cgroups --- */

/* "12:cpu,cpuacct:/path" a line; the v2 tree has no names, and "name=systemd" no controller. */
static void look_at_own_cgroups(struct ar_arena *arena, struct ar_host *h)
{
	char *text = read_text(arena, "/proc/self/cgroup"), *save = NULL;
	_cleanup_text_ struct ar_text v1 = AR_TEXT_INIT;

	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *names = strchr(line, ':'), *path = names ? strchr(names + 1, ':') : NULL;

		if (!path)
			continue;
		*names++ = '\0';
		*path++ = '\0';
		if (*names == '\0' && strcmp(line, "0") == 0)
			h->own_cgroup = path;
		else if (*names && !ar_starts_with(names, "name="))
			ar_text_addf(&v1, "%s%s", v1.len ? " " : "", names);
	}
	h->v1_controllers = ar_strdup(arena, ar_text_str(&v1));
}

static void look_at_cgroups(struct ar_arena *arena, struct ar_host *h)
{
	const char *own;
	struct stat st;

	h->systemd = stat("/run/systemd/system", &st) == 0 && S_ISDIR(st.st_mode);
	look_at_own_cgroups(arena, h);
	if (ar_cgroup_find_root(arena, &h->cgroup_root, NULL) < 0)
		return;
	h->controllers =
		read_line(arena, ar_printf(arena, "%s/cgroup.controllers", h->cgroup_root));
	if (!h->own_cgroup)
		return;
	own = ar_printf(arena, "%s%s", h->cgroup_root, h->own_cgroup);
	h->own_controllers = read_line(arena, ar_printf(arena, "%s/cgroup.controllers", own));
	h->own_writable = faccessat(AT_FDCWD, own, W_OK, AT_EACCESS) == 0;
}

/* --- security modules --- */

static void look_at_modules(struct ar_arena *arena, struct ar_host *h)
{
	int ignored;

	h->modules = read_line(arena, "/sys/kernel/security/lsm");
	h->apparmor = ar_apparmor_enabled();
	if (h->apparmor)
		h->apparmor_default = ar_probe_apparmor_default(arena, &ignored);
	h->selinux = ar_selinux_enabled();
	h->selinux_enforcing = h->selinux && read_number("/sys/fs/selinux/enforce") == 1;
	h->landlock_abi = ar_landlock_abi();
	h->core_pattern = read_line(arena, "/proc/sys/kernel/core_pattern");
}

/* --- users --- */

/* The n-th field of a line of colons, cut out; NULL: it has less. */
static char *field(char *line, unsigned int n)
{
	for (; line && n > 0; n--) {
		line = strchr(line, ':');
		line += line != NULL;
	}
	return line;
}

static const char *user_name(struct ar_arena *arena, uid_t uid)
{
	char *text = read_text(arena, "/etc/passwd");
	struct ar_passwd user;

	return ar_passwd_next(&text, uid, &user) ? user.name : NULL;
}

/* subuid(5): "user:first:count", the user by name or number. */
static uint64_t count_ids(struct ar_arena *arena, const char *path, const struct ar_host *h)
{
	char *text = read_text(arena, path), *save = NULL, number[16];
	uint64_t sum = 0, count;

	(void)snprintf(number, sizeof(number), "%u", h->euid); /* fits */
	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *n = field(line, 2);

		if (!n || ar_parse_u64(n, &count) < 0)
			continue;
		line[strcspn(line, ":")] = '\0';
		if ((h->user && strcmp(line, h->user) == 0) || strcmp(line, number) == 0)
			sum += count;
	}
	return sum;
}

const char *ar_host_program(struct ar_arena *arena, const char *name)
{
	static const char usual[] = AR_PATH_USUAL;
	const char *path = getenv("PATH");
	char *list, *save = NULL;

	if (strchr(name, '/'))
		return access(name, X_OK) == 0 ? name : NULL;
	list = ar_printf(arena, "%s:%s", path ? path : "", usual);
	for (char *folder = strtok_r(list, ":", &save); folder;
	     folder = strtok_r(NULL, ":", &save)) {
		const char *file = ar_printf(arena, "%s/%s", folder, name);

		if (access(file, X_OK) == 0)
			return file;
	}
	return NULL;
}

static void look_at_users(struct ar_arena *arena, struct ar_host *h)
{
	struct ar_trust trust;

	ar_trust_get(&trust);
	h->userns = trust.userns;
	h->euid = geteuid();
	h->user = user_name(arena, h->euid);
	h->max_user_namespaces = read_number("/proc/sys/user/max_user_namespaces");
	h->unprivileged_userns = (int)read_number("/proc/sys/kernel/unprivileged_userns_clone");
	h->apparmor_userns =
		(int)read_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
	h->subuids = count_ids(arena, "/etc/subuid", h);
	h->subgids = count_ids(arena, "/etc/subgid", h);
	h->newuidmap = ar_host_program(arena, "newuidmap") != NULL;
	h->newgidmap = ar_host_program(arena, "newgidmap") != NULL;
}

static int ask_kvm(void)
{
	_cleanup_fd_ int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int version;

	if (fd < 0)
		return -errno;
	version = ioctl(fd, KVM_GET_API_VERSION, 0);
	return version < 0 ? -errno : version;
}

/* Intel's and AMD's extensions (/proc/cpuinfo); other architectures show none there. */
static bool has_virtualization(struct ar_arena *arena, const char *machine)
{
	char *text;
	size_t len;

	if (!ar_streq(machine, "x86_64"))
		return true;
	if (ar_file_read(arena, AT_FDCWD, "/proc/cpuinfo", 16 << 20, &text, &len, NULL) < 0)
		return false;
	return ar_host_lists(text, "vmx") || ar_host_lists(text, "svm");
}

void ar_host_look(struct ar_arena *arena, struct ar_host *ret)
{
	struct utsname name;

	*ret = (struct ar_host){ .release = "", .machine = "" };
	if (uname(&name) == 0) {
		ret->release = ar_strdup(arena, name.release);
		ret->machine = ar_strdup(arena, name.machine);
	}
	look_at_cgroups(arena, ret);
	look_at_modules(arena, ret);
	look_at_users(arena, ret);
	ret->kvm = ask_kvm();
	ret->virtualization = has_virtualization(arena, ret->machine);
}
