/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "policy/explain.h"
#include "policy/merge.h"
#include "json/read.h"
#include "json/write.h"

/*
 * What holds for every merge; what becomes of each engine's bundles is in tests/golden.
 */

static struct ar_arena *arena;
static struct ar_error err;

#define HEAD \
	"{ \"ociVersion\": \"1.2.0\", \"process\": { \"user\": { \"uid\": 0, \"gid\": 0 }, \"args\": [\"x\"], \"cwd\": \"/\""
#define NAMESPACES                                                                                               \
	"\"namespaces\": [ {\"type\":\"pid\"}, {\"type\":\"network\"}, {\"type\":\"ipc\"}, {\"type\":\"uts\"}, " \
	"{\"type\":\"mount\"}, {\"type\":\"cgroup\"} ]"
static const char small[] = HEAD " }, \"root\": { \"path\": \"rootfs\" }, \"linux\": { " NAMESPACES
				 " } }";

static struct ar_spec *spec_of(const char *text)
{
	struct ar_spec *spec = ar_alloc(arena, sizeof(*spec));
	const struct ar_json *json;

	if (ar_json_parse(arena, "config.json", text, strlen(text), &ar_json_limits_default, &json,
			  &err) < 0 ||
	    ar_decode(arena, &ar_spec_class, "config.json", "", json, spec, &err) < 0)
		test_fail(__FILE__, __LINE__, "%s", err.text);
	return spec;
}

static struct ar_facts host(void)
{
	static const char *const own[] = { "pid:[4026531836]", "net:[4026531992]", NULL };

	return (struct ar_facts){
		.host_root = true,
		.root = { .fd = -1, .resolved = "/srv/box/rootfs", .mode = S_IFDIR | 0755 },
		.landlock_abi = 7,
		.memfd_noexec = true,
		.cgroup_controllers = "cpu memory pids",
		.caller = { .nofile_soft = 1024, .nofile_hard = 1048576, .may_raise = true },
		.host_namespaces = own,
		.now = 1800000000
	};
}

static const struct ar_effective *merged(const char *text, enum ar_profile profile)
{
	const struct ar_effective *e = NULL;
	const struct ar_facts facts = host();
	const struct ar_asked asked = { .profile = profile, .digest = "sha256:00" };

	if (ar_merge(arena, spec_of(text), &ar_config_default, &facts, &asked, &e, &err) < 0)
		test_fail(__FILE__, __LINE__, "%s", err.text);
	return e;
}

static const char *encoded(const struct ar_effective *e)
{
	struct ar_json_writer w = AR_JSON_WRITER_INIT(NULL);
	const char *text;

	ar_effective_encode(&w, e);
	text = ar_strdup(arena, ar_text_str(&w.out));
	ar_json_done(&w);
	return text;
}

static int decoded(const char *text, const struct ar_effective **ret)
{
	const struct ar_json *json;

	CHECK_INT(ar_json_parse(arena, "effective.json", text, strlen(text),
				&ar_json_limits_default, &json, &err),
		  0);
	return ar_effective_decode(arena, "effective.json", json, ret, &err);
}

/* Tests are processes of their own: the arena is given back so that a leak checker sees nothing. */
#define WITH_ARENA for (arena = ar_arena_new(); arena; ar_arena_free(arena), arena = NULL)

/* --- profiles ---------------------------------------------------------------------------- */

TEST("compat changes nothing and decides nothing")
{
	WITH_ARENA
	{
		struct ar_spec *spec = spec_of(small);
		const struct ar_facts facts = host();
		const struct ar_asked asked = { .profile = AR_PROFILE_COMPAT,
						.no_pivot = true,
						.no_new_keyring = true };
		const struct ar_effective *e;

		CHECK_INT(ar_merge(arena, spec, &ar_config_default, &facts, &asked, &e, &err), 0);
		CHECK(e->spec == spec);
		CHECK_UINT(e->decisions.n, 0);
		CHECK(e->no_pivot);
		CHECK(!e->new_keyring);
		CHECK(!e->builtin_seccomp);
		for (int c = 0; c < AR_CONTROL_COUNT; c++)
			CHECK_INT(e->strength[c], AR_OFF);
	}
}

