/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "policy/config.h"
#include "policy/optout.h"
#include "json/read.h"

static struct ar_arena *arena;
static struct ar_error err;

static const struct ar_config *parsed(const char *text)
{
	const struct ar_config *config = NULL;

	arena = ar_arena_new();
	if (ar_config_parse(arena, "agentrun.conf", text, strlen(text), &config, &err) < 0)
		test_fail(__FILE__, __LINE__, "%s", err.text);
	return config;
}

/* The message of a text that is refused. */
static const char *refused(const char *text)
{
	const struct ar_config *config = NULL;

	arena = ar_arena_new();
	err = (struct ar_error){ 0 };
	CHECK(ar_config_parse(arena, "agentrun.conf", text, strlen(text), &config, &err) < 0);
	CHECK(!config);
	ar_arena_free(arena);
	return err.text;
}

/* --- what it says ------------------------------------------------------------------------ */

TEST("an empty object with comments is the default")
{
	const struct ar_config *c = parsed("// nothing\n{ /* here */ }\n");

	CHECK(!c->profile);
	CHECK(!c->memory_limit.set);
	CHECK_UINT(c->opt_outs.n, 0);
	ar_arena_free(arena);
}

TEST("a file in which nothing is said is the default")
{
	static const char *const texts[] = { "", " \n\t\r\n", "// nothing",
					     "/* nothing */ // at all\n", "/**/\n/* a\n * b */" };

	for (size_t i = 0; i < AR_COUNT(texts); i++) {
		CHECK(memcmp(parsed(texts[i]), &ar_config_default, sizeof(ar_config_default)) == 0);
		ar_arena_free(arena);
	}
}

TEST("what is no document, or half a comment, is an error")
{
	static const char *const texts[] = { "/",  "/* open", "/*/", "# no",	     "null",
					     "[]", "\"\"",    "{",   "// nothing\n}" };

	for (size_t i = 0; i < AR_COUNT(texts); i++)
		CHECK_HAS(refused(texts[i]), "agentrun.conf");
}

TEST("everything that can be said is read")
{
	const struct ar_config *c = parsed(
		"{ \"profile\": \"strict\", \"minimum-profile\": \"agent\", \"scratch-size\": 1048576, \"home-size\": 0,\n"
		"  \"tmpfs-ceiling\": 4096, \"memory-limit\": 1048576, \"pids-limit\": 10, \"pids-ceiling\": 20,\n"
		"  \"nofile-ceiling\": 1024, \"bind-sources\": [\"/data//a/\"], \"engine-roots\": [\"/data/docker\"],\n"
		"  \"hooks\": [{ \"path\": \"/opt/h\", \"args\": [\"h\", \"...\"], \"reason\": \"r\" }],\n"
		"  \"opt-outs\": [{ \"control\": \"seccomp\", \"reason\": \"r\" }],\n"
		"  \"strengths\": { \"landlock\": \"required\" }, \"subid-start\": 100000, \"subid-count\": 65536 }");

	CHECK_STR(c->profile, "strict");
	CHECK_UINT(c->tmpfs_ceiling.value, 4096);
	CHECK_STR(c->bind_sources.items[0], "/data/a");
	CHECK_STR(((struct ar_hook_allow *)c->hooks.items)->args.items[1], "...");
	CHECK_STR(((struct ar_opt_out *)c->opt_outs.items)->control, "seccomp");
	CHECK_STR(ar_map_get(&c->strengths, "landlock"), "required");
	CHECK_UINT(c->subid_count.value, 65536);
	ar_arena_free(arena);
}

TEST("an unknown key is an error with its line")
{
	CHECK_HAS(refused("{\n\n  \"seccomp\": false }"), "agentrun.conf:3: seccomp");
	CHECK_HAS(
		refused("{ \"hooks\": [{ \"path\": \"/h\", \"args\": [], \"reason\": \"\", \"uid\": 0 }] }"),
		"agentrun.conf:1: hooks[0]");
}

TEST("a profile must be one that there is")
{
	CHECK_HAS(refused("{ \"profile\": \"loose\" }"), "unknown profile 'loose'");
	CHECK_HAS(refused("{ \"minimum-profile\": \"vm\" }"),
		  "the VM backend is not part of this version");
}

