/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/merge-binds.h"

#include <string.h>

#include "base/path.h"
#include "policy/engines.h"
#include "policy/hostpaths.h"

#define FS_SYSFS 0x62656572u
#define FS_CGROUP2 0x63677270u

static struct ar_bind_verdict verdict(enum ar_bind_fate fate, const char *reason)
{
	return (struct ar_bind_verdict){ .fate = fate, .reason = reason };
}

static struct ar_bind_verdict take(void)
{
	return verdict(AR_BIND_TAKE, NULL);
}

static struct ar_bind_verdict refuse(const char *reason)
{
	return verdict(AR_BIND_REFUSE, reason);
}

/*
 * Only the owner of a network or cgroup namespace may mount its sysfs or cgroup tree. For a
 * container that joins one from outside its user namespace, rootless engines bind the one they see.
 */
static bool is_rootless_stand_in(const struct ar_merging *m, const struct ar_source *s,
				 const char *destination, const char *target)
{
	if (m->facts->host_root || !ar_streq(destination, target))
		return false;
	return (s->fs_type == FS_SYSFS && ar_streq(target, "/sys") &&
		ar_streq(s->resolved, "/sys")) ||
	       (s->fs_type == FS_CGROUP2 && ar_streq(target, "/sys/fs/cgroup"));
}

/* Sockets and devices: connecting and opening need no writable mount. */
static struct ar_bind_verdict judge_kind(const struct ar_source *s, const char *target)
{
	if (S_ISREG(s->mode) || S_ISDIR(s->mode))
		return take();
	if (S_ISCHR(s->mode) || S_ISBLK(s->mode))
		return ar_path_within(target, "/dev")
			       ? verdict(AR_BIND_DROP,
					 "it is a device of the host, and was not declared")
			       : refuse("it is a device of the host");
	if (S_ISSOCK(s->mode))
		return refuse("it is a socket of the host");
	return refuse("it is neither a regular file nor a directory");
}

static struct ar_bind_verdict judge_engine_file(const struct ar_engine_file *file,
						const struct ar_source *s, bool writable)
{
	struct ar_bind_verdict v = take();

	/* a volume may be a mount of something else: a local volume of type none */
	if (s->holds && s->holds[0] == '/')
		return refuse("the engine's volume leads to a part of the host's system");
	if (file->access == AR_ENGINE_READ_ONLY && writable)
		v = verdict(AR_BIND_READ_ONLY,
			    ar_engine_is_host(file)
				    ? "the host's own file is not the container's to change"
				    : "the engine's own file is not the container's to change");
	v.note = file->note;
	return v;
}

static bool is_engines_data(const struct ar_merging *m, const char *path)
{
	return ar_path_in(path, &ar_engine_trees) || ar_path_in(path, &m->config->engine_roots) ||
	       ar_path_holds(path, &m->config->engine_roots) ||
	       ar_shape_matches("/**/.local/share/containers/storage/**", path) ||
	       ar_shape_matches("/**/.local/share/docker/**", path);
}

/* The states of containers and the filters that are put on them. */
static bool is_own_data(const struct ar_merging *m, const char *path)
{
	return ar_path_in(path, &m->facts->own_data) || ar_path_holds(path, &m->facts->own_data) ||
	       ar_path_in(path, &m->facts->own_caches);
}

static struct ar_bind_verdict judge_place(const struct ar_merging *m, const struct ar_source *s)
{
	const char *path = s->resolved, *credential = ar_credential_in(path);
	const struct ar_host_path *sensitive = ar_sensitive_held(path);

	if (sensitive)
		return refuse(ar_printf(m->arena, "it is or holds %s", sensitive->what));
	if (is_own_data(m, path))
		return refuse("it is, holds or is part of what agentrun keeps of containers");
	if (ar_path_in(path, &ar_system_trees))
		return refuse("it lies inside the host's system");
	if (is_engines_data(m, path))
		return refuse("it is part of a container engine's data");
	if (credential)
		return refuse(ar_printf(m->arena, "it is a store of credentials (%s)", credential));
	return take();
}

/* A home directory itself: what is written to its start-up files runs on the host. */
static bool is_home(const char *path)
{
	return ar_shape_matches("/home/{name}", path);
}