TEST("the bundle's own structures are never written")
{
	WITH_ARENA
	{
		struct ar_spec *spec = spec_of(small);
		struct ar_json_writer before = AR_JSON_WRITER_INIT(NULL),
				      after = AR_JSON_WRITER_INIT(NULL);
		const struct ar_facts facts = host();
		const struct ar_asked asked = { .profile = AR_PROFILE_AGENT };
		const struct ar_effective *e;

		ar_encode(&before, &ar_spec_class, spec);
		CHECK_INT(ar_merge(arena, spec, &ar_config_default, &facts, &asked, &e, &err), 0);
		ar_encode(&after, &ar_spec_class, spec);
		CHECK_STR(ar_text_str(&after.out), ar_text_str(&before.out));
		ar_json_done(&before);
		ar_json_done(&after);
	}
}

TEST("what agent made is left as it is by a second merge")
{
	WITH_ARENA
	{
		const struct ar_effective *first = merged(small, AR_PROFILE_AGENT), *second;
		struct ar_facts facts = host();
		const struct ar_asked asked = { .profile = AR_PROFILE_AGENT };
		struct ar_json_writer a = AR_JSON_WRITER_INIT(NULL), b = AR_JSON_WRITER_INIT(NULL);

		CHECK_INT(ar_merge(arena, first->spec, &ar_config_default, &facts, &asked, &second,
				   &err),
			  0);
		ar_encode(&a, &ar_spec_class, first->spec);
		ar_encode(&b, &ar_spec_class, second->spec);
		CHECK_STR(ar_text_str(&b.out), ar_text_str(&a.out));
		ar_json_done(&a);
		ar_json_done(&b);
	}
}

TEST("a bundle that says nearly nothing is still caged")
{
	WITH_ARENA
	{
		const struct ar_effective *e = merged(small, AR_PROFILE_AGENT);
		const struct ar_process *p = e->spec->process;

		CHECK_INT(e->spec->root->readonly, AR_YES);
		CHECK_INT(p->no_new_privileges, AR_YES);
		CHECK_UINT(p->capabilities->bounding.n, 0);
		CHECK_INT(e->spec->linux->resources->pids->limit.value, 1024);
		CHECK(e->spec->linux->masked_paths.n > 20);
		CHECK(e->builtin_seccomp && e->landlock_scope && e->new_keyring && e->memfd_noexec);
		CHECK_STR(((const struct ar_mount *)e->spec->mounts.items)[0].destination, "/tmp");
	}
}

TEST("strict has every switch that agent has, and its own")
{
	WITH_ARENA
	{
		const struct ar_effective *e = merged(small, AR_PROFILE_STRICT);

		CHECK(e->builtin_seccomp && e->landlock_scope && e->new_keyring && e->memfd_noexec);
		CHECK(e->landlock_signals && e->proc_hidepid);
	}
}

/* --- refusals ---------------------------------------------------------------------------- */

static const char bad[] = HEAD
	" }, \"root\": { \"path\": \"rootfs\" }, \"vm\": { \"kernel\": { \"path\": \"/k\" } }, "
	"\"linux\": { \"intelRdt\": { \"closID\": \"x\" }, " NAMESPACES " } }";

TEST("a refusal leaves the answer alone and says field, profile and reason")
{
	WITH_ARENA
	{
		const struct ar_effective *e = NULL;
		const struct ar_facts facts = host();
		const struct ar_asked asked = { .profile = AR_PROFILE_AGENT };

		CHECK_INT(ar_merge(arena, spec_of(bad), &ar_config_default, &facts, &asked, &e,
				   &err),
			  -EPERM);
		CHECK(!e);
		CHECK_HAS(err.text, "is refused by the agent profile: ");
	}
}

TEST("no refusal reads like a missing command or a lack of rights")
{
	/* engines choose exit codes by these words */
	WITH_ARENA
	{
		const struct ar_effective *e;
		const struct ar_facts facts = host();
		const struct ar_asked asked = { .profile = AR_PROFILE_AGENT, .no_pivot = true };

		CHECK_INT(ar_merge_show(arena, spec_of(bad), &ar_config_default, &facts, &asked, &e,
					&err),
			  0);
		ar_list_foreach(const struct ar_decision, d, &e->decisions) {
			CHECK(!strstr(d->reason, "no such file or directory"));
			CHECK(!strstr(d->reason, "permission denied"));
			CHECK(!strstr(d->reason, "operation not permitted"));
			CHECK(!strstr(d->reason, "is a directory"));
		}
	}
}