TEST("zero never switches a limit off")
{
	static const char *const keys[] = { "scratch-size", "tmpfs-ceiling", "memory-limit",
					    "pids-limit",   "pids-ceiling",  "nofile-ceiling" };

	for (size_t i = 0; i < AR_COUNT(keys); i++) {
		char text[64];

		snprintf(text, sizeof(text), "{ \"%s\": 0 }", keys[i]);
		CHECK_HAS(refused(text), keys[i]);
	}
}

TEST("a directory that binds may come from is an absolute path, not the root")
{
	CHECK_HAS(refused("{ \"bind-sources\": [\"data\"] }"), "bind-sources: 'data'");
	CHECK_HAS(refused("{ \"bind-sources\": [\"/\"] }"), "bind-sources: '/'");
	CHECK_HAS(refused("{ \"engine-roots\": [\"\"] }"), "engine-roots");
}

TEST("a path that only looks like more than the root is the root")
{
	CHECK_HAS(refused("{ \"bind-sources\": [\"//\"] }"), "bind-sources");
	CHECK_HAS(refused("{ \"bind-sources\": [\"/data/..\"] }"), "bind-sources");
}

TEST("strengths can be raised, not lowered")
{
	CHECK_HAS(refused("{ \"strengths\": { \"seccomp\": \"if-available\" } }"),
		  "the control 'seccomp' is always required");
	CHECK_HAS(refused("{ \"strengths\": { \"seccomp\": \"off\" } }"),
		  "neither required nor if-available");
	CHECK_HAS(refused("{ \"strengths\": { \"sandbox\": \"required\" } }"),
		  "unknown control 'sandbox'");
}

TEST("an opt-out names a known control, a reason, and nothing of the floor")
{
	CHECK_HAS(refused("{ \"opt-outs\": [{ \"control\": \"all\", \"reason\": \"r\" }] }"),
		  "agentrun.conf: opt-outs[0]: 'all' is neither a control nor a field");
	CHECK_HAS(refused("{ \"opt-outs\": [{ \"control\": \"seccomp\", \"reason\": \"r\" },\n"
			  "{ \"control\": \"all\", \"reason\": \"r\" }] }"),
		  "opt-outs[1]: 'all'");
	CHECK_HAS(refused("{ \"hooks\": [{ \"path\": \"h\", \"args\": [], \"reason\": \"r\" }] }"),
		  "hooks[0]: 'h' is not an absolute path");
	CHECK_HAS(refused("{ \"opt-outs\": [{ \"control\": \"seccomp\" }] }"), "reason");
	CHECK_HAS(refused("{ \"opt-outs\": [{ \"control\": \"root.path\", \"reason\": \"r\" }] }"),
		  "nothing can be left out of 'root.path'");
	CHECK_HAS(
		refused("{ \"opt-outs\": [{ \"control\": \"annotations\", \"reason\": \"r\" }] }"),
		"nothing can be left out of 'annotations'");
	CHECK_HAS(
		refused("{ \"opt-outs\": [{ \"control\": \"seccomp\", \"reason\": \"r\", \"expires\": \"soon\" }] }"),
		"'soon' is not a date or time");
	CHECK_HAS(
		refused("{ \"opt-outs\": [{ \"control\": \"seccomp\", \"reason\": \"r\", \"path\": \"io_uring_*\" }] }"),
		"'io_uring_*' is not the name of a system call");
}

TEST("a range of ids has a start and a count")
{
	CHECK_HAS(refused("{ \"subid-start\": 100000 }"), "belong together");
	CHECK_HAS(refused("{ \"subid-start\": 4294967296, \"subid-count\": 1 }"), "subid-start");
}

TEST("a range of ids holds neither root, nor users of the host, nor what is no id")
{
	CHECK_STR(refused("{ \"subid-start\": 0, \"subid-count\": 65536 }"),
		  "agentrun.conf: subid-start: 0 may be a user of the host: "
		  "at least 65536 is expected");
	CHECK_HAS(refused("{ \"subid-start\": 65535, \"subid-count\": 65536 }"),
		  "65536 is expected");
	CHECK_HAS(refused("{ \"subid-start\": 65536, \"subid-count\": 0 }"), "subid-count: 0");
	CHECK_STR(refused("{ \"subid-start\": 4294901760, \"subid-count\": 65536 }"),
		  "agentrun.conf: subid-start, subid-count: 4294967295 would be the last id, "
		  "and 4294967294 is the last that there is");
	CHECK_HAS(refused("{ \"subid-start\": 65536, \"subid-count\": 4294967295 }"),
		  "4295032830 would be");
	CHECK_UINT(
		parsed("{ \"subid-start\": 65536, \"subid-count\": 4294901759 }")->subid_count.value,
		4294901759u);
	ar_arena_free(arena);
}

