/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "policy/explain.h"
#include "policy/merge.h"
#include "policy/mount-flags.h"
#include "policy/profile.h"
#include "json/read.h"
#include "json/write.h"

/*
 * What policy makes of a bundle on a host that is made up: nothing of this machine is looked at.
 *
 *	golden json|text CASE
 *
 * CASE is a folder: config.json; facts.json (below), agentrun.conf, agentrun.json, process.json (an
 *exec), resources.json (an update) and args (words: a profile, or no-pivot, no-new-keyring,
 *cgroup-disabled), each if it is there.
 */

/* --- facts.json -------------------------------------------------------------------------- */

struct case_source {
	const char *asked; /* the member's name: as the mount has it */
	const char *resolved, *kind, *holds, *mounted, *socket;
	struct ar_strings names, inside, flags, flags_below; /* options of mounts on the host */
	struct ar_opt_u64 fs_type, uid;
};
struct case_hook {
	const char *asked;
	const char *resolved;
	struct ar_opt_u64 uid;
	const char *mode; /* octal */
};
/* A host with everything, unless the file says otherwise. */
struct case_facts {
	const char *id, *bundle, *state_root, *root, *home, *apparmor_default, *apparmor_asked,
		*controllers;
	enum ar_tri rootless, memfd_noexec, selinux, idmap, groups_unknown;
	struct ar_opt_i64 landlock, oom_score_adj, exec_oom_score_adj, now;
	struct ar_opt_u64 nofile, exec_nofile, memory_total;
	struct ar_map links, namespaces, groups;
	struct ar_strings other_devices; /* paths where the host has another device than is asked
					    for */
	struct ar_list sources, hooks;
	enum ar_tri joined_maps_root;
	struct ar_map
		joined_gids; /* the first of a range in it -> the first on the host, 1000 of them */
};

#define IN(type_, member) .offset = offsetof(struct type_, member)
static const struct ar_field source_fields[] = {
	{ .name = "asked", .type = AR_T_STRING, .flags = AR_F_KEY, IN(case_source, asked) },
	{ .name = "resolved", .type = AR_T_STRING, IN(case_source, resolved) },
	{ .name = "kind", .type = AR_T_STRING, IN(case_source, kind) },
	{ .name = "holds", .type = AR_T_STRING, IN(case_source, holds) },
	{ .name = "mounted", .type = AR_T_STRING, IN(case_source, mounted) },
	{ .name = "socket", .type = AR_T_STRING, IN(case_source, socket) },
	{ .name = "names", .type = AR_T_STRINGS, IN(case_source, names) },
	{ .name = "inside", .type = AR_T_STRINGS, IN(case_source, inside) },
	{ .name = "flags", .type = AR_T_STRINGS, IN(case_source, flags) },
	{ .name = "flagsBelow", .type = AR_T_STRINGS, IN(case_source, flags_below) },
	{ .name = "fsType", .type = AR_T_U64, IN(case_source, fs_type) },
	{ .name = "uid", .type = AR_T_U64, IN(case_source, uid) },
};
static const struct ar_class source_class = {
	.name = "source",
	.size = sizeof(struct case_source),
	.fields = source_fields,
	.n = AR_COUNT(source_fields),
	.strict = true,
	.line_at = -1,
};
static const struct ar_field hook_fields[] = {
	{ .name = "asked", .type = AR_T_STRING, .flags = AR_F_KEY, IN(case_hook, asked) },
	{ .name = "resolved", .type = AR_T_STRING, IN(case_hook, resolved) },
	{ .name = "uid", .type = AR_T_U64, IN(case_hook, uid) },
	{ .name = "mode", .type = AR_T_STRING, IN(case_hook, mode) },
};
static const struct ar_class hook_class = {
	.name = "hook",
	.size = sizeof(struct case_hook),
	.fields = hook_fields,
	.n = AR_COUNT(hook_fields),
	.strict = true,
	.line_at = -1,
};
static const struct ar_field fact_fields[] = {
	{ .name = "id", .type = AR_T_STRING, IN(case_facts, id) },
	{ .name = "bundle", .type = AR_T_STRING, IN(case_facts, bundle) },
	{ .name = "state-root", .type = AR_T_STRING, IN(case_facts, state_root) },
	{ .name = "root", .type = AR_T_STRING, IN(case_facts, root) },
	{ .name = "home", .type = AR_T_STRING, IN(case_facts, home) },
	{ .name = "apparmorDefault", .type = AR_T_STRING, IN(case_facts, apparmor_default) },
	{ .name = "apparmorAsked", .type = AR_T_STRING, IN(case_facts, apparmor_asked) },
	{ .name = "controllers", .type = AR_T_STRING, IN(case_facts, controllers) },
	{ .name = "rootless", .type = AR_T_TRI, IN(case_facts, rootless) },
	{ .name = "groupsUnknown", .type = AR_T_TRI, IN(case_facts, groups_unknown) },
	{ .name = "memfdNoexec", .type = AR_T_TRI, IN(case_facts, memfd_noexec) },
	{ .name = "selinux", .type = AR_T_TRI, IN(case_facts, selinux) },
	{ .name = "idmap", .type = AR_T_TRI, IN(case_facts, idmap) },
	{ .name = "joinedGids", .type = AR_T_MAP, IN(case_facts, joined_gids) },
	{ .name = "joinedMapsRoot", .type = AR_T_TRI, IN(case_facts, joined_maps_root) },
	{ .name = "otherDevices", .type = AR_T_STRINGS, IN(case_facts, other_devices) },
	{ .name = "landlock", .type = AR_T_I64, IN(case_facts, landlock) },
	{ .name = "oomScoreAdj", .type = AR_T_I64, IN(case_facts, oom_score_adj) },
	{ .name = "now", .type = AR_T_I64, IN(case_facts, now) },
	{ .name = "nofile", .type = AR_T_U64, IN(case_facts, nofile) },
	{ .name = "memoryTotal", .type = AR_T_U64, IN(case_facts, memory_total) },
	{ .name = "execOomScoreAdj", .type = AR_T_I64, IN(case_facts, exec_oom_score_adj) },
	{ .name = "execNofile", .type = AR_T_U64, IN(case_facts, exec_nofile) },
	{ .name = "links", .type = AR_T_MAP, IN(case_facts, links) },
	{ .name = "namespaces", .type = AR_T_MAP, IN(case_facts, namespaces) },
	{ .name = "groups", .type = AR_T_MAP, IN(case_facts, groups) },
	{ .name = "sources", .type = AR_T_OBJECT_MAP, .of = &source_class, IN(case_facts, sources) },
	{ .name = "hooks", .type = AR_T_OBJECT_MAP, .of = &hook_class, IN(case_facts, hooks) },
};
static const struct ar_class facts_class = {
	.name = "facts",
	.size = sizeof(struct case_facts),
	.fields = fact_fields,
	.n = AR_COUNT(fact_fields),
	.strict = true,
	.line_at = -1,
};