/* What in a home runs, or says what runs, without being asked for: .bashrc, .config, .local/bin. */
static bool is_start_up(const char *path)
{
	return ar_shape_matches("/home/{name}/.*/**", path) ||
	       ar_shape_matches("/home/{name}/bin/**", path);
}

static bool has_home(const struct ar_source *s)
{
	for (size_t i = 0; i < s->names.n + s->inside.n; i++)
		if (is_home(ar_source_name(s, i)))
			return true;
	return is_home(s->resolved);
}

/* of_root: what is there belongs to root of the host, as it may where nobody looked. */
static bool may_be_written(const struct ar_merging *m, const char *path, bool of_root)
{
	if (ar_path_in(path, &m->config->bind_sources) || ar_streq(path, "/workspace"))
		return true;
	if (ar_path_in(path, &ar_root_programs) || ar_path_holds(path, &ar_root_programs) ||
	    (of_root && ar_path_in(path, &ar_programs)))
		return false;
	for (size_t i = 0; i < ar_writable_trees.n; i++)
		if (ar_path_within(path, ar_writable_trees.items[i]) &&
		    !ar_streq(path, ar_writable_trees.items[i]))
			return !is_home(path) && !is_start_up(path);
	return false;
}

/* Where an engine keeps volumes. Rootless engines do so in homes; root's do not, and there it may be
 * anybody's. */
static bool may_hold_volumes(const struct ar_merging *m, const char *path)
{
	static const char *const rootless[] = { "/run/user/{name}/**",
						"/**/.local/share/containers/storage/**",
						"/**/.local/share/docker/**",
						"/**/.local/share/nerdctl/**" };

	for (size_t i = 0; i < AR_COUNT(rootless) && !m->facts->host_root; i++)
		if (ar_shape_matches(rootless[i], path))
			return true;
	return ar_path_in(path, &ar_engine_trees) || ar_path_in(path, &ar_engine_state) ||
	       ar_path_in(path, &m->config->engine_roots);
}

/*
 * Whether the annotations that name a pod can be an engine's own word: to containers of Docker,
 * podman and ctr their users give any annotation.
 */
static bool may_be_of_pod(const struct ar_merging *m)
{
	const char *manager = ar_map_get(&m->from->annotations, "io.container.manager");

	return ar_engine_image_key(m->facts->state_root) && !ar_streq(manager, "libpod");
}

/*
 * The engine's file that a bind is. A shape that can be anywhere and go anywhere (a volume) is no
 * declaration by itself: where sources must be declared, it must lie in the data of an engine.
 */
static const struct ar_engine_file *engine_file(const struct ar_merging *m, const char *path,
						const char *destination)
{
	const struct ar_engine_file *file =
		ar_engine_file_find(m->from, m->facts->id, path, destination);

	if (file && ar_engine_is_kubelet(file) && !may_be_of_pod(m))
		return NULL;
	if (file && m->values.declared_binds && ar_engine_file_is_anywhere(file) &&
	    !may_hold_volumes(m, path))
		return NULL;
	return file;
}

/* A file of a pod whose engine is not known by its state root. */
static bool is_foreign_pods(const struct ar_merging *m, const char *path, const char *destination)
{
	const struct ar_engine_file *file =
		ar_engine_file_find(m->from, m->facts->id, path, destination);

	return file && ar_engine_is_kubelet(file) && !ar_engine_image_key(m->facts->state_root);
}

/* Why a source must be refused because of another name that it has on the host; NULL: no reason. */
static const char *judge_name(const struct ar_merging *m, const char *name)
{
	const char *credential = ar_credential_in(name);
	const struct ar_host_path *sensitive = ar_sensitive_held(name);

	if (sensitive)
		return ar_printf(m->arena, "it is or holds %s ('%s')", sensitive->what, name);
	if (is_own_data(m, name))
		return ar_printf(m->arena, "it is or holds '%s', part of what agentrun keeps",
				 name);
	if (ar_path_in(name, &ar_system_trees))
		return ar_printf(m->arena, "it is or holds '%s' of the host's system", name);
	if (credential)
		return ar_printf(m->arena, "it is or holds '%s', a store of credentials", name);
	return NULL;
}

/*
 * What is mounted among a pod's volumes was chosen by whoever defined the volume, not by the pod: a
 * hostPath has no directory there, a part of one stands among the sub-paths.
 */
