/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/path.h"
#include "base/sys.h"
#include "policy/explain.h"
#include "policy/merge.h"
#include "policy/mount-flags.h"
#include "json/read.h"
#include "json/write.h"

#include "fuzz.h"

/*
 * Any bytes as agentrun.conf, as the agentrun.json of a bundle, and as a bundle that is merged with
 *a host that is made up from it: refused in one line, or an effective configuration that keeps what
 *the profile promises, survives being written and read, and can be explained.
 *
 *	clang -g -O1 -fsanitize=fuzzer,address,undefined -std=c11 -D_GNU_SOURCE -Ilibcontainer \
 *		tests/fuzz/fuzz-policy.c libcontainer/base/X.c libcontainer/json/X.c \
 *		libcontainer/spec/X.c libcontainer/policy/Y.c -lyajl -o fuzz-policy
 *			(X: all of them; Y: all but gen-seccomp)
 *	./fuzz-policy -max_len=65536 NEW-INPUTS tests/fuzz/corpus/policy
 */
const char fuzz_corpus[] = "policy";

#define MUST(condition)                                                                         \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                \
		}                                                                               \
	} while (0)

static void check_error(int r, const struct ar_error *err)
{
	MUST(r < 0 && err->code == -r);
	MUST(err->text[0] && !strchr(err->text, '\n'));
}

/* --- a host ------------------------------------------------------------------------------ */

/* Kinds, file systems and contents follow from the name, so that the fuzzer reaches them all. */
static struct ar_source source_of(struct ar_arena *arena, const char *asked)
{
	static const mode_t kinds[] = { S_IFDIR, S_IFREG, S_IFSOCK, S_IFCHR, S_IFBLK, S_IFIFO };
	static const char *const holds[] = { NULL, NULL, ".ssh", "/run/docker.sock" };
	struct ar_source s = { .fd = -1, .asked = asked, .fs_type = 0xef53 };
	size_t len = strlen(asked);

	s.resolved = ar_path_absolute(arena, asked);
	s.mode = kinds[len % 7 < 6 ? len % 7 : 0] | 0755;
	s.holds = holds[len % 4];
	if (len % 11 == 0)
		s.fs_type = 0x9fa0;
	return s;
}

static void make_mounts(struct ar_arena *arena, const struct ar_spec *spec, struct ar_facts *f)
{
	const struct ar_mount *m = spec->mounts.items;

	f->n_mounts = spec->mounts.n;
	f->mount_source = ar_alloc_array(arena, f->n_mounts + 1, sizeof(int));
	f->mount_target = ar_alloc_array(arena, f->n_mounts + 1, sizeof(char *));
	f->sources = ar_alloc_array(arena, f->n_mounts + 1, sizeof(*f->sources));
	for (size_t i = 0; i < f->n_mounts; i++) {
		struct ar_mount_options options;

		f->mount_target[i] = ar_path_absolute(arena, m[i].destination);
		f->mount_source[i] = -1;
		ar_mount_options_parse(arena, &m[i].options, &options);
		if (!ar_mount_is_bind(&m[i], &options) || !m[i].source)
			continue;
		f->mount_source[i] = (int)f->n_sources;
		f->sources[f->n_sources++] = source_of(arena, m[i].source);
	}
}

static void make_hooks(struct ar_arena *arena, const struct ar_spec *spec, struct ar_facts *f)
{
	const struct ar_hooks *h = spec->hooks;

	if (!h)
		return;
	const struct ar_list *const lists[] = { &h->prestart,	      &h->create_runtime,
						&h->create_container, &h->start_container,
						&h->poststart,	      &h->poststop };
	size_t n = 0;

	for (size_t i = 0; i < 6; i++)
		n += lists[i]->n;
	f->hooks = ar_alloc_array(arena, n + 1, sizeof(*f->hooks));
	for (size_t i = 0; i < 6; i++)
		ar_list_foreach(const struct ar_hook, hook, lists[i])
			f->hooks[f->n_hooks++] = (struct ar_hook_fact){ .resolved = hook->path,
									.mode = S_IFREG | 0755 };
}