/* --- opt-outs ---------------------------------------------------------------------------- */

TEST("an expiry is a day's end or a time with its zone")
{
	int64_t at;

	CHECK_INT(ar_expiry_parse("1970-01-01", &at), 0);
	CHECK_INT(at, 86400);
	CHECK_INT(ar_expiry_parse("2027-01-15T08:00:00Z", &at), 0);
	CHECK_INT(at, 1800000000);
	CHECK_INT(ar_expiry_parse("2027-01-15T10:30:00.5+02:30", &at), 0);
	CHECK_INT(at, 1800000000);
	CHECK_INT(ar_expiry_parse("2024-02-29T00:00:00Z", &at), 0);
	CHECK_INT(at, 1709164800);
}

TEST("what is not a date or time is refused")
{
	static const char *const bad[] = { "",
					   "tomorrow",
					   "2027-13-01",
					   "2027-00-01",
					   "2027-1-1",
					   "2027-01-01T00:00:00",
					   "2027-01-01T24:00:00Z",
					   "2027-01-01X",
					   "2027-01-0x",
					   "2027-01-01T00:00:00+2" };
	int64_t at;

	for (size_t i = 0; i < AR_COUNT(bad); i++)
		if (ar_expiry_parse(bad[i], &at) != -EINVAL)
			test_fail(__FILE__, __LINE__, "'%s' was taken", bad[i]);
}

static bool found_at(const char *root, const char *opt_out, const struct ar_spec *spec,
		     const char *rule, const char *thing)
{
	const struct ar_facts facts = { .now = 1800000000, .state_root = root };
	char text[512];
	const struct ar_config *config;
	bool holds;

	snprintf(text, sizeof(text), "{ \"opt-outs\": [{ \"reason\": \"r\", %s }] }", opt_out);
	config = parsed(text);
	holds = ar_opt_out_find(config, spec, &facts, ar_rule_find(rule), thing);
	ar_arena_free(arena);
	return holds;
}

static bool found(const char *opt_out, const struct ar_spec *spec, const char *rule,
		  const char *thing)
{
	return found_at("/run/containerd/runc/k8s.io", opt_out, spec, rule, thing);
}

TEST("an opt-out holds for its control, its field and what lies below")
{
	const struct ar_spec spec = { 0 };

	CHECK(found("\"control\": \"hooks\"", &spec, "hooks.prestart", "/h"));
	CHECK(found("\"control\": \"hooks.prestart\"", &spec, "hooks.prestart", "/h"));
	CHECK(!found("\"control\": \"hooks.prestart\"", &spec, "hooks.poststop", "/h"));
	CHECK(found("\"control\": \"binds\"", &spec, "mounts[].source", "/h"));
	CHECK(!found("\"control\": \"linux.seccomp\"", &spec, "linux.sysctl", "/h"));
}

TEST("all that an opt-out names must match")
{
	struct ar_pair pairs[] = { { "io.kubernetes.cri.image-name", "registry/tools/x:1" },
				   { "team", "ci" } };
	const struct ar_spec spec = { .annotations = { pairs, 2 } };
	const char *rule = "mounts[].source";

	CHECK(found("\"control\": \"binds\", \"path\": \"/srv/*\"", &spec, rule, "/srv/a"));
	CHECK(!found("\"control\": \"binds\", \"path\": \"/srv/*\"", &spec, rule, "/srv/a/b"));
	CHECK(!found("\"control\": \"binds\", \"path\": \"/srv/*\"", &spec, rule, NULL));
	CHECK(found("\"control\": \"binds\", \"image\": \"registry/tools/*\"", &spec, rule, "/x"));
	CHECK(!found("\"control\": \"binds\", \"image\": \"other/*\"", &spec, rule, "/x"));
	CHECK(found("\"control\": \"binds\", \"annotation\": \"team\"", &spec, rule, "/x"));
	CHECK(found("\"control\": \"binds\", \"annotation\": \"team=c*\"", &spec, rule, "/x"));
	CHECK(!found("\"control\": \"binds\", \"annotation\": \"team=dev\"", &spec, rule, "/x"));
	CHECK(!found("\"control\": \"binds\", \"annotation\": \"tea\"", &spec, rule, "/x"));
	CHECK(!found("\"control\": \"binds\", \"path\": \"/x\", \"annotation\": \"no\"", &spec,
		     rule, "/x"));
}

