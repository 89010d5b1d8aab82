/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/str.h"
#include "kernel/cgroup-limits.h"
#include "kernel/cgroup-stats.h"
#include "kernel/cgroup.h"
#include "json/read.h"
#include "json/write.h"

#include "test.h"

static struct ar_arena *arena;
static struct ar_error err;

/* From JSON, written with ' for ". */
static struct ar_resources resources(const char *quoted)
{
	const struct ar_json *json;
	struct ar_resources out = { 0 };
	char *text;

	if (!arena)
		arena = ar_arena_new();
	text = ar_strdup(arena, quoted);
	for (char *p = text; (p = strchr(p, '\'')); p++)
		*p = '"';
	if (ar_json_parse(arena, "test", text, strlen(text), &ar_json_limits_default, &json, &err) <
		    0 ||
	    ar_decode(arena, &ar_resources_class, "test", "", json, &out, &err) < 0)
		test_fail(__FILE__, __LINE__, "%s: %s", text, err.text);
	return out;
}

/* --- what a configuration means: which file gets which text ------------------------------ */

/* "FILE TEXT; FILE TEXT": what the resources become; "or FILE TEXT" where the first file is
 * missing. */
static const char *planned(const char *text)
{
	struct ar_resources r = resources(text);
	struct ar_limits limits = { 0 };
	struct ar_text out = AR_TEXT_INIT;

	if (ar_limits_plan(arena, &r, &limits, &err) < 0)
		return err.text;
	for (size_t i = 0; i < limits.n; i++) {
		const struct ar_limit *l = &limits.item[i];

		ar_text_addf(&out, "%s%s %s", i ? "; " : "", l->file, l->value);
		if (l->else_file)
			ar_text_addf(&out, " or %s %s", l->else_file, l->else_value);
	}
	text = ar_strdup(arena, ar_text_str(&out));
	ar_text_done(&out);
	return text;
}

struct row {
	const char *json, *files;
};

static void check_rows(const struct row *rows)
{
	for (; rows->json; rows++) {
		const char *got = planned(rows->json);

		if (!ar_streq(got, rows->files))
			test_fail(__FILE__, __LINE__, "%s\n#      got: %s\n# expected: %s",
				  rows->json, got, rows->files);
	}
}

#define ROWS(...) ((const struct row[]){ __VA_ARGS__, { 0 } })

TEST("nothing asked, zeros and nulls write nothing")
{
	check_rows(ROWS({ "{}", "" },
			{ "{'memory':{},'cpu':{},'pids':{'limit':0},'blockIO':{}}", "" },
			{ "{'memory':{'limit':0,'swap':0,'reservation':0}}", "" },
			{ "{'cpu':{'shares':0,'quota':0,'period':0,'cpus':'','mems':''}}", "" },
			{ "{'blockIO':{'weight':0,'throttleReadBpsDevice':[]}}", "" },
			{ "{'network':{'classID':0,'priorities':[]}}", "" },
			{ "{'cpu':{'realtimeRuntime':0,'realtimePeriod':0}}", "" }));
}

TEST("pids")
{
	check_rows(ROWS({ "{'pids':{'limit':32771}}", "pids.max 32771" },
			{ "{'pids':{'limit':-1}}", "pids.max max" },
			{ "{'pids':{'limit':-2}}",
			  "linux.resources.pids.limit: -2 is not a valid limit" }));
}

TEST("memory, with swap counted for itself")
{
	check_rows(ROWS(
		{ "{'memory':{'limit':1048576}}", "memory.max 1048576" },
		{ "{'memory':{'limit':-1}}", "memory.swap.max max; memory.max max" },
		{ "{'memory':{'limit':1000,'swap':3000}}",
		  "memory.swap.max 2000; memory.max 1000" },
		{ "{'memory':{'limit':1000,'swap':1000}}", "memory.swap.max 0; memory.max 1000" },
		{ "{'memory':{'limit':1000,'swap':-1}}", "memory.swap.max max; memory.max 1000" },
		{ "{'memory':{'limit':-1,'swap':3000}}", "memory.swap.max 3000; memory.max max" },
		{ "{'memory':{'swap':-1}}", "memory.swap.max max" },
		{ "{'memory':{'swap':3000}}",
		  "memory.swap counts memory and swap: it needs memory.limit" },
		{ "{'memory':{'limit':3000,'swap':1000}}",
		  "memory.swap counts memory and swap: it must not be below memory.limit" },
		{ "{'memory':{'reservation':512}}", "memory.low 512" },
		{ "{'memory':{'reservation':-1}}", "memory.low max" }));
}