static struct ar_facts make_facts(struct ar_arena *arena, const struct ar_spec *spec)
{
	static struct ar_group_fact groups[] = { { "disk", 6 } };
	struct ar_facts f = {
		.host_root = true,
		.overflow_uid = 65534,
		.landlock_abi = 7,
		.memfd_noexec = true,
		.cgroup_controllers = "cpu memory pids",
		.root = { .fd = -1, .resolved = "/srv/box/rootfs", .mode = S_IFDIR | 0755 },
		.groups = groups,
		.n_groups = 1,
		.home = "/root",
		.home_exists = true,
		.caller = { .nofile_hard = 1048576 }
	};

	make_mounts(arena, spec, &f);
	make_hooks(arena, spec, &f);
	if (spec->linux) {
		const struct ar_namespace *ns = spec->linux->namespaces.items;

		f.n_namespaces = spec->linux->namespaces.n;
		f.namespaces = ar_alloc_array(arena, f.n_namespaces + 1, sizeof(char *));
		for (size_t i = 0; i < f.n_namespaces; i++)
			f.namespaces[i] = ns[i].path;
	}
	return f;
}

/* --- what must hold ---------------------------------------------------------------------- */

static void check_mount(struct ar_arena *arena, const struct ar_mount *m)
{
	const uint64_t flags = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	struct ar_mount_options o;

	ar_mount_options_parse(arena, &m->options, &o);
	MUST(!(o.propagation & MS_SHARED));
	MUST(!o.remount);
	if (ar_mount_is_bind(m, &o)) {
		MUST(((o.recursive ? o.rec_set : o.rec_set | o.attr_set) & flags) == flags);
		MUST(!(o.rec_clr & flags));
		return;
	}
	MUST(o.attr_set & MOUNT_ATTR_NOSUID);
	MUST(o.attr_set & MOUNT_ATTR_NOEXEC);
	if (ar_streq(m->type, "sysfs") || ar_starts_with(m->type, "cgroup"))
		MUST(o.attr_set & MOUNT_ATTR_RDONLY);
}

static void check_capabilities(const struct ar_strings *caps, enum ar_profile profile)
{
	static const char *agent[] = { "CAP_CHOWN",  "CAP_DAC_OVERRIDE",
				       "CAP_FOWNER", "CAP_FSETID",
				       "CAP_KILL",   "CAP_SETGID",
				       "CAP_SETUID", "CAP_NET_BIND_SERVICE" };
	const struct ar_strings allowed = { agent,
					    profile == AR_PROFILE_AGENT ? AR_COUNT(agent) : 0 };

	for (size_t i = 0; i < caps->n; i++)
		MUST(ar_strings_have(&allowed, caps->items[i]));
}

static void check_promises(struct ar_arena *arena, const struct ar_effective *e)
{
	const struct ar_spec *s = e->spec;
	const struct ar_process *p = s->process;

	MUST(e->builtin_seccomp && e->landlock_scope && e->new_keyring && !e->no_pivot);
	MUST(s->root->readonly == AR_YES);
	MUST(p->no_new_privileges == AR_YES);
	check_capabilities(&p->capabilities->bounding, e->profile);
	check_capabilities(&p->capabilities->permitted, e->profile);
	check_capabilities(&p->capabilities->effective, e->profile);
	MUST(p->capabilities->ambient.n == 0 && p->capabilities->inheritable.n == 0);
	MUST(!ar_streq(p->apparmor_profile, "unconfined"));
	MUST(s->linux->resources->pids->limit.value > 0 &&
	     s->linux->resources->pids->limit.value <= 4096);
	MUST(s->linux->resources->memory->limit.value > 0);
	MUST(s->linux->resources->memory->swap.value == s->linux->resources->memory->limit.value);
	MUST(!s->linux->seccomp || !s->linux->seccomp->listener_path);
	MUST(!s->linux->intel_rdt && !s->linux->net_devices.n && !s->vm);
	MUST(ar_spec_namespace(s, "cgroup") && ar_spec_namespace(s, "pid") &&
	     ar_spec_namespace(s, "network"));
	MUST(ar_map_get(&s->annotations, "org.criu.config") == NULL);
	ar_list_foreach(const struct ar_mount, m, &s->mounts)
		check_mount(arena, m);
}