TEST("to be looked at, all refusals are shown, not only the first")
{
	WITH_ARENA
	{
		const struct ar_effective *e;
		const struct ar_facts facts = host();
		const struct ar_asked asked = { .profile = AR_PROFILE_AGENT };
		struct ar_text out = AR_TEXT_INIT;

		CHECK_INT(ar_merge_show(arena, spec_of(bad), &ar_config_default, &facts, &asked, &e,
					&err),
			  0);
		CHECK_UINT(e->refusals, 2);
		ar_explain_text(&out, e, &facts);
		CHECK_HAS(ar_text_str(&out), "  linux.intelRdt: it changes");
		CHECK_HAS(ar_text_str(&out), "  vm: it asks");
		ar_text_done(&out);
	}
}

TEST("the vm profile makes no effective configuration")
{
	WITH_ARENA
	{
		const struct ar_effective *e = NULL;
		const struct ar_facts facts = host();
		const struct ar_asked asked = { .profile = AR_PROFILE_VM };

		CHECK_INT(ar_merge(arena, spec_of(small), &ar_config_default, &facts, &asked, &e,
				   &err),
			  -ENOTSUP);
		CHECK_INT(ar_merge_show(arena, spec_of(small), &ar_config_default, &facts, &asked,
					&e, &err),
			  -ENOTSUP);
		CHECK(!e);
	}
}

/* --- the record -------------------------------------------------------------------------- */

TEST("an effective configuration survives being written and read")
{
	WITH_ARENA
	{
		const struct ar_effective *e = merged(small, AR_PROFILE_STRICT), *again;
		const char *text = encoded(e);

		CHECK_INT(decoded(text, &again), 0);
		CHECK_STR(encoded(again), text);
		CHECK_STR(again->digest, "sha256:00");
		CHECK(again->pids_default);
		CHECK_INT(again->profile, AR_PROFILE_STRICT);
	}
}

TEST("mounts of a record have no descriptors")
{
	WITH_ARENA
	{
		const struct ar_effective *again;

		CHECK_INT(decoded(encoded(merged(small, AR_PROFILE_AGENT)), &again), 0);
		CHECK(again->spec->mounts.n > 3);
		for (size_t i = 0; i < again->spec->mounts.n; i++)
			CHECK_INT(again->mount_source[i], -1);
	}
}

/* text without the first member called key (a string, or true or false) */
static const char *without(const char *text, const char *key)
{
	const char *at = strstr(text, key), *end = strchr(at, ',');

	return ar_printf(arena, "%.*s%s", (int)(at - text), text, end + 1);
}

TEST("a record without a control or switch is refused, not weaker")
{
	WITH_ARENA
	{
		const struct ar_effective *e = merged(small, AR_PROFILE_AGENT), *again = NULL;
		const char *text = encoded(e);

		CHECK_INT(decoded(without(text, "\"seccomp\":\"required\""), &again), -EINVAL);
		CHECK_HAS(err.text, "no strength for the control 'seccomp'");
		CHECK_INT(decoded(without(text, "\"landlockScope\":true"), &again), -EINVAL);
		CHECK_HAS(err.text, "no switch 'landlockScope'");
		CHECK_INT(decoded(without(text, "\"profile\":\"agent\""), &again), -EINVAL);
		CHECK(!again);
	}
}

TEST("why a control is off is told")
{
	WITH_ARENA
	{
		const struct ar_effective *e = merged(small, AR_PROFILE_AGENT);

		CHECK_STR(ar_effective_not_applied(e, AR_CONTROL_USER_NAMESPACE),
			  "no id range is configured");
		CHECK_STR(ar_effective_not_applied(e, AR_CONTROL_SECCOMP), NULL);
		CHECK_INT(e->strength[AR_CONTROL_USER_NAMESPACE], AR_OFF);
	}
}

/* --- exec -------------------------------------------------------------------------------- */

/* Who starts it: root, with more than the container's creator. */
static const struct ar_caller shell = { .nofile_soft = 4096,
					.nofile_hard = 2097152,
					.may_raise = true };

TEST("an exec that asks nothing gets what its container has")
{
	WITH_ARENA
	{
		const char *args[] = { "id", NULL };
		const struct ar_process asked = { .args = { args, 1 } };
		const struct ar_effective *e = merged(small, AR_PROFILE_AGENT);
		const struct ar_process *p;
		struct ar_list decisions;

		CHECK_INT(ar_merge_exec(arena, e, &shell, &asked, &p, &decisions, &err), 0);
		CHECK_UINT(decisions.n, 0);
		CHECK_STR(p->args.items[0], "id");
		CHECK_STR(p->cwd, "/");
		CHECK_INT(p->no_new_privileges, AR_YES);
		CHECK_UINT(p->rlimits.n, e->spec->process->rlimits.n);
		CHECK_INT(p->terminal, AR_UNSET);
	}
}

