/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "policy/update.h"
#include "json/read.h"
#include "json/write.h"

#include "test.h"

static struct ar_arena *arena;

/* From JSON, written with ' for ". */
static struct ar_resources *resources(const char *quoted)
{
	struct ar_resources *out;
	struct ar_error err = { 0 };
	const struct ar_json *json;
	char *text;

	if (!arena)
		arena = ar_arena_new();
	out = ar_alloc(arena, sizeof(*out));
	text = ar_strdup(arena, quoted);
	for (char *p = text; (p = strchr(p, '\'')); p++)
		*p = '"';
	if (ar_json_parse(arena, "test", text, strlen(text), &ar_json_limits_default, &json, &err) <
		    0 ||
	    ar_decode(arena, &ar_resources_class, "test", "", json, out, &err) < 0)
		test_fail(__FILE__, __LINE__, "%s: %s", text, err.text);
	return out;
}

static const char *written(const struct ar_resources *r)
{
	struct ar_json_writer w = AR_JSON_WRITER_INIT(NULL);
	char *text;

	ar_encode(&w, &ar_resources_class, r);
	text = ar_strdup(arena, ar_text_str(&w.out));
	ar_json_done(&w);
	for (char *p = text; (p = strchr(p, '"')); p++)
		*p = '\'';
	return text;
}

struct row {
	const char *base, *asked, *after;
};

static void check_rows(const struct row *rows)
{
	for (; rows->base; rows++) {
		const struct ar_resources *base = resources(rows->base);
		const char *got =
			written(ar_resources_overlay(arena, base, resources(rows->asked)));

		if (!ar_streq(got, rows->after))
			test_fail(__FILE__, __LINE__, "%s + %s\n#      got: %s\n# expected: %s",
				  rows->base, rows->asked, got, rows->after);
		CHECK_STR(written(base), rows->base); /* what is in force is not written to */
	}
}

#define ROWS(...) ((const struct row[]){ __VA_ARGS__, { 0 } })

TEST("what is asked comes over what was there, and the rest stays")
{
	check_rows(
		ROWS({ "{'memory':{'limit':1000,'reservation':500}}", "{'memory':{'limit':2000}}",
		       "{'memory':{'limit':2000,'reservation':500}}" },
		     { "{'pids':{'limit':5}}", "{'cpu':{'cpus':'0'}}",
		       "{'cpu':{'cpus':'0'},'pids':{'limit':5}}" },
		     { "{'cpu':{'quota':10,'period':20}}", "{'cpu':{'quota':15}}",
		       "{'cpu':{'quota':15,'period':20}}" },
		     { "{'pids':{'limit':5}}", "{'pids':{'limit':-1}}", "{'pids':{'limit':-1}}" }));
}

TEST("zeros and empty lists leave the old values, where zero means not set")
{
	check_rows(
		ROWS({ "{'memory':{'limit':1000,'swap':2000}}", "{'memory':{'limit':0,'swap':0}}",
		       "{'memory':{'limit':1000,'swap':2000}}" },
		     { "{'cpu':{'shares':5,'quota':10,'period':20,'cpus':'0'}}",
		       "{'cpu':{'shares':0,'quota':0,'period':0,'cpus':'','mems':''}}",
		       "{'cpu':{'shares':5,'quota':10,'period':20,'cpus':'0'}}" },
		     { "{'pids':{'limit':5}}", "{'pids':{'limit':0}}", "{'pids':{'limit':5}}" },
		     { "{'cpu':{'burst':5,'idle':1}}", "{'cpu':{'burst':0,'idle':0}}",
		       "{'cpu':{'burst':0,'idle':0}}" }));
}

TEST("unlimited memory takes a limit on swap with it, unless one is asked")
{
	check_rows(ROWS({ "{'memory':{'limit':1000,'swap':2000}}", "{'memory':{'limit':-1}}",
			  "{'memory':{'limit':-1,'swap':-1}}" },
			{ "{'memory':{'limit':1000,'swap':2000}}",
			  "{'memory':{'limit':-1,'swap':3000}}",
			  "{'memory':{'limit':-1,'swap':3000}}" }));
}