TEST("what v2 does by itself is left out, as runc does")
{
	check_rows(ROWS({ "{'memory':{'kernel':1000,'kernelTCP':1000}}", "" },
			{ "{'memory':{'disableOOMKiller':false,'useHierarchy':false}}", "" }));
}

TEST("what only v1 has is refused")
{
	check_rows(ROWS({ "{'memory':{'swappiness':0}}",
			  "linux.resources.memory.swappiness: cgroup v2 has no equivalent" },
			{ "{'memory':{'disableOOMKiller':true}}",
			  "linux.resources.memory.disableOOMKiller: cgroup v2 has no equivalent" },
			{ "{'blockIO':{'leafWeight':10}}",
			  "linux.resources.blockIO.leafWeight: cgroup v2 has no equivalent" },
			{ "{'network':{'classID':1}}",
			  "linux.resources.network.classID: cgroup v2 has no equivalent" },
			{ "{'network':{'priorities':[{'name':'eth0','priority':1}]}}",
			  "linux.resources.network.priorities: cgroup v2 has no equivalent" },
			{ "{'cpu':{'realtimeRuntime':950000}}",
			  "linux.resources.cpu.realtimeRuntime: cgroup v2 has no equivalent" },
			{ "{'cpu':{'realtimePeriod':1000000}}",
			  "linux.resources.cpu.realtimePeriod: cgroup v2 has no equivalent" }));
}

TEST("cpu")
{
	check_rows(ROWS({ "{'cpu':{'shares':1024}}", "cpu.weight 100" },
			{ "{'cpu':{'quota':50000}}", "cpu.max 50000 100000" },
			{ "{'cpu':{'quota':50000,'period':200000}}", "cpu.max 50000 200000" },
			{ "{'cpu':{'period':200000}}", "cpu.max max 200000" },
			{ "{'cpu':{'quota':-1}}", "cpu.max max 100000" },
			{ "{'cpu':{'quota':50000,'burst':10000}}",
			  "cpu.max.burst 10000; cpu.max 50000 100000" },
			{ "{'cpu':{'burst':0}}", "cpu.max.burst 0" },
			{ "{'cpu':{'idle':0}}", "cpu.idle 0" },
			{ "{'cpu':{'idle':0,'shares':2}}", "cpu.idle 0; cpu.weight 1" },
			{ "{'cpu':{'idle':1,'shares':512}}", "cpu.idle 1" },
			{ "{'cpu':{'cpus':'0-3','mems':'0'}}", "cpuset.cpus 0-3; cpuset.mems 0" }));
}

TEST("block devices, by BFQ where it is and in io.cost's scale where not")
{
	check_rows(ROWS(
		{ "{'blockIO':{'weight':500}}", "io.bfq.weight 500 or io.weight 4950" },
		{ "{'blockIO':{'weightDevice':[{'major':8,'minor':16,'weight':10}]}}",
		  "io.bfq.weight 8:16 10 or io.weight 8:16 1" },
		{ "{'blockIO':{'weightDevice':[{'major':8,'minor':16,'leafWeight':10}]}}",
		  "linux.resources.blockIO.weightDevice.leafWeight: cgroup v2 has no equivalent" },
		{ "{'blockIO':{'throttleReadBpsDevice':[{'major':8,'minor':0,'rate':600}],"
		  "'throttleWriteBpsDevice':[{'major':8,'minor':0,'rate':700},"
		  "{'major':9,'minor':1,'rate':0}],"
		  "'throttleReadIOPSDevice':[{'major':8,'minor':0,'rate':8}],"
		  "'throttleWriteIOPSDevice':[{'major':8,'minor':0,'rate':9}]}}",
		  "io.max 8:0 rbps=600; io.max 8:0 wbps=700; io.max 9:1 wbps=max; "
		  "io.max 8:0 riops=8; io.max 8:0 wiops=9" }));
}