TEST("an exec into a restored container is held as before")
{
	WITH_ARENA
	{
		const char *args[] = { "id", NULL }, *caps[] = { "CAP_SYS_ADMIN", NULL };
		struct ar_capabilities wanted = { .bounding = { caps, 1 },
						  .effective = { caps, 1 },
						  .ambient = { caps, 1 } };
		const struct ar_process asked = { .args = { args, 1 },
						  .capabilities = &wanted,
						  .no_new_privileges = AR_NO };
		const struct ar_effective *e;
		const struct ar_process *p;

		CHECK_INT(decoded(encoded(merged(small, AR_PROFILE_AGENT)), &e), 0);
		CHECK_INT(ar_merge_exec(arena, e, &shell, &asked, &p, NULL, &err), 0);
		CHECK_UINT(p->capabilities->bounding.n, 0);
		CHECK_UINT(p->capabilities->effective.n, 0);
		CHECK_UINT(p->capabilities->ambient.n, 0);
		CHECK_INT(p->no_new_privileges, AR_YES);
	}
}

static const char many_files[] = HEAD
	", \"rlimits\": [ { \"type\": \"RLIMIT_NOFILE\", \"soft\": 1048576, \"hard\": 1048576 }, "
	"{ \"type\": \"RLIMIT_NPROC\", \"soft\": 32768, \"hard\": 32768 } ] }, "
	"\"root\": { \"path\": \"rootfs\" }, \"linux\": { " NAMESPACES " } }";

static uint64_t hard(const struct ar_process *p, const char *type)
{
	ar_list_foreach(const struct ar_rlimit, limit, &p->rlimits)
		if (ar_streq(limit->type, type))
			return limit->hard.value;
	return UINT64_MAX;
}

TEST("a limit that this caller cannot raise is held to its own, so that the container starts")
{
	WITH_ARENA
	{
		struct ar_rlimit own[] = { { "RLIMIT_NOFILE", { true, 1024 }, { true, 4096 } },
					   { "RLIMIT_NPROC", { true, 9 }, { true, UINT64_MAX } } };
		struct ar_facts facts = host();
		const struct ar_asked asked = { .profile = AR_PROFILE_AGENT };
		const struct ar_effective *e;

		facts.caller.rlimits = (struct ar_list){ own, 2 };
		CHECK_INT(ar_merge(arena, spec_of(many_files), &ar_config_default, &facts, &asked,
				   &e, &err),
			  0);
		CHECK_UINT(hard(e->spec->process, "RLIMIT_NOFILE"), 4096);
		CHECK_UINT(hard(e->spec->process, "RLIMIT_NPROC"), 32768);
		e = merged(many_files, AR_PROFILE_AGENT);
		CHECK_UINT(hard(e->spec->process, "RLIMIT_NOFILE"), 65536);
	}
}

TEST("an exec asks for no more descriptors than its container has")
{
	WITH_ARENA
	{
		const char *args[] = { "id", NULL };
		struct ar_rlimit more[] = {
			{ "RLIMIT_NOFILE", { true, 1048576 }, { true, 1048576 } },
			{ "RLIMIT_NPROC", { true, 99999 }, { true, 99999 } }
		};
		const struct ar_process asked = { .args = { args, 1 }, .rlimits = { more, 2 } };
		const struct ar_process *p;

		CHECK_INT(ar_merge_exec(arena, merged(many_files, AR_PROFILE_AGENT), &shell, &asked,
					&p, NULL, &err),
			  0);
		CHECK_UINT(hard(p, "RLIMIT_NOFILE"), 65536);
		CHECK_UINT(hard(p, "RLIMIT_NPROC"), 32768);
		CHECK_UINT(hard(p, "RLIMIT_CORE"), 0);
	}
}