TEST("unified is taken key by key, a list as a whole")
{
	check_rows(ROWS({ "{'unified':{'a.x':'1','b.x':'2'}}", "{'unified':{'b.x':'3','c.x':'4'}}",
			  "{'unified':{'a.x':'1','b.x':'3','c.x':'4'}}" },
			{ "{'hugepageLimits':[{'pageSize':'2MB','limit':1}]}",
			  "{'hugepageLimits':[{'pageSize':'1GB','limit':2}]}",
			  "{'hugepageLimits':[{'pageSize':'1GB','limit':2}]}" }));
}

TEST("device rules are never changed")
{
	check_rows(ROWS({ "{'devices':[{'allow':false}]}",
			  "{'devices':[{'allow':true}],'pids':{'limit':5}}",
			  "{'devices':[{'allow':false}],'pids':{'limit':5}}" }));
}

TEST("a container without limits gets those that are asked")
{
	const struct ar_resources *asked =
		resources("{'pids':{'limit':5},'devices':[{'allow':true}]}");

	CHECK_STR(written(ar_resources_overlay(arena, NULL, asked)), "{'pids':{'limit':5}}");
}

TEST("the next update starts from this one, and what was asked is no default any more")
{
	struct ar_resources *asked = resources("{'pids':{'limit':7}}");
	struct ar_decision first = { "a", "", "", "default", "", NULL },
			   second = { "b", "", "", "ceiling", "", NULL };
	struct ar_spec spec = { .hostname = "h" };
	const struct ar_effective before = { .spec = &spec,
					     .pids_default = true,
					     .memory_default = true,
					     .swap_default = true,
					     .decisions = { &first, 1 } };
	const struct ar_asked_limits limits = { .pids = true };
	const struct ar_list decisions = { &second, 1 };
	const struct ar_effective *after =
		ar_effective_update(arena, &before, asked, &limits, &decisions);

	CHECK_INT(after->spec->linux->resources->pids->limit.value, 7);
	CHECK_STR(after->spec->hostname, "h");
	CHECK(!after->pids_default && after->memory_default && after->swap_default);
	CHECK_INT(after->decisions.n, 2);
	CHECK_STR(((struct ar_decision *)after->decisions.items)[1].field, "b");
	CHECK(spec.linux == NULL);
}

TEST("schemas of Intel RDT come over those that there are, and the rest stays")
{
	struct ar_intel_rdt old = { .clos_id = "gold", .l3_cache_schema = "L3:0=ff" };
	struct ar_intel_rdt asked = { .mem_bw_schema = "MB:0=50" };
	struct ar_linux linux = { .cgroups_path = "/x", .intel_rdt = &old };
	struct ar_spec spec = { .linux = &linux }, bare = { 0 };
	struct ar_effective e = { .spec = &spec };
	const struct ar_effective *new;

	arena = ar_arena_new();
	new = ar_effective_rdt(arena, &e, &asked);
	CHECK_STR(new->spec->linux->intel_rdt->clos_id, "gold");
	CHECK_STR(new->spec->linux->intel_rdt->l3_cache_schema, "L3:0=ff");
	CHECK_STR(new->spec->linux->intel_rdt->mem_bw_schema, "MB:0=50");
	CHECK_STR(new->spec->linux->cgroups_path, "/x");
	CHECK(!old.mem_bw_schema);
	e.spec = &bare;
	new = ar_effective_rdt(arena, &e, &asked);
	CHECK_STR(new->spec->linux->intel_rdt->clos_id, NULL);
	CHECK_STR(new->spec->linux->intel_rdt->mem_bw_schema, "MB:0=50");
}

int main(void)
{
	return test_main();
}
