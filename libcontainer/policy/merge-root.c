/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/path.h"
#include "policy/engines.h"
#include "policy/hostpaths.h"
#include "policy/merging.h"

/* The root file system, the home on top of it, and the flags of create. */

static void merge_landlock(struct ar_merging *m)
{
	struct ar_effective *e = m->out;
	int abi = m->facts->landlock_abi;

	if (abi <= 0) {
		ar_not_applied(m, AR_CONTROL_LANDLOCK, "this kernel has no Landlock");
		return;
	}
	if (ar_opted_out(m, "landlock", "none", NULL)) {
		e->strength[AR_CONTROL_LANDLOCK] = AR_OFF;
		return;
	}
	if (abi < AR_LANDLOCK_ABI_DOMAIN) {
		ar_not_applied(
			m, AR_CONTROL_LANDLOCK,
			ar_printf(m->arena,
				  "Landlock ABI %d has no domain that leaves moving files alone",
				  abi));
		return;
	}
	/* what there is of it is applied */
	e->landlock_scope = true;
	e->landlock_signals = m->values.landlock_signals;
	if (abi < AR_LANDLOCK_ABI_SCOPES)
		ar_not_applied(m, AR_CONTROL_LANDLOCK,
			       ar_printf(m->arena,
					 "memory is kept apart, but Landlock ABI %d scopes neither "
					 "sockets nor signals",
					 abi));
}

void ar_merge_flags(struct ar_merging *m)
{
	const struct ar_asked *a = m->asked;
	struct ar_effective *e = m->out;

	e->new_keyring = true;
	if (a->no_new_keyring && ar_opted_out(m, "flag.no-new-keyring", "--no-new-keyring", NULL))
		e->new_keyring = false;
	else if (a->no_new_keyring)
		ar_decide(m, "flag.no-new-keyring", "--no-new-keyring", "a new session keyring");
	if (a->no_pivot &&
	    !ar_refused(m, "flag.no-pivot", "flag.no-pivot", "--no-pivot", NULL, NULL))
		e->no_pivot = true;
	if (a->cgroup_disabled)
		ar_refused(m, "flag.cgroup-manager", "flag.cgroup-manager", "disabled", NULL, NULL);
	e->proc_hidepid = m->values.proc_hidepid;
	merge_landlock(m);
}

static bool root_is_engines_data(const struct ar_merging *m, const char *path)
{
	const struct ar_strings *roots = &m->config->engine_roots;

	for (size_t i = 0; i < roots->n; i++)
		if (ar_path_within(roots->items[i], path)) /* all of it */
			return true;
	return (ar_path_in(path, &ar_engine_trees) || ar_path_in(path, roots)) &&
	       !ar_engine_root_is(path);
}

/* Why that directory of the host is no root of a container; NULL: it may be one. */
static const char *root_reason(const struct ar_merging *m, const char *path)
{
	const char *credential = ar_credential_in(path);
	const struct ar_host_path *sensitive = ar_sensitive_held(path);

	if (ar_path_in(path, &ar_root_denied) || ar_path_holds(path, &ar_root_denied))
		return ar_rule_find("root.path")->reason;
	if (sensitive)
		return ar_printf(m->arena, "it is or holds %s", sensitive->what);
	if (root_is_engines_data(m, path))
		return "it is part of a container engine's data";
	if (ar_path_in(path, &ar_root_engines) && !ar_engine_root_is(path))
		return ar_path_within(path, "/run")
			       ? "it lies beside the sockets of the host's services"
			       : "it lies beside what the host's services and root keep";
	if (ar_shape_matches("/home/{name}", path))
		return "it is somebody's home";
	if (ar_path_in(path, &m->facts->own_data) || ar_path_holds(path, &m->facts->own_data) ||
	    ar_path_in(path, &m->facts->own_caches) || ar_path_holds(path, &m->facts->own_caches))
		return "it is, holds or is part of what agentrun keeps of containers";
	if (credential)
		return ar_printf(m->arena, "it is a store of credentials (%s)", credential);
	return NULL;
}

