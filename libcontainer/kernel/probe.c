/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "base/str.h"
#include "kernel/cgroup.h"
#include "kernel/landlock.h"
#include "kernel/lsm.h"
#include "kernel/ns.h"
#include "kernel/probe-internal.h"
#include "policy/hostpaths.h"

#define SMALL_FILE (64u << 10)
#define LARGE_FILE (4u << 20)

void ar_probe_failed(struct ar_probing *p, int error)
{
	error = error < 0 ? -error : error;
	if (ar_is_shortage(error))
		p->shortage = error;
}

/* A file of /proc, /sys or /etc; NULL: it cannot be read, which counts as "has nothing to say". */
static char *read_text(struct ar_probing *p, const char *path, size_t max)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len;
	char *text;
	int r = fd < 0 ? -errno : ar_file_read_fd(p->arena, fd, path, max, &text, &len, NULL);

	ar_probe_failed(p, r);
	return r < 0 ? NULL : text;
}

/* --- the host --- */

bool ar_memfd_noexec_works(const char *release)
{
	unsigned int major = 0, minor = 0;

	(void)sscanf(release, "%u.%u", &major, &minor); /* else 0.0: the oldest */
	/* before 6.6 level 2 let an explicit MFD_EXEC pass */
	return (major > 6 || (major == 6 && minor >= 6)) &&
	       access("/proc/sys/vm/memfd_noexec", F_OK) == 0;
}

uint64_t ar_probe_memory(void)
{
	struct sysinfo info;

	return sysinfo(&info) == 0 ? (uint64_t)info.totalram * info.mem_unit : 0;
}

static void probe_kernel(struct ar_probing *p)
{
	struct ar_facts *f = p->facts;
	struct utsname name;

	if (uname(&name) == 0) {
		/* else 0.0: the oldest */
		(void)sscanf(name.release, "%u.%u", &f->kernel_major, &f->kernel_minor);
		f->memfd_noexec = ar_memfd_noexec_works(name.release);
	}
	f->memory_total = ar_probe_memory();
	f->landlock_abi = ar_landlock_abi();
	f->now = time(NULL);
}

static bool is_hosts_device(const struct ar_device *d)
{
	bool block = ar_streq(d->type, "b");
	struct stat st;

	/* a fifo has no numbers: it is none of the host's */
	return !ar_streq(d->type, "p") && d->path && lstat(d->path, &st) == 0 &&
	       (st.st_mode & S_IFMT) == (block ? S_IFBLK : S_IFCHR) &&
	       major(st.st_rdev) == d->major.value && minor(st.st_rdev) == d->minor.value;
}

static void probe_devices(struct ar_probing *p)
{
	static const struct ar_list none;
	const struct ar_list *devices = p->spec->linux ? &p->spec->linux->devices : &none;
	bool *own = ar_alloc_array(p->arena, devices->n + 1, sizeof(*own));
	size_t i = 0;

	/* who may be opened is asked of opt-outs alone: an engine lists all of /dev */
	ar_list_foreach(const struct ar_device, d, devices)
		own[i++] = p->config->opt_outs.n > 0 && is_hosts_device(d);
	p->facts->own_device = own;
}

static void probe_cgroup(struct ar_probing *p)
{
	const char *root;
	char path[PATH_MAX], *text;
	int r = ar_cgroup_find_root(p->arena, &root, NULL);

	ar_probe_failed(p, r);
	if (r < 0)
		return; /* no v2 tree: whatever needs one says so itself */
	/* a cut name is not found */
	(void)snprintf(path, sizeof(path), "%s/cgroup.controllers", root);
	text = read_text(p, path, SMALL_FILE);
	if (text)
		text[strcspn(text, "\n")] = '\0';
	p->facts->cgroup_controllers = text;
}

static void probe_lsm(struct ar_probing *p)
{
	struct ar_facts *f = p->facts;
	const struct ar_process *process = p->spec->process;
	const char *asked = process ? process->apparmor_profile : NULL;
	int r = 0;

	f->apparmor = ar_apparmor_enabled();
	f->selinux = ar_selinux_enabled();
	if (f->apparmor && asked && *asked && !ar_streq(asked, "unconfined"))
		f->apparmor_asked = ar_probe_apparmor_mode(p->arena, asked);
	/* the list is long: not read once more when what is asked is what will be had */
	if (f->apparmor && !ar_streq(f->apparmor_asked, "enforce"))
		f->apparmor_default = ar_probe_apparmor_default(p->arena, &r);
	ar_probe_failed(p, r);
}