/* --- the case ---------------------------------------------------------------------------- */

struct golden {
	struct ar_arena *arena;
	int dir;
	struct ar_spec *spec;
	const struct ar_config *config;
	struct case_facts says;
	struct ar_facts facts;
	struct ar_asked asked;
};

_Noreturn static void die(const struct ar_error *err)
{
	fprintf(stderr, "golden: %s\n", err->text);
	exit(2);
}

/* NULL: there is no such file in the case. */
static char *text_of(struct golden *g, const char *name)
{
	struct ar_error err = { 0 };
	size_t len;
	char *text;

	if (faccessat(g->dir, name, F_OK, 0) < 0)
		return NULL;
	if (ar_file_read(g->arena, g->dir, name, 1u << 20, &text, &len, &err) < 0)
		die(&err);
	return text;
}

static bool decode(struct golden *g, const struct ar_class *class, const char *name, void *out)
{
	struct ar_json_limits limits = ar_json_limits_default;
	const char *text = text_of(g, name);
	const struct ar_json *json;
	struct ar_error err = { 0 };

	if (!text)
		return false;
	limits.comments = true;
	if (ar_json_parse(g->arena, name, text, strlen(text), &limits, &json, &err) < 0 ||
	    ar_decode(g->arena, class, name, "", json, out, &err) < 0)
		die(&err);
	return true;
}

static const char * or (const char *a, const char *b)
{
	return a ? a : b;
}

static mode_t mode_of(const char *kind)
{
	static const struct {
		const char *kind;
		mode_t mode;
	} kinds[] = { { "directory", S_IFDIR | 0755 }, { "file", S_IFREG | 0644 },
		      { "socket", S_IFSOCK | 0660 },   { "char", S_IFCHR | 0660 },
		      { "block", S_IFBLK | 0660 },     { "fifo", S_IFIFO | 0600 } };

	for (size_t i = 0; kind && i < AR_COUNT(kinds); i++)
		if (ar_streq(kind, kinds[i].kind))
			return kinds[i].mode;
	return S_IFDIR | 0755;
}

