/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <string.h>

#include "policy/merging.h"

/* The initial namespaces have fixed numbers (include/uapi/linux/nsfs.h; proc_ns.h). */
static const char *const initial[] = {
	"time:[4026531834]", "cgroup:[4026531835]", "pid:[4026531836]", "user:[4026531837]",
	"uts:[4026531838]",  "ipc:[4026531839]",    "net:[4026531833]",
};

/* What a missing entry of the list means. */
static const struct {
	const char *type;
	const char *reason; /* NULL: made without a word */
} needed[] = {
	{ "pid", "the host's processes would be within reach" },
	{ "network", "the host's network would be within reach" },
	{ "ipc", "the host's shared memory would be within reach" },
	{ "uts", "the host's name would be within reach" },
	{ "mount", "the host's mounts would be within reach" },
	{ "cgroup", NULL },
};

static bool is_hosts(const struct ar_facts *f, const char *found)
{
	if (!found)
		return false;
	for (size_t i = 0; i < AR_COUNT(initial); i++)
		if (ar_streq(found, initial[i]))
			return true;
	for (const char *const *own = f->host_namespaces; own && *own; own++)
		if (ar_streq(found, *own))
			return true;
	return false;
}

/* A namespace that is joined: a sandbox's is fine, the host's own never. */
static void judge_path(struct ar_merging *m, size_t index, const struct ar_namespace *ns)
{
	const char *found = index < m->facts->n_namespaces ? m->facts->namespaces[index] : NULL;
	const char *field = ar_printf(m->arena, "linux.namespaces[%s].path", ns->type),
		   *path = "linux.namespaces[].path", *reason = NULL;

	if (ar_streq(ns->type, "mount"))
		path = "mount-namespace";
	if (ar_streq(ns->type, "mount") || is_hosts(m->facts, found))
		reason = ar_rule_find(path)->reason;
	else if (!found)
		reason = "it is not a namespace that can be inspected";
	if (reason)
		ar_refused(m, path, field, ns->path, ns->path, reason);
}

static void add_namespace(struct ar_merging *m, const char *type)
{
	struct ar_list *list = &m->to->linux->namespaces;
	struct ar_namespace *more = ar_alloc_array(m->arena, list->n + 1, sizeof(*more));

	if (list->n)
		memcpy(more, list->items, list->n * sizeof(*more));
	more[list->n] = (struct ar_namespace){ .type = type };
	*list = (struct ar_list){ more, list->n + 1 };
}

void ar_merge_namespaces(struct ar_merging *m)
{
	struct ar_linux *l = m->to->linux;
	const struct ar_namespace *ns = l->namespaces.items;

	for (size_t i = 0; i < l->namespaces.n; i++)
		if (ar_namespace_is_joined(&ns[i]))
			judge_path(m, i, &ns[i]);
	for (size_t i = 0; i < AR_COUNT(needed); i++) {
		if (ar_spec_namespace(m->from, needed[i].type))
			continue;
		if (needed[i].reason) {
			ar_refused(m,
				   ar_streq(needed[i].type, "mount") ? "mount-namespace"
								     : "linux.namespaces[].type",
				   ar_printf(m->arena, "linux.namespaces[%s]", needed[i].type),
				   "the host's", needed[i].type, needed[i].reason);
			continue;
		}
		add_namespace(m, needed[i].type);
		ar_decide_as(m, "linux.namespaces[].type", "linux.namespaces[cgroup]", "the host's",
			     "a new one", "the host's cgroup tree would be seen");
	}
}

/* A new one, not a joined one. */
static bool is_new(const struct ar_merging *m, const char *type)
{
	const struct ar_namespace *ns = ar_spec_namespace(m->from, type);

	return ns && !ar_namespace_is_joined(ns);
}

/* Why no user namespace of ours can be made here, NULL: it can. */
static const char *no_userns(const struct ar_merging *m)
{
	const struct ar_facts *f = m->facts;
	const struct ar_config *c = m->config;

	if (!c->subid_start.set || !c->subid_count.set || c->subid_count.value == 0)
		return "no id range is configured";
	if (!f->host_root)
		return "the ids of a rootless caller are mapped already";
	if (!is_new(m, "network") || !is_new(m, "ipc"))
		return "it joins namespaces that belong to another user namespace";
	if (!f->root.idmap)
		return "the root file system cannot be id-mapped";
	for (size_t i = 0; i < m->to->mounts.n; i++) {
		int source = m->out->mount_source[i];

		if (source >= 0 && !f->sources[source].idmap)
			return ar_printf(m->arena, "the file system of '%s' cannot be id-mapped",
					 f->sources[source].asked);
	}
	return NULL;
}

static struct ar_list one_mapping(struct ar_merging *m)
{
	struct ar_id_mapping *map = ar_alloc(m->arena, sizeof(*map));

	map->container_id = (struct ar_opt_u64){ true, 0 };
	map->host_id = m->config->subid_start;
	map->size = m->config->subid_count;
	return (struct ar_list){ map, 1 };
}

/* Every bind shows its files with the container's ids. */
static void idmap_binds(struct ar_merging *m)
{
	struct ar_mount *mounts = m->to->mounts.items;

	for (size_t i = 0; i < m->to->mounts.n; i++) {
		if (m->out->mount_source[i] < 0)
			continue;
		mounts[i].options = ar_strings_with(m->arena, &mounts[i].options, "ridmap");
		mounts[i].uid_mappings = m->to->linux->uid_mappings;
		mounts[i].gid_mappings = m->to->linux->gid_mappings;
	}
}

static bool maps_root(const struct ar_list *mappings)
{
	ar_list_foreach(const struct ar_id_mapping, map, mappings)
		if (map->host_id.value == 0 && map->size.value > 0)
			return true;
	return false;
}

void ar_merge_userns(struct ar_merging *m)
{
	struct ar_linux *l = m->to->linux;
	const char *why;

	if (ar_spec_namespace(m->from, "user")) {
		/* the engine's own, if it is worth its name */
		if (m->facts->joined_maps_root ||
		    (m->facts->host_root && is_new(m, "user") &&
		     (maps_root(&l->uid_mappings) || maps_root(&l->gid_mappings))))
			ar_not_applied(m, AR_CONTROL_USER_NAMESPACE,
				       "the bundle's user namespace maps root of the host");
		return;
	}
	why = no_userns(m);
	if (why) {
		ar_not_applied(m, AR_CONTROL_USER_NAMESPACE, why);
		return;
	}
	add_namespace(m, "user");
	l->uid_mappings = one_mapping(m);
	l->gid_mappings = one_mapping(m);
	m->out->idmap_root = true;
	idmap_binds(m);
	ar_decide_as(m, "linux.uidMappings", "linux.namespaces[user]", "",
		     ar_printf(m->arena, "ids 0 to %" PRIu64 " are %" PRIu64 " and up on the host",
			       m->config->subid_count.value - 1, m->config->subid_start.value),
		     "root of the container is nobody on the host");
}