TEST("huge pages and RDMA devices")
{
	check_rows(ROWS(
		{ "{'hugepageLimits':[{'pageSize':'2MB','limit':0},{'pageSize':'1GB','limit':5}]}",
		  "hugetlb.2MB.max 0; hugetlb.2MB.rsvd.max 0; hugetlb.1GB.max 5; "
		  "hugetlb.1GB.rsvd.max 5" },
		{ "{'hugepageLimits':[{'pageSize':'../../x','limit':0}]}",
		  "linux.resources.hugepageLimits.pageSize: '../../x' is not a valid name" },
		{ "{'rdma':{'mlx5_1':{'hcaHandles':3,'hcaObjects':10000},'mlx4_0':{'hcaObjects':1}}}",
		  "rdma.max mlx5_1 hca_handle=3 hca_object=10000; rdma.max mlx4_0 hca_object=1" },
		{ "{'rdma':{'a b':{'hcaHandles':3}}}",
		  "linux.resources.rdma: 'a b' is not a valid name" }));
}

TEST("unified comes last, so that it wins, in the order of the document")
{
	check_rows(ROWS({ "{'unified':{'memory.high':'5','pids.max':'7'},'pids':{'limit':9}}",
			  "pids.max 9; memory.high 5; pids.max 7" },
			{ "{'unified':{'io.max':'8:0 rbps=1\\n8:16 wbps=2\\n'}}",
			  "io.max 8:0 rbps=1; io.max 8:16 wbps=2" },
			{ "{'unified':{'cgroup.max.depth':'1'}}", "cgroup.max.depth 1" }));
}

TEST("a unified key is the name of a setting")
{
	check_rows(ROWS({ "{'unified':{'../x.max':'1'}}",
			  "unified resource '../x.max' must be a file name (no slashes)" },
			{ "{'unified':{'a/b.max':'1'}}",
			  "unified resource 'a/b.max' must be a file name (no slashes)" },
			{ "{'unified':{'memory':'1'}}",
			  "unified resource 'memory' must be in the form CONTROLLER.PARAMETER" },
			{ "{'unified':{'.max':'1'}}",
			  "unified resource '.max' must be in the form CONTROLLER.PARAMETER" },
			{ "{'unified':{'memory.':'1'}}",
			  "unified resource 'memory.' must be in the form CONTROLLER.PARAMETER" },
			{ "{'unified':{'cgroup.procs':'1'}}",
			  "unified resource 'cgroup.procs' is not a setting" },
			{ "{'unified':{'cgroup.kill':'1'}}",
			  "unified resource 'cgroup.kill' is not a setting" }));
}

TEST("the smallest, default and largest shares become those weights, and more never becomes less")
{
	uint64_t before = 0;

	CHECK_UINT(ar_cpu_weight(0), 0);
	CHECK_UINT(ar_cpu_weight(1), 1);
	CHECK_UINT(ar_cpu_weight(2), 1);
	CHECK_UINT(ar_cpu_weight(102), 17); /* 100 milli-CPU of Kubernetes */
	CHECK_UINT(ar_cpu_weight(512), 59);
	CHECK_UINT(ar_cpu_weight(1024), 100);
	CHECK_UINT(ar_cpu_weight(2048), 174);
	CHECK_UINT(ar_cpu_weight(262143), 10000);
	CHECK_UINT(ar_cpu_weight(262144), 10000);
	CHECK_UINT(ar_cpu_weight(UINT64_MAX), 10000);
	for (uint64_t shares = 1; shares < 262145; shares++) {
		CHECK(ar_cpu_weight(shares) >= before);
		before = ar_cpu_weight(shares);
	}
}

TEST("weights of block devices are scaled")
{
	CHECK_UINT(ar_io_weight(0), 0);
	CHECK_UINT(ar_io_weight(1), 1);
	CHECK_UINT(ar_io_weight(10), 1);
	CHECK_UINT(ar_io_weight(11), 11);
	CHECK_UINT(ar_io_weight(999), 9989);
	CHECK_UINT(ar_io_weight(1000), 10000);
	CHECK_UINT(ar_io_weight(UINT64_MAX), 10000);
}

/* --- a directory in the place of a cgroup ------------------------------------------------ */