/* Links are whole directories: "/var/run" -> "/run". */
static const char *resolve(struct golden *g, const char *path)
{
	for (size_t i = 0; i < g->says.links.n; i++) {
		const struct ar_pair *l = &g->says.links.items[i];

		if (ar_path_within(path, l->key))
			return ar_printf(g->arena, "%s%s", l->value, path + strlen(l->key));
	}
	return path;
}

static uint64_t attr_of(struct golden *g, const struct ar_strings *flags)
{
	struct ar_mount_options options;

	ar_mount_options_parse(g->arena, flags, &options);
	return options.attr_set;
}

static struct ar_source make_source(struct golden *g, const char *asked)
{
	struct ar_source s = { .fd = -1,
			       .asked = asked,
			       .resolved = asked,
			       .mode = mode_of(NULL),
			       .fs_type = 0xef53 };

	s.idmap = g->says.idmap == AR_YES;
	ar_list_foreach(const struct case_source, c, &g->says.sources) {
		if (!ar_streq(c->asked, asked))
			continue;
		s.resolved = or (c->resolved, asked);
		s.mode = mode_of(c->kind);
		s.holds = c->holds;
		s.mounted = c->mounted;
		s.socket = c->socket;
		s.uid = (uid_t)c->uid.value;
		s.names = c->names;
		s.inside = c->inside;
		s.attr = attr_of(g, &c->flags);
		s.attr_below = attr_of(g, &c->flags_below);
		s.fs_type = c->fs_type.set ? c->fs_type.value : s.fs_type;
	}
	return s;
}

static void make_mounts(struct golden *g)
{
	struct ar_facts *f = &g->facts;
	const struct ar_mount *m = g->spec->mounts.items;

	f->n_mounts = g->spec->mounts.n;
	f->sources = ar_alloc_array(g->arena, f->n_mounts + 1, sizeof(*f->sources));
	f->mount_source = ar_alloc_array(g->arena, f->n_mounts + 1, sizeof(int));
	f->mount_target = ar_alloc_array(g->arena, f->n_mounts + 1, sizeof(char *));
	for (size_t i = 0; i < f->n_mounts; i++) {
		struct ar_mount_options options;

		ar_mount_options_parse(g->arena, &m[i].options, &options);
		f->mount_source[i] = -1;
		f->mount_target[i] = resolve(g, m[i].destination);
		if (!ar_mount_is_bind(&m[i], &options))
			continue;
		f->mount_source[i] = (int)f->n_sources;
		f->sources[f->n_sources++] = make_source(g, m[i].source);
	}
	for (int s = 0; s < AR_SCRATCH_COUNT; s++)
		f->scratch_target[s] = resolve(g, ar_scratch_paths[s]);
}

static void make_hooks(struct golden *g)
{
	struct ar_facts *f = &g->facts;
	const struct ar_hooks *h = g->spec->hooks;

	if (!h)
		return;
	const struct ar_list *const lists[] = { &h->prestart,	      &h->create_runtime,
						&h->create_container, &h->start_container,
						&h->poststart,	      &h->poststop };

	f->hooks = ar_alloc_array(g->arena, 64, sizeof(*f->hooks));
	for (size_t i = 0; i < AR_COUNT(lists); i++)
		ar_list_foreach(const struct ar_hook, hook, lists[i]) {
			struct ar_hook_fact *fact = &f->hooks[f->n_hooks++];

			*fact = (struct ar_hook_fact){ .resolved = hook->path,
						       .mode = S_IFREG | 0755 };
			ar_list_foreach(const struct case_hook, c, &g->says.hooks) {
				if (!ar_streq(c->asked, hook->path))
					continue;
				fact->resolved = c->resolved;
				fact->uid = (uid_t)c->uid.value;
				if (c->mode)
					fact->mode = S_IFREG | (mode_t)strtoul(c->mode, NULL, 8);
			}
		}
}

static void make_namespaces(struct golden *g)
{
	static const char *const own[] = { "user:[4026531837]",	  "pid:[4026531836]",
					   "mnt:[4026531841]",	  "net:[4026531992]",
					   "ipc:[4026531839]",	  "uts:[4026531838]",
					   "cgroup:[4026531835]", NULL };
	struct ar_facts *f = &g->facts;
	const struct ar_namespace *ns = g->spec->linux ? g->spec->linux->namespaces.items : NULL;

	f->host_namespaces = own;
	f->n_namespaces = ns ? g->spec->linux->namespaces.n : 0;
	f->namespaces = ar_alloc_array(g->arena, f->n_namespaces + 1, sizeof(char *));
	for (size_t i = 0; i < f->n_namespaces; i++)
		if (ns[i].path)
			f->namespaces[i] = ar_map_get(&g->says.namespaces, ns[i].path);
	f->groups = ar_alloc_array(g->arena, g->says.groups.n + 1, sizeof(*f->groups));
	for (; f->n_groups < g->says.groups.n; f->n_groups++) {
		const struct ar_pair *p = &g->says.groups.items[f->n_groups];

		f->groups[f->n_groups] =
			(struct ar_group_fact){ p->key, (gid_t)strtoul(p->value, NULL, 10) };
	}
	f->groups_unknown = g->says.groups_unknown == AR_YES;
}