static void check_record(struct ar_arena *arena, const struct ar_effective *e)
{
	struct ar_json_writer first = AR_JSON_WRITER_INIT(NULL), again = AR_JSON_WRITER_INIT(NULL);
	struct ar_json_limits limits = ar_json_limits_default;
	const struct ar_effective *restored;
	const struct ar_json *json;
	struct ar_error err;

	limits.max_bytes *= 8; /* escapes */
	ar_effective_encode(&first, e);
	MUST(ar_json_parse(arena, "record", first.out.s, first.out.len, &limits, &json, &err) == 0);
	MUST(ar_effective_decode(arena, "record", json, &restored, &err) == 0);
	ar_effective_encode(&again, restored);
	MUST(strcmp(first.out.s, again.out.s) == 0);
	ar_json_done(&first);
	ar_json_done(&again);
}

static void check_explained(const struct ar_effective *e, const struct ar_facts *f)
{
	struct ar_text out = AR_TEXT_INIT;

	ar_explain_text(&out, e, f);
	for (const char *c = ar_text_str(&out); *c; c++)
		MUST((unsigned char)*c >= 0x20 || *c == '\n');
	ar_text_done(&out);
}

/* --- inputs ------------------------------------------------------------------------------ */

static void try_bundle(struct ar_arena *arena, const struct ar_spec *spec, const char *policy)
{
	const struct ar_facts facts = make_facts(arena, spec);

	for (int profile = AR_PROFILE_AGENT; profile <= AR_PROFILE_STRICT; profile++) {
		const struct ar_asked asked = { .profile = (enum ar_profile)profile,
						.bundle_policy = policy };
		const struct ar_effective *e;
		struct ar_error err = { 0 };
		int r = ar_merge(arena, spec, &ar_config_default, &facts, &asked, &e, &err);

		if (r < 0)
			check_error(r, &err);
		else
			check_promises(arena, e);
		MUST(ar_merge_show(arena, spec, &ar_config_default, &facts, &asked, &e, &err) == 0);
		MUST((e->refusals > 0) == (r < 0));
		check_explained(e, &facts);
		if (r == 0)
			check_record(arena, e);
	}
}

static const char small[] =
	"{\"ociVersion\":\"1.2.0\",\"process\":{\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"x\"],\"cwd\":\"/\"},"
	"\"root\":{\"path\":\"r\"},\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"},"
	"{\"type\":\"uts\"},{\"type\":\"mount\"}]}}";

/* NULL: it is no bundle. */
static const struct ar_spec *bundle_of(struct ar_arena *arena, const char *text, size_t len)
{
	struct ar_spec *spec = ar_alloc(arena, sizeof(*spec));
	const struct ar_json *json;
	struct ar_error err;

	if (ar_json_parse(arena, "input", text, len, &ar_json_limits_default, &json, &err) < 0 ||
	    ar_decode(arena, &ar_spec_class, "input", "", json, spec, &err) < 0 ||
	    ar_spec_validate(spec, "input", AR_READ_STRICT, &err) < 0)
		return NULL;
	return spec;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	const char *text = ar_strndup(arena, (const char *)data, size);
	const struct ar_config *config;
	const struct ar_spec *spec;
	struct ar_error err = { 0 };
	int r = ar_config_parse(arena, "input", (const char *)data, size, &config, &err);

	if (r < 0)
		check_error(r, &err);
	spec = bundle_of(arena, text, strlen(text));
	if (spec)
		try_bundle(arena, spec, NULL);
	try_bundle(arena, bundle_of(arena, small, sizeof(small) - 1), text);
	return 0;
}