TEST("an image is known only where no image can name itself")
{
	static const char opt_out[] = "\"control\": \"binds\", \"image\": \"registry/*\"";
	struct ar_pair containerd = { "io.kubernetes.cri.image-name", "registry/x" },
		       crio = { "io.kubernetes.cri-o.ImageName", "registry/x" };
	const struct ar_spec spec = { .annotations = { &containerd, 1 } },
			     spec_crio = { .annotations = { &crio, 1 } };

	CHECK(!found_at("/run/agentrun", opt_out, &spec, "mounts[].source", "/x"));
	CHECK(!found_at(NULL, opt_out, &spec, "mounts[].source", "/x"));
	CHECK(!found_at("/run/docker/runtime-runc/moby", opt_out, &spec, "mounts[].source", "/x"));
	CHECK(!found_at("/run/agentrun-crio", opt_out, &spec, "mounts[].source", "/x"));
	CHECK(!found(opt_out, &spec_crio, "mounts[].source", "/x"));
	CHECK(found_at("/run/agentrun-crio", opt_out, &spec_crio, "mounts[].source", "/x"));
}

TEST("an opt-out ends when it expires")
{
	const struct ar_spec spec = { 0 };

	CHECK(found("\"control\": \"binds\", \"expires\": \"2027-01-15\"", &spec, "mounts[].source",
		    "/x"));
	CHECK(!found("\"control\": \"binds\", \"expires\": \"2027-01-14\"", &spec,
		     "mounts[].source", "/x"));
	CHECK(!found("\"control\": \"binds\", \"expires\": \"2027-01-15T08:00:00Z\"", &spec,
		     "mounts[].source", "/x"));
}

/* --- the file ---------------------------------------------------------------------------- */

static const char *file_with_mode(mode_t mode)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/agentrun.conf", test_dir());
	CHECK_INT(ar_file_replace(AT_FDCWD, path, "{}", 2, mode, &err), 0);
	CHECK_INT(chmod(path, mode), 0);
	return path;
}

static int read_result(const char *path)
{
	_cleanup_arena_ struct ar_arena *a = ar_arena_new();
	const struct ar_config *config;

	err = (struct ar_error){ 0 };
	return ar_config_read(a, path, &config, &err);
}

TEST("a file that is named must be there")
{
	CHECK_INT(read_result("/nowhere/agentrun.conf"), -ENOENT);
	CHECK_HAS(err.text, "/nowhere/agentrun.conf");
}

TEST("a file of root's that only root can change is read")
{
	if (geteuid() != 0)
		SKIP("needs root");
	CHECK_INT(read_result(file_with_mode(0644)), 0);
}

TEST("a file that others can change is refused")
{
	if (geteuid() != 0)
		SKIP("needs root");
	CHECK_INT(read_result(file_with_mode(0664)), -EPERM);
	CHECK_HAS(err.text, "can be changed by users other than root");
	CHECK_INT(read_result(file_with_mode(0646)), -EPERM);
}

TEST("somebody else's file is refused")
{
	const char *path;

	if (geteuid() != 0)
		SKIP("needs root");
	path = file_with_mode(0644);
	CHECK_INT(chown(path, 1000, 1000), 0);
	CHECK_INT(read_result(path), -EPERM);
	CHECK_HAS(err.text, "does not belong to root");
}

TEST("a file in a directory that others can change is refused")
{
	char dir[300], path[400];

	if (geteuid() != 0)
		SKIP("needs root");
	snprintf(dir, sizeof(dir), "%s/open", test_dir());
	snprintf(path, sizeof(path), "%s/agentrun.conf", dir);
	CHECK_INT(mkdir(dir, 0700), 0);
	CHECK_INT(ar_file_replace(AT_FDCWD, path, "{}", 2, 0644, &err), 0);
	CHECK_INT(read_result(path), 0);
	CHECK_INT(chmod(dir, 0777), 0);
	CHECK_INT(read_result(path), -EPERM);
	CHECK_HAS(err.text, "lies in a directory");
	CHECK_INT(chmod(dir, 0700), 0);
	CHECK_INT(chown(dir, 1000, 1000), 0);
	CHECK_INT(read_result(path), -EPERM);
}