static void make_joined_gids(struct golden *g)
{
	const struct ar_map *says = &g->says.joined_gids;
	struct ar_id_mapping *maps = ar_alloc_array(g->arena, says->n + 1, sizeof(*maps));

	for (size_t i = 0; i < says->n; i++) {
		maps[i].container_id =
			(struct ar_opt_u64){ true, strtoul(says->items[i].key, NULL, 10) };
		maps[i].host_id =
			(struct ar_opt_u64){ true, strtoul(says->items[i].value, NULL, 10) };
		maps[i].size = (struct ar_opt_u64){ true, 1000 };
	}
	g->facts.joined_gids = (struct ar_list){ maps, says->n };
}

static void make_devices(struct golden *g)
{
	static const struct ar_list none;
	const struct ar_list *devices = g->spec->linux ? &g->spec->linux->devices : &none;
	bool *own = ar_alloc_array(g->arena, devices->n + 1, sizeof(*own));
	size_t i = 0;

	ar_list_foreach(const struct ar_device, d, devices)
		own[i++] = !ar_strings_have(&g->says.other_devices, d->path);
	g->facts.own_device = own;
	g->facts.joined_maps_root = g->says.joined_maps_root == AR_YES;
}

static struct ar_caller caller_of(const struct ar_opt_i64 *score, const struct ar_opt_u64 *nofile)
{
	return (struct ar_caller){ .oom_score_adj = (int)score->value,
				   .nofile_soft = 1024,
				   .nofile_hard = nofile->set ? nofile->value : 1048576,
				   .may_raise = true };
}

static void make_facts(struct golden *g)
{
	const char *cache = "/home/u1/.cache/agentrun";
	const struct case_facts *s = &g->says;
	struct ar_facts *f = &g->facts;

	f->kernel_major = 6;
	f->kernel_minor = 18;
	f->host_root = s->rootless != AR_YES;
	f->userns = !f->host_root;
	f->overflow_uid = 65534;
	f->cgroup_controllers = or (s->controllers, "cpuset cpu io memory hugetlb pids");
	f->landlock_abi = s->landlock.set ? (int)s->landlock.value : 7;
	f->memfd_noexec = s->memfd_noexec != AR_NO;
	f->apparmor = s->apparmor_default || s->apparmor_asked;
	f->apparmor_default = s->apparmor_default;
	f->apparmor_asked = s->apparmor_asked;
	f->selinux = s->selinux == AR_YES;
	f->home = s->home ? resolve(g, s->home) : NULL;
	f->home_exists = s->home != NULL;
	f->bundle = or (s->bundle, "/run/bundle");
	f->id = or (s->id, "box");
	f->state_root = or (s->state_root, "/run/agentrun");
	f->own_data = (struct ar_strings){ ar_memdup(g->arena, &f->state_root, sizeof(char *)), 1 };
	f->own_caches = (struct ar_strings){ ar_memdup(g->arena, &cache, sizeof(char *)), 1 };
	f->memory_total = s->memory_total.value;
	f->caller = caller_of(&s->oom_score_adj, &s->nofile);
	f->now = s->now.set ? s->now.value : 1800000000; /* 2027-01-15 */
	f->root = make_source(g, or (s->root, g->spec->root ? g->spec->root->path : "/"));
	if (f->root.resolved[0] != '/')
		f->root.resolved = ar_printf(g->arena, "%s/%s", f->bundle, f->root.resolved);
	make_mounts(g);
	make_devices(g);
	make_hooks(g);
	make_namespaces(g);
	make_joined_gids(g);
}

static void read_args(struct golden *g)
{
	char *text = text_of(g, "args"), *save = NULL;

	g->asked.profile = AR_PROFILE_AGENT;
	for (char *word = text ? strtok_r(text, " \n", &save) : NULL; word;
	     word = strtok_r(NULL, " \n", &save)) {
		struct ar_error err;

		if (ar_streq(word, "no-pivot"))
			g->asked.no_pivot = true;
		else if (ar_streq(word, "no-new-keyring"))
			g->asked.no_new_keyring = true;
		else if (ar_streq(word, "cgroup-disabled"))
			g->asked.cgroup_disabled = true;
		else if (ar_profile_choose(word, "agentrun", g->config, &g->asked.profile, &err) <
			 0)
			die(&err);
	}
}