TEST("an exec inherits no more from its caller than the container was created with")
{
	WITH_ARENA
	{
		const char *args[] = { "id", NULL };
		const struct ar_process asked = { .args = { args, 1 } };
		const struct ar_asked create = { .profile = AR_PROFILE_AGENT };
		struct ar_caller spared = shell;
		struct ar_facts facts = host();
		const struct ar_effective *e;
		const struct ar_process *p;

		facts.caller.nofile_hard = 2000;
		CHECK_INT(ar_merge(arena, spec_of(small), &ar_config_default, &facts, &create, &e,
				   &err),
			  0);
		CHECK_UINT(hard(e->spec->process, "RLIMIT_NOFILE"), 2000);
		CHECK(!e->spec->process->oom_score_adj.set);
		spared.oom_score_adj = -500;
		CHECK_INT(ar_merge_exec(arena, e, &spared, &asked, &p, NULL, &err), 0);
		CHECK_UINT(hard(p, "RLIMIT_NOFILE"), 2000);
		CHECK(p->oom_score_adj.set);
		CHECK_INT(p->oom_score_adj.value, 0);

		/* priorities that an engine was given are not for its containers */
		facts.caller.rtprio_hard = 99;
		facts.caller.nice_hard = 40;
		CHECK_INT(ar_merge(arena, spec_of(small), &ar_config_default, &facts, &create, &e,
				   &err),
			  0);
		CHECK_UINT(hard(e->spec->process, "RLIMIT_RTPRIO"), 0);
		CHECK_UINT(hard(e->spec->process, "RLIMIT_NICE"), 20);

		facts.caller.oom_score_adj = 300;
		CHECK_INT(ar_merge(arena, spec_of(small), &ar_config_default, &facts, &create, &e,
				   &err),
			  0);
		CHECK_INT(e->spec->process->oom_score_adj.value, 300);
		CHECK_INT(ar_merge_exec(arena, e, &spared, &asked, &p, NULL, &err), 0);
		CHECK_INT(p->oom_score_adj.value, 300);
	}
}

TEST("an exec by a caller that may raise nothing starts with what it has")
{
	WITH_ARENA
	{
		struct ar_rlimit own[] = { { "RLIMIT_NOFILE", { true, 512 }, { true, 1024 } } };
		const struct ar_caller user = { .oom_score_adj = 200,
						.nofile_soft = 512,
						.nofile_hard = 1024,
						.rlimits = { own, 1 } };
		const char *args[] = { "id", NULL };
		const struct ar_process asked = { .args = { args, 1 } };
		const struct ar_asked create = { .profile = AR_PROFILE_AGENT };
		struct ar_facts facts = host();
		const struct ar_effective *e;
		const struct ar_process *p;

		facts.caller.oom_score_adj = 100;
		CHECK_INT(ar_merge(arena, spec_of(small), &ar_config_default, &facts, &create, &e,
				   &err),
			  0);
		CHECK_INT(ar_merge_exec(arena, e, &user, &asked, &p, NULL, &err), 0);
		CHECK_UINT(hard(p, "RLIMIT_NOFILE"), 1024);
		CHECK_INT(p->oom_score_adj.value, 200);
	}
}

/* --- explain ----------------------------------------------------------------------------- */

TEST("what comes from outside never ends or widens a line of explain")
{
	WITH_ARENA
	{
		const struct ar_effective *e;
		struct ar_pair pairs[] = { { "run.oci.a", "x\nRefused: nothing\n\x1b[2J\r" },
					   { "run.oci.b", NULL } };
		struct ar_spec *spec = spec_of(small);
		const struct ar_facts facts = host();
		const struct ar_asked asked = { .profile = AR_PROFILE_AGENT };
		struct ar_text out = AR_TEXT_INIT;
		char wide[600];

		memset(wide, 'w', sizeof(wide) - 1);
		wide[sizeof(wide) - 1] = '\0';
		pairs[1].value = wide;
		spec->annotations = (struct ar_map){ pairs, 2 };
		CHECK_INT(ar_merge_show(arena, spec, &ar_config_default, &facts, &asked, &e, &err),
			  0);
		ar_explain_text(&out, e, &facts);
		CHECK(!strchr(ar_text_str(&out), '\x1b'));
		CHECK(!strstr(ar_text_str(&out), "\nRefused"));
		for (const char *line = ar_text_str(&out); *line; line += strcspn(line, "\n") + 1)
			if (strcspn(line, "\n") > 100 ||
			    (strcspn(line, "\n") && line[strcspn(line, "\n") - 1] == ' '))
				test_fail(__FILE__, __LINE__, "%.*s", (int)strcspn(line, "\n"),
					  line);
		ar_text_done(&out);
	}
}

int main(void)
{
	return test_main();
}