TEST("a link to a file is judged by the file behind it")
{
	char link[300];
	const char *path;

	if (geteuid() != 0)
		SKIP("needs root");
	path = file_with_mode(0666);
	snprintf(link, sizeof(link), "%s/link", test_dir());
	CHECK_INT(symlink(path, link), 0);
	CHECK_INT(read_result(link), -EPERM);
}

TEST("what is no regular file is refused without hanging")
{
	char path[300];

	if (geteuid() != 0)
		SKIP("needs root");
	snprintf(path, sizeof(path), "%s/fifo", test_dir());
	CHECK_INT(mkfifo(path, 0600), 0);
	CHECK_INT(read_result(path), -EINVAL);
	CHECK_HAS(err.text, "is not a regular file");
}

/* --- what is shipped --------------------------------------------------------------------- */

static const char *source(struct ar_arena *a, const char *name)
{
	char *text;
	size_t len;

	if (ar_file_read(a, AT_FDCWD, test_source(name), 1u << 20, &text, &len, &err) < 0)
		test_fail(__FILE__, __LINE__, "%s", err.text);
	return text;
}

TEST("the file that is shipped says nothing")
{
	_cleanup_arena_ struct ar_arena *a = ar_arena_new();
	const struct ar_config *c = parsed(source(a, "packaging/agentrun.conf"));

	CHECK(memcmp(c, &ar_config_default, sizeof(*c)) == 0);
	ar_arena_free(arena);
}

TEST("and every example in its comments can be used")
{
	_cleanup_arena_ struct ar_arena *a = ar_arena_new();
	_cleanup_text_ struct ar_text t = AR_TEXT_INIT;
	const struct ar_config *c;

	/* an example is a comment that goes on with JSON: "\t// \"key\": ...", "\t//\t{" */
	for (const char *line = source(a, "packaging/agentrun.conf"); *line;) {
		size_t len = strcspn(line, "\n") + 1;
		const char *at = line + strspn(line, "\t");

		if (at > line && strncmp(at, "//", 2) == 0 &&
		    strchr("\"]}\t", at[2 + (at[2] == ' ')]))
			ar_text_add_n(&t, at + 2, len - (size_t)(at + 2 - line));
		else
			ar_text_add_n(&t, line, len);
		line += len;
	}
	c = parsed(ar_text_str(&t));
	CHECK_STR(c->profile, "agent");
	CHECK_UINT(c->opt_outs.n, 1);
	CHECK_UINT(c->hooks.n, 1);
	CHECK_UINT(c->subid_count.value, 65536);
	ar_arena_free(arena);
}

/* Whether the schema has the same members as the class, and the same ones required. */
static void same_members(const struct ar_json *schema, const struct ar_class *class)
{
	const struct ar_json *properties = ar_json_get(schema, "properties");

	CHECK(ar_json_get(schema, "additionalProperties") &&
	      !ar_json_get(schema, "additionalProperties")->truth);
	CHECK_UINT(properties->count, class->n);
	for (size_t i = 0; i < class->n; i++) {
		const struct ar_field *f = &class->fields[i];
		const struct ar_json *property = ar_json_get(properties, f->name);
		bool required = false;

		if (!property)
			test_fail(__FILE__, __LINE__, "the schema lacks '%s'", f->name);
		ar_json_foreach(name, ar_json_get(schema, "required"))
			required = required || ar_streq(name->text, f->name);
		CHECK_INT(required, (f->flags & AR_F_REQUIRED) != 0);
		if (f->type == AR_T_LIST)
			same_members(ar_json_get(property, "items"), f->of);
	}
}

TEST("the schema describes the members that are read")
{
	_cleanup_arena_ struct ar_arena *a = ar_arena_new();
	const char *text = source(a, "packaging/agentrun.schema.json");
	const struct ar_json *schema;

	CHECK_INT(ar_json_parse(a, "schema", text, strlen(text), &ar_json_limits_default, &schema,
				&err),
		  0);
	same_members(schema, &ar_config_class);
}

int main(void)
{
	return test_main();
}
