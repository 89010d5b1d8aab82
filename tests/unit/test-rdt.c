/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/str.h"
#include "kernel/rdt.h"
#include "spec/spec.h"
#include "json/write.h"

#include "test.h"

static struct ar_arena *arena;
static struct ar_error err;
static int root;

/* A directory in the place of resctrl, with the class "gold". */
static void start(void)
{
	arena = ar_arena_new();
	CHECK_INT(chdir(test_dir()), 0);
	CHECK_INT(
		system("rm -rf tree && mkdir -p tree/gold/mon_groups/c1 tree/info"
		       " && echo '    L3:0=fffff;1=fffff' >tree/schemata"
		       " && printf '    L3:0=000ff;1=fffff\\n    MB:0= 20;1=100\\n' >tree/gold/schemata"
		       " && touch tree/gold/tasks tree/gold/mon_groups/c1/tasks tree/tasks"),
		0);
	root = open("tree", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(root >= 0);
}

static const char *get(const char *file)
{
	static char buf[256];

	return ar_file_peek(root, file, buf, sizeof(buf)) < 0 ? NULL : buf;
}

TEST("without resctrl there is one clear sentence")
{
	int fd = -1, r;

	arena = ar_arena_new();
	r = ar_rdt_open(arena, &fd, &err);
	if (r == 0)
		SKIP("resctrl is mounted here");
	CHECK_INT(r, -ENOENT);
	CHECK_STR(err.text, "needs the resctrl file system, which is not mounted");
}

TEST("the schemas become lines, those of schemata last")
{
	const char *extra[] = { "L2:0=f", "MB:0=50\nL3:0=3" };
	struct ar_intel_rdt rdt = { .l3_cache_schema = "L3:0=f;1=f0",
				    .mem_bw_schema = "MB:0=20;1=70" };

	arena = ar_arena_new();
	CHECK_STR(ar_rdt_schemata(arena, &rdt), "L3:0=f;1=f0\nMB:0=20;1=70\n");
	rdt.schemata = (struct ar_strings){ extra, 2 };
	CHECK_STR(ar_rdt_schemata(arena, &rdt),
		  "L3:0=f;1=f0\nMB:0=20;1=70\nL2:0=f\nMB:0=50\nL3:0=3\n");
	rdt = (struct ar_intel_rdt){ 0 };
	CHECK_STR(ar_rdt_schemata(arena, &rdt), NULL);
	rdt.l3_cache_schema = "";
	CHECK_STR(ar_rdt_schemata(arena, &rdt), NULL);
}

TEST("bandwidth hidden in the cache schema gives way to the bandwidth schema")
{
	struct ar_intel_rdt rdt = { .l3_cache_schema = "L3:0=f\nMB:0=90\n",
				    .mem_bw_schema = "MB:0=20" };

	arena = ar_arena_new();
	CHECK_STR(ar_rdt_schemata(arena, &rdt), "L3:0=f\nMB:0=20\n");
	rdt.mem_bw_schema = NULL;
	CHECK_STR(ar_rdt_schemata(arena, &rdt), "L3:0=f\nMB:0=90\n");
}

TEST("values are compared as numbers, and only those that are asked")
{
	static const char has[] = "    L3:0=000ff;1=fffff\n    MB:0= 20;1=100\n";
	static const struct {
		const char *asked;
		int answer;
	} table[] = {
		{ "L3:0=ff;1=fffff\n", 0 },	{ "L3:0=ff\n", 0 },
		{ "L3: 0 = 0ff ; 1=fffff", 0 }, { "MB:0=20\nL3:1=fffff", 0 },
		{ "L3:0=fe\n", -EEXIST },	{ "L3:2=ff\n", -EEXIST },
		{ "L2:0=f\n", -EEXIST },	{ "MB:0=32\n", -EEXIST },
		{ "nonsense\n", -EINVAL },	{ "L3:0\n", -EEXIST },
	};

	arena = ar_arena_new();
	for (size_t i = 0; i < AR_COUNT(table); i++) {
		int r = ar_rdt_compare(arena, table[i].asked, has, &err);

		if (r != table[i].answer)
			test_fail(__FILE__, __LINE__, "%s: got %d, expected %d", table[i].asked, r,
				  table[i].answer);
	}
}

TEST("the values of a container's own class are changed when it is in it already")
{
	struct ar_intel_rdt rdt = { .l3_cache_schema = "L3:0=ff" };

	start();
	CHECK_INT(system("mkdir -p tree/c9 tree/info/L3 && touch tree/c9/tasks tree/c9/schemata"),
		  0);
	CHECK(ar_rdt_divides(root, "L3"));
	CHECK(!ar_rdt_divides(root, "MB"));
	CHECK_INT(ar_rdt_apply(root, &rdt, "c9", 4711, &err), 0);
	CHECK_STR(get("c9/schemata"), "L3:0=ff");
	rdt.l3_cache_schema = "L3:0=0f";
	CHECK_INT(ar_rdt_apply(root, &rdt, "c9", 4711, &err), 0);
	CHECK_STR(get("c9/schemata"), "L3:0=0f");
	CHECK_STR(get("c9/tasks"), "4711");
}

TEST("a container enters a class that is there and has what is asked")
{
	struct ar_intel_rdt rdt = { .clos_id = "gold", .l3_cache_schema = "L3:0=ff" };

	start();
	CHECK_INT(ar_rdt_apply(root, &rdt, "c1", 4711, &err), 0);
	CHECK_STR(get("gold/tasks"), "4711");
	CHECK_STR(get("gold/mon_groups/c1/tasks"), "");
	CHECK_HAS(get("gold/schemata"), "L3:0=000ff;1=fffff");
	rdt.l3_cache_schema = NULL;
	rdt.enable_monitoring = AR_YES;
	CHECK_INT(ar_rdt_apply(root, &rdt, "c1", 4712, &err), 0);
	CHECK_STR(get("gold/mon_groups/c1/tasks"), "4712");
}

TEST("a class that others may use is not changed")
{
	struct ar_intel_rdt rdt = { .clos_id = "gold", .l3_cache_schema = "L3:0=f" };

	start();
	CHECK_INT(ar_rdt_apply(root, &rdt, "c1", 4711, &err), -EEXIST);
	CHECK_STR(err.text, "its class already exists and does not have 'L3:0=f'");
	CHECK_STR(get("gold/tasks"), "");
	CHECK_HAS(get("gold/schemata"), "L3:0=000ff;1=fffff");
}

TEST("a class that is only named must be there")
{
	struct ar_intel_rdt rdt = { .clos_id = "silver" };

	start();
	CHECK_INT(ar_rdt_apply(root, &rdt, "c1", 4711, &err), -ENOENT);
	CHECK_STR(err.text, "class 'silver' must already exist, since no schema says how to "
			    "create it");
	CHECK_INT(access("tree/silver", F_OK), -1);
}

TEST("a class that could not be used is not left behind")
{
	struct ar_intel_rdt own = { 0 },
			    named = { .clos_id = "silver", .mem_bw_schema = "MB:0=20" };

	start();
	/* a plain directory gets no files: the first of them that is written fails */
	CHECK_INT(ar_rdt_apply(root, &own, "c2", 4711, &err), -ENOENT);
	CHECK_INT(access("tree/c2", F_OK), -1);
	CHECK_INT(ar_rdt_apply(root, &named, "c2", 4711, &err), -ENOENT);
	CHECK_INT(access("tree/silver", F_OK), -1);
}

TEST("what the kernel did not like is in the message")
{
	struct ar_intel_rdt own = { .l3_cache_schema = "L3:0=5" };

	start();
	CHECK_INT(system("mkdir tree/c2 && echo 'Mask 5 has non-consecutive 1-bits' "
			 ">tree/info/last_cmd_status"),
		  0);
	CHECK_INT(ar_rdt_apply(root, &own, "c2", 4711, &err), -ENOENT);
	CHECK_STR(err.text, "set the schemata of class 'c2': not found: Mask 5 has "
			    "non-consecutive 1-bits");
}

TEST("the default class can be asked for by its name")
{
	struct ar_intel_rdt rdt = { .clos_id = "/" };

	start();
	CHECK_INT(ar_rdt_apply(root, &rdt, "c1", 4711, &err), 0);
	CHECK_STR(get("tasks"), "4711");
	CHECK_INT(ar_rdt_remove(root, &rdt, "c1", &err), 0);
	CHECK_INT(access("tree/gold", F_OK), 0);
}

TEST("only what is the container's own is removed")
{
	struct ar_intel_rdt named = { .clos_id = "gold" }, own = { 0 };

	start();
	CHECK_INT(ar_rdt_remove(root, &named, "c1", &err), 0);
	CHECK_INT(access("tree/gold/mon_groups/c1", F_OK), 0);
	CHECK_INT(system("rm tree/gold/mon_groups/c1/tasks"), 0);
	named.enable_monitoring = AR_YES;
	CHECK_INT(ar_rdt_remove(root, &named, "c1", &err), 0);
	CHECK_INT(access("tree/gold/mon_groups/c1", F_OK), -1);
	CHECK_INT(access("tree/gold", F_OK), 0);
	CHECK_INT(system("mkdir tree/c3"), 0);
	CHECK_INT(ar_rdt_remove(root, &own, "c3", &err), 0);
	CHECK_INT(access("tree/c3", F_OK), -1);
	CHECK_INT(ar_rdt_remove(root, &own, "c3", &err), 0);
}

TEST("statistics have runc's keys")
{
	struct ar_intel_rdt rdt = { .clos_id = "gold" };
	struct ar_json_writer w = AR_JSON_WRITER_INIT(NULL);

	start();
	CHECK_INT(
		system("cd tree && mkdir -p info/L3 info/MB gold/mon_groups/c1/mon_data/mon_L3_00 &&"
		       " echo fffff >info/L3/cbm_mask && echo 2 >info/L3/min_cbm_bits &&"
		       " echo 16 >info/L3/num_closids && echo 10 >info/MB/bandwidth_gran &&"
		       " echo 1 >info/MB/delay_linear && echo 10 >info/MB/min_bandwidth &&"
		       " echo 8 >info/MB/num_closids && cd gold/mon_groups/c1/mon_data/mon_L3_00 &&"
		       " echo 5 >mbm_total_bytes && echo 4 >mbm_local_bytes && echo 3 >llc_occupancy"),
		0);
	CHECK_INT(ar_rdt_encode(arena, root, &rdt, "c1", &w, &err), 0);
	CHECK_STR(
		ar_text_str(&w.out),
		"{\"l3_cache_info\":{\"cbm_mask\":\"fffff\",\"min_cbm_bits\":2,\"num_closids\":16},"
		"\"l3_cache_schema_root\":\"L3:0=fffff;1=fffff\",\"l3_cache_schema\":"
		"\"L3:0=000ff;1=fffff\",\"mem_bw_info\":{\"bandwidth_gran\":10,\"delay_linear\":1,"
		"\"min_bandwidth\":10,\"num_closids\":8},\"mem_bw_schema\":\"MB:0= 20;1=100\","
		"\"mbm_stats\":[{\"mbm_total_bytes\":5,\"mbm_local_bytes\":4}],\"cmt_stats\":"
		"[{\"llc_occupancy\":3}]}");
	ar_json_done(&w);
}

int main(void)
{
	return test_main();
}