static bool is_pods_volume(const struct ar_merging *m, const char *path, const char *destination)
{
	const struct ar_engine_file *file = engine_file(m, path, destination);

	return file && ar_engine_is_kubelet(file) &&
	       ar_shape_matches("/**/kubelet/pods/{pod}/volumes/**", path);
}

/* Whether an engine's file is that one under another of its names as well: what it lies in is
 * mounted twice. */
static bool is_same_file(const struct ar_merging *m, const struct ar_engine_file *file,
			 const char *name, const char *destination)
{
	return file && (ar_engine_is_host(file) ||
			ar_engine_file_find(m->from, m->facts->id, name, destination) == file);
}

/*
 * A bind mount of the host, or a second mount of the same device, shows something under another
 * name: a volume that an engine was told to make of /usr/local, a part of a hostPath. So each name
 * is judged as if it were the one asked for, but that volumes may be anybody's: they are shared.
 * *ret_own (may be NULL) is the last name that is no engine's.
 */
static const char *judge_names(const struct ar_merging *m, const struct ar_source *s,
			       const struct ar_engine_file *file, const char *destination,
			       const char **ret_own)
{
	bool of_pod = file && ar_engine_is_kubelet(file),
	     vouched = is_pods_volume(m, s->resolved, destination);
	const char *reason = NULL;

	/* a sub-path of one; a hostPath that happens to hold one (inside) is not vouched for */
	for (size_t i = 0; of_pod && i < s->names.n; i++)
		vouched = vouched || is_pods_volume(m, s->names.items[i], destination);
	for (size_t i = 0; i < s->names.n + s->inside.n && !reason; i++) {
		const char *name = ar_source_name(s, i);
		const struct ar_engine_file *volume = ar_engine_volume_find(name);

		reason = judge_name(m, name);
		if (reason || vouched ||
		    (i < s->names.n && is_same_file(m, file, name, destination)))
			continue;
		if (volume && file && ar_engine_is_kubelet(volume) && !of_pod)
			reason =
				ar_printf(m->arena, "it is or holds '%s', a volume of a pod", name);
		else if (!volume && is_engines_data(m, name))
			reason = ar_printf(m->arena,
					   "it is or holds '%s', part of a container engine's data",
					   name);
		else if (!volume && ret_own)
			*ret_own = name;
	}
	return reason;
}

/* By its own name, or by another one of it, where no name but those of volumes is left out. */
static bool is_declared(const struct ar_merging *m, const struct ar_source *s)
{
	bool declared = false;

	for (size_t i = 0; i < s->names.n; i++)
		declared = declared || ar_path_in(s->names.items[i], &m->config->bind_sources);
	for (size_t i = 0; i < s->names.n + s->inside.n; i++)
		declared = declared && (ar_engine_volume_find(ar_source_name(s, i)) ||
					ar_path_in(ar_source_name(s, i), &m->config->bind_sources));
	return declared || ar_path_in(s->resolved, &m->config->bind_sources);
}

/* What the name of a source alone does not say of it. */
static const char *judge_contents(const struct ar_merging *m, const struct ar_source *s)
{
	bool declared = is_declared(m, s);

	if (s->holds && s->holds[0] == '/')
		return ar_printf(m->arena, "it is or holds %s (%s)", ar_sensitive_what(s->holds),
				 s->holds);
	if (s->holds)
		return ar_printf(m->arena, "it holds a store of credentials (%s)", s->holds);
	if (s->socket && !declared)
		return ar_printf(m->arena, "it holds '%s', the socket of a service", s->socket);
	if (m->values.declared_binds && !declared)
		return "the strict profile takes only sources that bind-sources declares";
	return NULL;
}

/* Whether the source or what lies in it is, holds or lies in the container's own root. */
static bool is_of_root(const struct ar_merging *m, const struct ar_source *s)
{
	const struct ar_source *root = &m->facts->root;

	if (!root->resolved)
		return false;
	if (s->dev == root->dev && s->ino == root->ino && s->ino)
		return true;
	for (size_t i = 0; i <= s->names.n + s->inside.n; i++) {
		const char *name = i ? ar_source_name(s, i - 1) : s->resolved;

		for (size_t k = 0; k <= root->names.n; k++) {
			const char *own = k ? root->names.items[k - 1] : root->resolved;

			if (ar_path_within(name, own) || ar_path_within(own, name))
				return true;
		}
	}
	return false;
}