static const char *judge_root(const struct ar_merging *m, const struct ar_source *root)
{
	const char *reason = root_reason(m, root->resolved);

	if (!reason)
		reason = ar_kernel_fs(root->fs_type);
	if (!reason)
		reason = root->mounted;
	if (!reason && root->holds)
		reason = ar_printf(m->arena, "it holds %s (%s)", ar_sensitive_what(root->holds),
				   root->holds);
	if (!reason && root->socket)
		reason =
			ar_printf(m->arena, "it holds '%s', the socket of a service", root->socket);
	for (size_t i = 0; i < root->names.n + root->inside.n && !reason; i++) {
		reason = root_reason(m, ar_source_name(root, i));
		if (reason)
			reason = ar_printf(m->arena, "it shows '%s': %s", ar_source_name(root, i),
					   reason);
	}
	return reason;
}

void ar_merge_root(struct ar_merging *m)
{
	const struct ar_source *root = &m->facts->root;
	struct ar_root *to = m->to->root;
	const char *asked = to->readonly == AR_YES ? "true" : "false", *reason;

	if (!m->from->root || root->error || !root->resolved)
		ar_refused(m, "root.path", "root.path", to->path, NULL, "it cannot be opened");
	else if ((reason = judge_root(m, root)))
		ar_refused(m, "root.path", "root.path", root->resolved, NULL, reason);

	m->out->root_nosuid_nodev = true;
	if (to->readonly == AR_YES || ar_opted_out(m, "root.readonly", asked, NULL))
		return;
	to->readonly = AR_YES;
	ar_decide(m, "root.readonly", asked, "true");
}

/* Directories that are no home to write to: the image's system, and what has a mount of its own. */
static const char *const no_home[] = { "/etc",	"/usr", "/var", "/bin",	 "/sbin", "/lib", "/lib64",
				       "/proc", "/sys", "/dev", "/boot", "/run",  "/tmp" };

/* Why the home gets no overlay; NULL: it gets one. */
static const char *home_reason(const struct ar_merging *m, const char *home)
{
	if (!home)
		return "the image has no home for this user";
	if (ar_streq(home, "/"))
		return "the user's home is the root directory";
	for (size_t i = 0; i < AR_COUNT(no_home); i++)
		if (ar_path_within(home, no_home[i]))
			return ar_printf(m->arena, "the user's home lies under %s", no_home[i]);
	if (!m->facts->home_exists)
		return ar_printf(m->arena, "the image has no directory '%s'", home);
	for (size_t i = 0; i < m->to->mounts.n; i++)
		if (ar_path_within(home, m->out->mount_target[i]))
			return ar_printf(m->arena, "the bundle mounts '%s'",
					 m->out->mount_target[i]);
	return NULL;
}

void ar_merge_home(struct ar_merging *m)
{
	const char *home = m->facts->home, *why;
	struct ar_effective *e = m->out;

	if (m->values.home_size == 0 || (home && ar_opted_out(m, "home", "none", home))) {
		e->strength[AR_CONTROL_HOME] = AR_OFF;
		return;
	}
	if (m->to->root->readonly != AR_YES) /* opted out: the home is writable already */
		why = "the root is writable";
	else
		why = home_reason(m, home);
	if (why) {
		ar_not_applied(m, AR_CONTROL_HOME, why);
		return;
	}
	e->home = home;
	e->home_size = m->values.home_size;
	e->home_noexec = m->values.home_noexec;
	ar_decide_as(m, "home", ar_printf(m->arena, "mounts[%s]", home), "",
		     ar_printf(m->arena, "an overlay with %s of writable space%s",
			       ar_size_text(m->arena, e->home_size),
			       e->home_noexec ? ", noexec" : ""),
		     NULL);
}