static struct ar_cgroup fake;

static void put(const char *file, const char *text)
{
	int fd = openat(fake.fd, file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK(fd >= 0);
	CHECK_INT(ar_write_all(fd, text, strlen(text)), 0);
	CHECK_INT(close(fd), 0);
}

static const char *get(const char *file)
{
	static char buf[4096];

	return ar_file_peek(fake.fd, file, buf, sizeof(buf)) < 0 ? NULL : buf;
}

/* With these controllers in the tree, and enabled in the cgroup. */
static void make_fake(const char *tree, const char *enabled)
{
	if (!arena)
		arena = ar_arena_new();
	CHECK_INT(chdir(test_dir()), 0);
	CHECK_INT(system("rm -rf tree && mkdir -p tree/c"), 0);
	fake = AR_CGROUP_INIT;
	fake.root = "tree";
	fake.path = "/c";
	fake.controllers = tree;
	fake.root_fd = open("tree", O_PATH | O_DIRECTORY | O_CLOEXEC);
	fake.fd = open("tree/c", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fake.root_fd >= 0 && fake.fd >= 0);
	put("../cgroup.controllers", tree);
	put("../cgroup.subtree_control", enabled);
	put("cgroup.controllers", enabled);
}

static int apply(const char *text, const struct ar_limit_default *defaults,
		 struct ar_limit_default *ret_missing)
{
	struct ar_resources r = resources(text);

	return ar_cgroup_limits_apply(&fake, &r, defaults, ret_missing, &err);
}

TEST("limits are written and nothing else is touched")
{
	make_fake("cpu memory pids", "cpu memory pids");
	put("pids.max", "max");
	put("memory.max", "max");
	put("memory.low", "0");
	put("cpu.max", "max 100000");
	CHECK_INT(apply("{'pids':{'limit':7},'memory':{'limit':8192},'cpu':{'quota':20000}}", NULL,
			NULL),
		  0);
	CHECK_STR(get("pids.max"), "7");
	CHECK_STR(get("memory.max"), "8192");
	CHECK_STR(get("memory.low"), "0");
	CHECK_STR(get("cpu.max"), "20000 100000");
}

TEST("a controller that the tree has is enabled above when a limit needs it")
{
	make_fake("cpu pids", "cpu");
	put("pids.max", "max");
	CHECK_INT(apply("{'pids':{'limit':7}}", NULL, NULL), -EOPNOTSUPP);
	CHECK_STR(get("../cgroup.subtree_control"), "+pids"); /* what a kernel acts on */
	put("cgroup.controllers", "cpu pids");
	CHECK_INT(apply("{'pids':{'limit':7}}", NULL, NULL), 0);
	CHECK_STR(get("pids.max"), "7");
}

TEST("a missing controller is named, or reported when the limit was only our default")
{
	struct ar_limit_default defaults = { .pids = true, .memory = true, .swap = true },
				missing = { 0 };

	make_fake("cpu", "cpu");
	CHECK_INT(apply("{'pids':{'limit':7}}", NULL, &missing), -EOPNOTSUPP);
	CHECK_STR(
		err.text,
		"linux.resources.pids.limit cannot be set: the cgroup v2 tree has no controller 'pids'");
	CHECK_INT(apply("{'cpu':{'cpus':'0'}}", &defaults, &missing), -EOPNOTSUPP);
	CHECK_STR(
		err.text,
		"linux.resources.cpu.cpus cannot be set: the cgroup v2 tree has no controller 'cpuset'");
	CHECK_INT(apply("{'pids':{'limit':7},'memory':{'limit':8192,'swap':8192},"
			"'unified':{'memory.oom.group':'1'}}",
			&defaults, &missing),
		  0);
	CHECK(missing.pids && missing.memory && missing.swap);
	defaults.memory = false;
	CHECK_INT(apply("{'memory':{'limit':8192}}", &defaults, &missing), -EOPNOTSUPP);
	CHECK_STR(
		err.text,
		"linux.resources.memory.limit cannot be set: the cgroup v2 tree has no controller 'memory'");
	/* swap is written first, and named only where it was asked for alone */
	CHECK_INT(apply("{'memory':{'limit':8192,'swap':8192}}", NULL, &missing), -EOPNOTSUPP);
	CHECK_HAS(err.text, "linux.resources.memory.limit cannot be set");
	defaults = (struct ar_limit_default){ .memory = true };
	CHECK_INT(apply("{'memory':{'limit':8192,'swap':9000}}", &defaults, &missing), -EOPNOTSUPP);
	CHECK_HAS(err.text, "linux.resources.memory.swap cannot be set");
}

TEST("without swap in the kernel none is to be denied, but none can be given")
{
	struct ar_limit_default defaults = { .swap = true }, missing = { 0 };

	make_fake("memory", "memory");
	put("memory.max", "max");
	CHECK_INT(apply("{'memory':{'limit':8192,'swap':8192}}", NULL, &missing), 0);
	CHECK(!missing.swap);
	CHECK_INT(apply("{'memory':{'limit':8192,'swap':-1}}", NULL, NULL), 0);
	CHECK_INT(apply("{'memory':{'limit':8192,'swap':8192}}", &defaults, &missing), 0);
	CHECK(missing.swap && !missing.memory);
	CHECK_INT(apply("{'memory':{'limit':8192,'swap':9000}}", NULL, NULL), -ENOENT);
	CHECK_HAS(err.text, "linux.resources.memory.swap cannot be set in cgroup '/c'");
}

TEST("BFQ's file is taken where it is, io.weight where it is not")
{
	make_fake("io", "io");
	put("io.weight", "default 100");
	CHECK_INT(apply("{'blockIO':{'weight':500}}", NULL, NULL), 0);
	CHECK_STR(get("io.weight"), "4950");
	put("io.bfq.weight", "default 100");
	CHECK_INT(apply("{'blockIO':{'weight':300}}", NULL, NULL), 0);
	CHECK_STR(get("io.bfq.weight"), "300");
	CHECK_STR(get("io.weight"), "4950");
}

TEST("a kernel that does not count reservations of huge pages limits their use alone")
{
	make_fake("hugetlb", "hugetlb");
	put("hugetlb.2MB.max", "max");
	CHECK_INT(apply("{'hugepageLimits':[{'pageSize':'2MB','limit':4194304}]}", NULL, NULL), 0);
	CHECK_STR(get("hugetlb.2MB.max"), "4194304");
	CHECK_INT(apply("{'hugepageLimits':[{'pageSize':'3MB','limit':4194304}]}", NULL, NULL),
		  -ENOENT);
	CHECK_HAS(err.text, "open 'hugetlb.3MB.max': not found");
}

TEST("a limit that is not kept as written fails")
{
	make_fake("pids memory", "pids memory");
	/* a file that forgets what is written to it */
	CHECK_INT(symlinkat("/dev/null", fake.fd, "pids.max"), 0);
	CHECK_INT(apply("{'pids':{'limit':7}}", NULL, NULL), -EIO);
	CHECK_STR(
		err.text,
		"linux.resources.pids.limit of cgroup '/c': '7' was written to 'pids.max', which says ''");
}

TEST("an update that would kill at once is refused when that was asked")
{
	make_fake("memory", "memory");
	put("memory.max", "max");
	put("memory.swap.max", "max");
	put("memory.current", "1000000");
	CHECK_INT(apply("{'memory':{'limit':8192,'checkBeforeUpdate':true}}", NULL, NULL), -EBUSY);
	CHECK_STR(err.text, "rejecting memory limit 8192 <= usage 1000000");
	CHECK_INT(apply("{'memory':{'limit':900000,'swap':1000000,'checkBeforeUpdate':true}}", NULL,
			NULL),
		  -EBUSY);
	CHECK_STR(err.text, "rejecting memory+swap limit 1000000 <= usage 1000000");
	CHECK_STR(get("memory.max"), "max");
	CHECK_INT(apply("{'memory':{'limit':8192}}", NULL, NULL), 0);
	CHECK_STR(get("memory.max"), "8192");
}

/* --- statistics -------------------------------------------------------------------------- */

static const char *stats_json(void)
{
	struct ar_json_writer w = AR_JSON_WRITER_INIT(NULL);
	struct ar_stats stats;
	const char *text;

	if (!arena)
		arena = ar_arena_new();
	if (ar_cgroup_stats(arena, &fake, &stats, &err) < 0)
		test_fail(__FILE__, __LINE__, "%s", err.text);
	ar_stats_encode(&w, &stats, NULL);
	text = ar_strdup(arena, ar_text_str(&w.out));
	ar_json_done(&w);
	return text;
}

static const char cpuset[] =
	"\"cpuset\":{\"cpu_exclusive\":0,\"mem_hardwall\":0,\"mem_exclusive\":0,"
	"\"memory_migrate\":0,\"memory_spread_page\":0,\"memory_spread_slab\":0,"
	"\"memory_pressure\":0,\"sched_load_balance\":0,\"sched_relax_domain_level\":0}";

TEST("without controllers there is an event with zeros")
{
	make_fake("", "");
	put("cgroup.procs", "5\n6\n");
	CHECK_STR(
		stats_json(),
		ar_printf(
			arena,
			"{\"cpu\":{\"usage\":{\"kernel\":0,\"user\":0},\"throttling\":{}},%s,\"memory\":"
			"{\"usage\":{\"limit\":0,\"failcnt\":0},\"swap\":{\"limit\":0,\"failcnt\":0},"
			"\"kernel\":{\"limit\":0,\"failcnt\":0},\"kernelTCP\":{\"limit\":0,\"failcnt\":0}},"
			"\"pids\":{\"current\":2},\"blkio\":{},\"hugetlb\":{},\"intel_rdt\":{},"
			"\"network_interfaces\":null}",
			cpuset));
}

TEST("what the files say is in the event, in the units of v1")
{
	make_fake("", "");
	put("cgroup.procs", "");
	put("cpu.stat", "usage_usec 3\nuser_usec 1\nsystem_usec 2\nnr_periods 10\nnr_throttled 4\n"
			"throttled_usec 5\n");
	put("cpu.pressure", "some avg10=0.00 avg60=1.50 avg300=12.34 total=99\n"
			    "full avg10=0.00 avg60=0.00 avg300=0.05 total=1\n");
	put("memory.stat", "file 11\nanon 22\n");
	put("memory.current", "100\n");
	put("memory.max", "200\n");
	put("memory.peak", "150\n");
	put("memory.swap.current", "1\n");
	put("memory.swap.max", "max\n");
	put("pids.current", "3\n");
	put("pids.max", "max\n");
	put("io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=0 dbytes=5 dios=6\n9:1\n");
	put("hugetlb.2MB.max", "max\n");
	put("hugetlb.2MB.current", "4\n");
	put("hugetlb.2MB.events", "max 7\n");
	CHECK_STR(
		stats_json(),
		ar_printf(
			arena,
			"{\"cpu\":{\"usage\":{\"total\":3000,\"kernel\":2000,\"user\":1000},\"throttling\":"
			"{\"periods\":10,\"throttledPeriods\":4,\"throttledTime\":5000},\"psi\":{\"some\":"
			"{\"avg10\":0,\"avg60\":1.5,\"avg300\":12.34,\"total\":99},\"full\":{\"avg10\":0,"
			"\"avg60\":0,\"avg300\":0.05,\"total\":1}}},%s,\"memory\":{\"cache\":11,\"usage\":"
			"{\"limit\":200,\"usage\":100,\"max\":150,\"failcnt\":0},\"swap\":"
			"{\"limit\":18446744073709551615,\"usage\":101,\"failcnt\":0},\"kernel\":"
			"{\"limit\":0,\"failcnt\":0},\"kernelTCP\":{\"limit\":0,\"failcnt\":0},\"raw\":"
			"{\"anon\":22,\"file\":11}},\"pids\":{\"current\":3},\"blkio\":"
			"{\"ioServiceBytesRecursive\":[{\"major\":8,\"op\":\"Read\",\"value\":1},"
			"{\"major\":8,\"op\":\"Write\",\"value\":2}],\"ioServicedRecursive\":[{\"major\":8,"
			"\"op\":\"Read\",\"value\":3},{\"major\":8,\"op\":\"Write\"}]},\"hugetlb\":{\"2MB\":"
			"{\"usage\":4,\"failcnt\":7}},\"intel_rdt\":{},\"network_interfaces\":null}",
			cpuset));
}

int main(void)
{
	return test_main();
}