static bool holds_cache(const struct ar_merging *m, const struct ar_source *s)
{
	for (size_t i = 0; i < s->names.n + s->inside.n; i++)
		if (ar_path_holds(ar_source_name(s, i), &m->facts->own_caches))
			return true;
	return ar_path_holds(s->resolved, &m->facts->own_caches);
}

/* Why a source that is no engine's, or also has the name own, is not to be written; NULL: it may
 * be. */
static const char *judge_writing(const struct ar_merging *m, const struct ar_source *s,
				 const struct ar_engine_file *file, const char *own)
{
	bool of_root = ar_is_hosts_root(m->facts, s->uid);
	const char *name;

	if (m->to->root->readonly == AR_YES && is_of_root(m, s))
		return "it shows the container's own root, which is read-only";
	if (holds_cache(m, s))
		return "it holds the filters that agentrun has compiled";
	if (!file && has_home(s))
		return "start-up files of a home directory would run on the host";
	if (!file && !may_be_written(m, s->resolved, of_root))
		return is_start_up(s->resolved)
			       ? "programs and settings of a home directory would run on the host"
			       : "writable binds come from volumes, workspaces and bind-sources";
	if (!own || ar_path_in(s->resolved, &m->config->bind_sources))
		return NULL;
	for (size_t i = 0; i < s->names.n + s->inside.n; i++) {
		name = ar_source_name(s, i);
		/* the first are the same directory, the others lie in it */
		if (!ar_engine_volume_find(name) &&
		    !may_be_written(m, name, of_root || i >= s->names.n))
			return ar_printf(m->arena, "on the host it is, or holds, '%s' too", name);
	}
	return NULL;
}

bool ar_bind_takes_mount_points(const struct ar_merging *m, const struct ar_source *source,
				const char *destination)
{
	const struct ar_engine_file *file = engine_file(m, source->resolved, destination);
	const char *own = NULL;

	/* podman and CRI-O mount more into their directory of secrets; it is this container's */
	if (file && file->access == AR_ENGINE_READ_ONLY)
		return ar_shape_matches("/**/*-containers/{id}/userdata/run/secrets",
					source->resolved);
	(void)judge_names(m, source, file, destination, &own); /* it was taken */
	return !judge_writing(m, source, file, own);
}

struct ar_bind_verdict ar_bind_judge(const struct ar_merging *m, const struct ar_source *s,
				     const char *destination, const char *target, bool writable)
{
	const struct ar_engine_file *file;
	const char *reason, *own = NULL;
	struct ar_bind_verdict v;

	if (s->error || !s->resolved)
		return refuse("it cannot be opened");
	if (is_rootless_stand_in(m, s, destination, target))
		return verdict(AR_BIND_READ_ONLY,
			       "it replaces a mount that this user namespace may not make");
	v = judge_kind(s, target);
	if (v.fate != AR_BIND_TAKE)
		return v;
	if (ar_kernel_fs(s->fs_type))
		return refuse(ar_kernel_fs(s->fs_type));
	file = engine_file(m, s->resolved, destination);
	v = file ? judge_engine_file(file, s, writable) : judge_place(m, s);
	if (v.fate == AR_BIND_REFUSE && is_foreign_pods(m, s->resolved, destination))
		return refuse(ar_printf(m->arena,
					"it is a pod's, and the state root '%s' is not that of "
					"containerd's CRI plugin or of CRI-O",
					m->facts->state_root ? m->facts->state_root : ""));
	if (v.fate == AR_BIND_REFUSE)
		return v;
	/* its place says more than what happens to be mounted there */
	if (s->mounted)
		return refuse(s->mounted);
	reason = judge_names(m, s, file, destination, &own);
	if (!reason && (!file || own))
		reason = judge_contents(m, s);
	if (reason)
		return refuse(reason);
	if (v.fate != AR_BIND_TAKE)
		return v;
	reason = writable ? judge_writing(m, s, file, own) : NULL;
	if (writable && (ar_path_in(target, &ar_container_system) ||
			 ar_path_in(destination, &ar_container_system)))
		reason = "it lies over the container's own system directories";
	if (reason)
		v = verdict(AR_BIND_READ_ONLY, reason);
	/* who can write them chooses the filters of other containers */
	v.firm = holds_cache(m, s);
	v.note = file ? file->note : NULL;
	return v;
}