/* "name:x:gid:members" of /etc/group. One that is too large stays so; what else keeps us from
 * reading it may be over soon, and is an error. */
static int probe_groups(struct ar_probing *p, struct ar_error *err)
{
	static const char path[] = "/etc/group";
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct ar_facts *f = p->facts;
	char *text = NULL, *save = NULL;
	size_t len;
	int r = fd < 0 ? -errno
		       : ar_file_read_fd(p->arena, fd, path, LARGE_FILE, &text, &len, NULL);

	f->groups_unknown = r == -EFBIG;
	if (r < 0 && r != -EFBIG && r != -ENOENT)
		return ar_fail(err, -r, "read the host's groups in '%s'", path);
	f->groups = ar_alloc_array(p->arena, ar_privileged_groups.n, sizeof(*f->groups));
	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *name_end = strchr(line, ':'),
		     *gid = name_end ? strchr(name_end + 1, ':') : NULL;
		uint64_t value;

		if (!gid || f->n_groups == ar_privileged_groups.n)
			continue;
		*name_end = '\0';
		gid++;
		gid[strcspn(gid, ":")] = '\0';
		if (ar_strings_have(&ar_privileged_groups, line) &&
		    ar_parse_u64(gid, &value) == 0 && value <= UINT32_MAX)
			f->groups[f->n_groups++] = (struct ar_group_fact){ line, (gid_t)value };
	}
	return 0;
}

/* --- namespaces --- */

static const char *namespace_text(struct ar_arena *arena, enum ar_ns ns, ino_t ino)
{
	return ar_printf(arena, "%s:[%ju]", ar_ns_file(ns), (uintmax_t)ino);
}

static void probe_own_namespaces(struct ar_probing *p)
{
	const char **list = ar_alloc_array(p->arena, AR_NS_COUNT + 1, sizeof(*list));
	size_t n = 0;

	for (int i = 0; i < AR_NS_COUNT; i++) {
		const char *path =
			ar_printf(p->arena, "/proc/self/ns/%s", ar_ns_file((enum ar_ns)i));
		struct stat st;

		if (stat(path, &st) == 0)
			list[n++] = namespace_text(p->arena, (enum ar_ns)i, st.st_ino);
	}
	p->facts->host_namespaces = list;
}

/* The name of the namespace that a path leads to, /proc/PID/ns/net and mounted ones alike. NULL: it
 * is none. */
static const char *joined_namespace(struct ar_probing *p, const char *path)
{
	_cleanup_fd_ int fd = ar_ns_open(path);

	return fd < 0 ? NULL : ar_ns_text(p->arena, fd);
}

static void probe_namespaces(struct ar_probing *p)
{
	struct ar_facts *f = p->facts;
	const struct ar_list *asked = p->spec->linux ? &p->spec->linux->namespaces : NULL;

	probe_own_namespaces(p);
	if (!asked)
		return;
	f->namespaces = ar_alloc_array(p->arena, asked->n + 1, sizeof(*f->namespaces));
	f->n_namespaces = asked->n;
	for (size_t i = 0; i < asked->n; i++) {
		const struct ar_namespace *ns = &((const struct ar_namespace *)asked->items)[i];

		if (ar_namespace_is_joined(ns))
			f->namespaces[i] = joined_namespace(p, ns->path);
	}
}

/* --- hooks --- */

/* Follows /proc/PID/exe, as Docker names its own program, to the file. */
static void look_at_hook(struct ar_probing *p, const char *path, struct ar_hook_fact *fact)
{
	_cleanup_fd_ int fd = path ? open(path, O_PATH | O_CLOEXEC) : -1;
	char resolved[PATH_MAX];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || ar_fd_realpath(fd, resolved, sizeof(resolved)) < 0)
		return;
	fact->resolved = ar_strdup(p->arena, resolved);
	fact->mode = st.st_mode;
	fact->uid = st.st_uid;
	fact->caller_may_write = ar_untrusted(&p->trust, fd, resolved) != NULL;
}

static bool maps_root(const struct ar_list *mappings)
{
	ar_list_foreach(const struct ar_id_mapping, map, mappings)
		if (map->host_id.value == 0 && map->size.value > 0)
			return true;
	return false;
}