static void read_case(struct golden *g)
{
	struct ar_error err = { 0 };
	const char *text;

	text = text_of(g, "config.json");
	if (!text) {
		ar_refuse(&err, ENOENT, "no config.json");
		die(&err);
	}
	if (ar_spec_parse(g->arena, "config.json", text, strlen(text), AR_READ_STRICT, &g->spec,
			  &err) < 0)
		die(&err);
	text = text_of(g, "agentrun.conf");
	g->config = &ar_config_default;
	if (text &&
	    ar_config_parse(g->arena, "agentrun.conf", text, strlen(text), &g->config, &err) < 0)
		die(&err);
	(void)decode(g, &facts_class, "facts.json", &g->says); /* without the file: the defaults */
	read_args(g);
	g->asked.bundle_policy = text_of(g, "agentrun.json");
	make_facts(g);
}

/* --- what comes out ---------------------------------------------------------------------- */

static void put_decisions(struct ar_json_writer *w, const struct ar_list *decisions)
{
	ar_json_key(w, "decisions");
	ar_json_open(w, '[');
	ar_list_foreach(const struct ar_decision, d, decisions)
		ar_encode(w, &ar_decision_class, d);
	ar_json_close(w, ']');
}

/* Only what policy decided about an exec or update, not the container again. */
static bool put_later(struct golden *g, const struct ar_effective *container,
		      struct ar_json_writer *w)
{
	struct ar_process process = { 0 };
	struct ar_resources resources = { 0 };
	const struct ar_process *ret_process;
	const struct ar_resources *ret_resources;
	struct ar_error err = { 0 };
	struct ar_list decisions;
	const struct ar_caller by = caller_of(&g->says.exec_oom_score_adj, &g->says.exec_nofile);

	if (decode(g, &ar_process_class, "process.json", &process)) {
		int r = ar_merge_exec(g->arena, container, &by, &process, &ret_process, &decisions,
				      &err);

		ar_json_open(w, '{');
		if (r < 0) {
			ar_json_kv(w, "error", err.text);
		} else {
			ar_json_key(w, "process");
			ar_encode(w, &ar_process_class, ret_process);
		}
	} else if (decode(g, &ar_resources_class, "resources.json", &resources)) {
		if (ar_merge_update(g->arena, container, g->config, g->facts.memory_total,
				    &resources, &ret_resources, &decisions, &err) < 0)
			die(&err);
		ar_json_open(w, '{');
		ar_json_key(w, "resources");
		ar_encode(w, &ar_resources_class, ret_resources);
	} else {
		return false;
	}
	put_decisions(w, &decisions);
	ar_json_close(w, '}');
	return true;
}

static void put_json(struct golden *g, struct ar_json_writer *w)
{
	const struct ar_effective *effective, *shown;
	struct ar_error err = { 0 };

	int r = ar_merge(g->arena, g->spec, g->config, &g->facts, &g->asked, &effective, &err);

	if (r == 0 && put_later(g, effective, w))
		return;
	if (ar_merge_show(g->arena, g->spec, g->config, &g->facts, &g->asked, &shown, &err) < 0)
		die(&err);
	ar_json_open(w, '{');
	if (r < 0)
		ar_json_kv(w, "error", err.text);
	ar_json_key(w, "effective");
	ar_effective_encode(w, shown);
	ar_json_close(w, '}');
}

int main(int argc, char **argv)
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct golden g = { .arena = arena };

	if (argc != 3) {
		fprintf(stderr, "usage: golden json|text CASE\n");
		return 2;
	}
	g.dir = open(argv[2], O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (g.dir < 0) {
		perror(argv[2]);
		return 2;
	}
	read_case(&g);
	if (ar_streq(argv[1], "json")) {
		struct ar_json_writer w = AR_JSON_WRITER_INIT("\t");

		put_json(&g, &w);
		puts(ar_text_str(&w.out));
		ar_json_done(&w);
	} else {
		_cleanup_text_ struct ar_text out = AR_TEXT_INIT;
		const struct ar_effective *shown;
		struct ar_error err = { 0 };

		if (ar_merge_show(arena, g.spec, g.config, &g.facts, &g.asked, &shown, &err) < 0)
			die(&err);
		ar_explain_text(&out, shown, &g.facts);
		fputs(ar_text_str(&out), stdout);
	}
	return close(g.dir) < 0;
}