/* What its path led to when all namespaces were looked at, which is what will be joined. */
static const char *noted_namespace(const struct ar_probing *p, const struct ar_namespace *ns)
{
	const struct ar_list *asked = &p->spec->linux->namespaces;

	for (size_t i = 0; i < asked->n; i++)
		if (&((const struct ar_namespace *)asked->items)[i] == ns)
			return p->facts->namespaces[i];
	return NULL;
}

/* Where root is no root of the host, no mapping is one of it. What cannot be inspected is not known
 * to be harmless. */
static void probe_userns(struct ar_probing *p)
{
	const struct ar_namespace *user = ar_spec_namespace(p->spec, "user");
	struct ar_facts *f = p->facts;
	struct ar_list uids = { 0 };
	int r;

	if (!f->host_root || !user || !ar_namespace_is_joined(user))
		return;
	r = ar_probe_userns_maps(p->arena, user->path, noted_namespace(p, user), &uids,
				 &f->joined_gids);
	if (r < 0)
		ar_probe_failed(p, r);
	f->joined_maps_root = r < 0 || maps_root(&uids) || maps_root(&f->joined_gids);
	f->groups_unknown = f->groups_unknown || r < 0;
}

static void probe_hooks(struct ar_probing *p)
{
	struct ar_facts *f = p->facts;
	const struct ar_hooks *h = p->spec->hooks;
	size_t n = 0;

	if (!h)
		return;
	const struct ar_list *const lists[] = { &h->prestart,	      &h->create_runtime,
						&h->create_container, &h->start_container,
						&h->poststart,	      &h->poststop };

	for (size_t i = 0; i < AR_COUNT(lists); i++)
		n += lists[i]->n;
	f->hooks = ar_alloc_array(p->arena, n + 1, sizeof(*f->hooks));
	for (size_t i = 0; i < AR_COUNT(lists); i++)
		ar_list_foreach(const struct ar_hook, hook, lists[i])
			look_at_hook(p, hook->path, &f->hooks[f->n_hooks++]);
}

/* --- together --- */

void ar_facts_done(struct ar_facts *facts)
{
	if (!facts)
		return;
	ar_close_fd(&facts->root.fd);
	for (size_t i = 0; i < facts->n_sources; i++)
		ar_close_fd(&facts->sources[i].fd);
}

/* What only profiles that judge need to know. */
static int probe_for_policy(struct ar_probing *p, struct ar_error *err)
{
	int r;

	probe_kernel(p);
	probe_cgroup(p);
	probe_lsm(p);
	r = ar_probe_caller(p->arena, p->trust.userns, &p->facts->caller, err);
	if (r == 0)
		r = probe_groups(p, err);
	if (r < 0)
		return r;
	probe_devices(p);
	probe_namespaces(p);
	probe_userns(p);
	probe_hooks(p);
	ar_probe_targets(p);
	ar_probe_home(p);
	ar_probe_mounts(p);
	ar_probe_own_data(p);
	ar_probe_holdings(p);
	ar_probe_idmap(p);
	r = ar_probe_sockets(p, err);
	if (r == 0 && p->shortage)
		r = ar_fail(err, p->shortage, "look at the host");
	return r;
}

int ar_probe(struct ar_arena *arena, const struct ar_spec *spec, enum ar_profile profile,
	     int bundle_fd, const char *bundle, const char *id, const char *state_root,
	     const struct ar_config *config, struct ar_facts **ret_facts, struct ar_error *err)
{
	_cleanup_facts_ struct ar_facts *facts = NULL;
	struct ar_probing p = { .arena = arena,
				.spec = spec,
				.config = config,
				.bundle_fd = bundle_fd };
	int r;

	facts = p.facts = ar_alloc(arena, sizeof(*facts));
	facts->root.fd = -1;
	facts->bundle = bundle;
	facts->id = id;
	facts->state_root = state_root;
	ar_trust_get(&p.trust);
	facts->host_root = p.trust.host_root;
	facts->userns = p.trust.userns;
	facts->overflow_uid = p.trust.overflow_uid;
	r = ar_probe_root(&p, err);
	if (r == 0)
		r = ar_probe_sources(&p, err);
	if (r < 0)
		return r;
	if (profile != AR_PROFILE_COMPAT)
		r = probe_for_policy(&p, err);
	if (r < 0)
		return r;
	*ret_facts = facts;
	facts = NULL;
	return 0;
}
