/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "spec/spec.h"

#include "test.h"

static struct ar_error err;
/* --- reading a bundle --------------------------------------------------------------------- */

static int read_text(struct ar_arena *arena, const char *text, struct ar_spec **ret)
{
	return ar_spec_parse(arena, "config.json", text, strlen(text), AR_READ_STRICT, ret, &err);
}

/* The parts of a small configuration that a test replaces; NULL: what is usual. */
struct parts {
	const char *version, *process, *root, *linux, *more; /* more: members behind, with a comma
							      */
};

static char *assemble(struct ar_arena *arena, const struct parts *p)
{
	return ar_printf(arena, "{\"ociVersion\":%s,\"process\":%s,\"root\":%s,\"linux\":%s%s}",
			 p->version ? p->version : "\"1.3.0\"",
			 p->process ? p->process : "{\"cwd\":\"/\",\"args\":[\"sh\"]}",
			 p->root ? p->root : "{\"path\":\"rootfs\"}",
			 p->linux ? p->linux
				  : "{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"uts\"},"
				    "{\"type\":\"network\"}]}",
			 p->more ? p->more : "");
}

#define PROCESS(members) .process = "{\"cwd\":\"/\",\"args\":[\"sh\"]," members "}"
#define LINUX(members) .linux = "{\"namespaces\":[{\"type\":\"mount\"}]," members "}"
#define RESOURCES(members) .linux = "{\"resources\":{" members "}}"
#define SECCOMP(members) .linux = "{\"seccomp\":{" members "}}"
#define MOUNT(members) .more = ",\"mounts\":[{\"destination\":\"/m\"," members "}]"

static const struct {
	struct parts parts;
	const char *message;
} refused[] = {
	/* version */
	{ { .version = "1" }, "config.json:1: ociVersion: expected a string, got a number" },
	{ { .version = "\"1.\"" },
	  "config.json: ociVersion: expected a version like \"1.3.0\", got \"1.\"" },
	{ { .version = "\"v\"" },
	  "config.json: ociVersion: expected a version like \"1.3.0\", got \"v\"" },
	{ { .version = "\"1.0.0 \"" },
	  "config.json: ociVersion: expected a version like \"1.3.0\", got \"1.0.0 \"" },
	{ { .version = "\"1.0.00\"" },
	  "config.json: ociVersion: expected a version like \"1.3.0\", got \"1.0.00\"" },
	{ { .version = "\"1.0.0.1\"" },
	  "config.json: ociVersion: expected a version like \"1.3.0\", got \"1.0.0.1\"" },
	{ { .version = "\"2.0.0\"" },
	  "config.json: ociVersion: version 2.0.0 is not supported, only 1.x is" },
	{ { .version = "\"10.0.0\"" },
	  "config.json: ociVersion: version 10.0.0 is not supported, only 1.x is" },
	{ { .version = "\"0.6.0-dev\"" },
	  "config.json: ociVersion: version 0.6.0-dev is not supported, only 1.x is" },

	/* root and process */
	{ { .root = "null" }, "config.json:1: root: required, but missing" },
	{ { .root = "{}" }, "config.json: root.path: required, but missing" },
	{ { .root = "{\"path\":\"\"}" }, "config.json: root.path: must not be empty" },
	{ { .root = "{\"path\":\"r\",\"readonly\":1}" },
	  "config.json:1: root.readonly: expected true or false, got a number" },
	{ { .process = "null" }, "config.json:1: process: required, but missing" },
	{ { .process = "{\"args\":[\"sh\"]}" },
	  "config.json:1: process.cwd: required, but missing" },
	{ { .process = "{\"cwd\":\"\",\"args\":[\"sh\"]}" },
	  "config.json:1: process.cwd: must not be empty" },
	{ { .process = "{\"cwd\":\"tmp\",\"args\":[\"sh\"]}" },
	  "config.json: process.cwd: expected an absolute path, got \"tmp\"" },
	{ { .process = "{\"cwd\":\"/\"}" }, "config.json:1: process.args: required, but missing" },
	{ { .process = "{\"cwd\":\"/\",\"args\":[]}" },
	  "config.json:1: process.args: must not be empty" },
	{ { PROCESS("\"env\":[\"A=1\",\"B\"]") },
	  "config.json: process.env[1]: expected NAME=value, got \"B\"" },
	{ { PROCESS("\"env\":[\"=1\"]") },
	  "config.json: process.env[0]: expected NAME=value, got \"=1\"" },
	{ { PROCESS("\"user\":{\"uid\":4294967296}") },
	  "config.json:1: process.user.uid: expected an integer from 0 to 4294967295, got 4294967296" },
	{ { PROCESS("\"user\":{\"gid\":-1}") },
	  "config.json:1: process.user.gid: expected an integer from 0 to 4294967295, got -1" },
	{ { PROCESS("\"user\":{\"additionalGids\":[1,1.5]}") },
	  "config.json:1: process.user.additionalGids[1]: expected an integer, got 1.5" },
	{ { PROCESS("\"consoleSize\":{\"height\":25}") },
	  "config.json:1: process.consoleSize.width: required, but missing" },
	{ { PROCESS("\"consoleSize\":{\"height\":65536,\"width\":1}") },
	  "config.json:1: process.consoleSize.height: expected an integer from 0 to 65535, got 65536" },
	{ { PROCESS("\"oomScoreAdj\":1001") },
	  "config.json:1: process.oomScoreAdj: expected an integer from -1000 to 1000, got 1001" },
	{ { PROCESS("\"capabilities\":[\"CAP_KILL\"]") },
	  "config.json:1: process.capabilities: expected an object, got an array" },
	{ { PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":1}]") },
	  "config.json:1: process.rlimits[0].soft: required, but missing" },
	{ { PROCESS("\"rlimits\":[{\"type\":\"NOFILE\",\"hard\":1,\"soft\":1}]") },
	  "config.json:1: process.rlimits[0].type: expected one of RLIMIT_AS, RLIMIT_CORE, RLIMIT_CPU, "
	  "RLIMIT_DATA, RLIMIT_FSIZE, RLIMIT_LOCKS, RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE, RLIMIT_NICE, "
	  "RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_RSS, RLIMIT_RTPRIO, RLIMIT_RTTIME, RLIMIT_SIGPENDING, "
	  "RLIMIT_STACK, got \"NOFILE\"" },
	{ { PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"hard\":1,\"soft\":1},"
		    "{\"type\":\"RLIMIT_CPU\",\"hard\":1,\"soft\":1}]") },
	  "config.json: process.rlimits[1]: RLIMIT_CPU is given twice" },
	{ { PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"hard\":1,\"soft\":2}]") },
	  "config.json: process.rlimits[0]: the soft limit of RLIMIT_CPU is above its hard limit" },
	{ { PROCESS("\"scheduler\":{}") },
	  "config.json:1: process.scheduler.policy: required, but missing" },
	{ { PROCESS("\"scheduler\":{\"policy\":\"SCHED_EXT\"}") },
	  "config.json:1: process.scheduler.policy: expected one of SCHED_OTHER, SCHED_FIFO, SCHED_RR, "
	  "SCHED_BATCH, SCHED_ISO, SCHED_IDLE, SCHED_DEADLINE, got \"SCHED_EXT\"" },
	{ { PROCESS("\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"nice\":20}") },
	  "config.json:1: process.scheduler.nice: expected an integer from -20 to 19, got 20" },
	{ { PROCESS("\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"priority\":1}") },
	  "config.json: process.scheduler.priority: only for SCHED_FIFO and SCHED_RR, not SCHED_OTHER" },
	{ { PROCESS("\"scheduler\":{\"policy\":\"SCHED_RR\",\"period\":1}") },
	  "config.json: process.scheduler: runtime, deadline and period are only for SCHED_DEADLINE, not "
	  "SCHED_RR" },
	{ { PROCESS("\"ioPriority\":{\"class\":\"IOPRIO_CLASS_NONE\"}") },
	  "config.json:1: process.ioPriority.class: expected one of IOPRIO_CLASS_RT, IOPRIO_CLASS_BE, "
	  "IOPRIO_CLASS_IDLE, got \"IOPRIO_CLASS_NONE\"" },
	{ { PROCESS("\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":8}") },
	  "config.json:1: process.ioPriority.priority: expected an integer from 0 to 7, got 8" },

	/* names, mounts, hooks, annotations */
	{ { .more = ",\"hostname\":\"h\"", .linux = "{}" },
	  "config.json: hostname: needs a uts namespace" },
	{ { .more = ",\"domainname\":\"h\"", .linux = "null" },
	  "config.json: domainname: needs a uts namespace" },
	{ { .more = ",\"hostname\":\"12345678901234567890123456789012345678901234567890123456789012345\"" },
	  "config.json: hostname: longer than 64 characters" },
	{ { .more = ",\"mounts\":[{\"type\":\"proc\"}]" },
	  "config.json:1: mounts[0].destination: required, but missing" },
	{ { .more = ",\"mounts\":[{\"destination\":\"\"}]" },
	  "config.json:1: mounts[0].destination: must not be empty" },
	{ { MOUNT("\"options\":\"ro\"") },
	  "config.json:1: mounts[0].options: expected an array, got a string" },
	{ { MOUNT("\"options\":[\"rbind\"]") },
	  "config.json:1: mounts[0].source: a bind mount needs one" },
	{ { MOUNT("\"type\":\"bind\",\"source\":\"\"") },
	  "config.json:1: mounts[0].source: a bind mount needs one" },
	{ { MOUNT("\"source\":\"/s\",\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]") },
	  "config.json:1: mounts[0]: only a bind mount can map ids" },
	{ { MOUNT("\"source\":\"/s\",\"options\":[\"bind\"],"
		  "\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]") },
	  "config.json:1: mounts[0]: uidMappings and gidMappings go together" },
	{ { MOUNT("\"source\":\"/s\",\"options\":[\"bind\",\"ridmap\"]") },
	  "config.json:1: mounts[0]: idmap needs mappings or a user namespace" },
	{ { .more = ",\"hooks\":{\"poststop\":[{\"path\":\"/a\"},{\"path\":\"bin/b\"}]}" },
	  "config.json:1: hooks.poststop[1].path: expected an absolute path, got \"bin/b\"" },
	{ { .more = ",\"hooks\":{\"prestart\":[{}]}" },
	  "config.json:1: hooks.prestart[0].path: required, but missing" },
	{ { .more = ",\"hooks\":{\"prestart\":{\"path\":\"/a\"}}" },
	  "config.json:1: hooks.prestart: expected an array, got an object" },
	{ { .more = ",\"hooks\":{\"poststart\":[{\"path\":\"/a\",\"timeout\":0}]}" },
	  "config.json:1: hooks.poststart[0].timeout: expected an integer from 1 to 2147483647, got 0" },
	{ { .more = ",\"annotations\":{\"a\":1}" },
	  "config.json:1: annotations.a: expected a string, got a number" },

	/* namespaces and what needs them */
	{ { .linux = "{\"namespaces\":[{\"type\":\"net\"}]}" },
	  "config.json:1: linux.namespaces[0].type: expected one of pid, network, mount, ipc, uts, user, "
	  "cgroup, time, got \"net\"" },
	{ { .linux = "{\"namespaces\":[{\"path\":\"/p\"}]}" },
	  "config.json:1: linux.namespaces[0].type: required, but missing" },
	{ { .linux = "{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"ipc\"},{\"type\":\"pid\"}]}" },
	  "config.json: linux.namespaces[2]: pid is given twice" },
	{ { .linux = "{\"namespaces\":[{\"type\":\"pid\",\"path\":\"proc/1/ns/pid\"}]}" },
	  "config.json: linux.namespaces[0].path: expected an absolute path, got \"proc/1/ns/pid\"" },
	{ { .linux = "{\"namespaces\":[{\"type\":\"user\"}]}" },
	  "config.json: linux.uidMappings: needed by a new user namespace" },
	{ { .linux = "{\"namespaces\":[{\"type\":\"user\"}],"
		     "\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]}" },
	  "config.json: linux.gidMappings: needed by a new user namespace" },
	{ { LINUX("\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]") },
	  "config.json: linux.uidMappings: needs a user namespace" },
	{ { LINUX("\"gidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]") },
	  "config.json: linux.gidMappings: needs a user namespace" },
	{ { LINUX("\"uidMappings\":[{\"containerID\":0,\"size\":1}]") },
	  "config.json:1: linux.uidMappings[0].hostID: required, but missing" },
	{ { .linux = "{\"namespaces\":[{\"type\":\"user\"}],"
		     "\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":0}],"
		     "\"gidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]}" },
	  "config.json: linux.uidMappings[0].size: must not be 0" },
	{ { .linux = "{\"namespaces\":[{\"type\":\"user\"}],"
		     "\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}],"
		     "\"gidMappings\":[{\"containerID\":0,\"hostID\":4294967295,\"size\":2}]}" },
	  "config.json: linux.gidMappings[0]: goes beyond the last id" },
	{ { LINUX("\"timeOffsets\":{\"boottime\":{\"secs\":1}}") },
	  "config.json: linux.timeOffsets: needs a time namespace" },
	{ { .linux = "{\"namespaces\":[{\"type\":\"time\",\"path\":\"/t\"}],"
		     "\"timeOffsets\":{\"boottime\":{}}}" },
	  "config.json: linux.timeOffsets: needs a time namespace of its own, not one to join" },
	{ { LINUX("\"timeOffsets\":{\"realtime\":{}}") },
	  "config.json:1: linux.timeOffsets.realtime: expected one of boottime, monotonic, got "
	  "\"realtime\"" },
	{ { LINUX("\"timeOffsets\":{\"boottime\":{\"nanosecs\":1000000000}}") },
	  "config.json:1: linux.timeOffsets.boottime.nanosecs: expected an integer from 0 to 999999999, "
	  "got 1000000000" },
	{ { .linux = "{\"maskedPaths\":[\"/proc/kcore\"]}" },
	  "config.json: linux.maskedPaths: needs a mount namespace" },
	{ { LINUX("\"maskedPaths\":[\"/a\",\"\"]") },
	  "config.json: linux.maskedPaths[1]: expected an absolute path, got \"\"" },
	{ { LINUX("\"readonlyPaths\":[\"\"]") },
	  "config.json: linux.readonlyPaths[0]: expected an absolute path, got \"\"" },
	{ { LINUX("\"netDevices\":{\"eth0\":{}}") },
	  "config.json: linux.netDevices: needs a network namespace" },
	{ { .linux = "{\"namespaces\":[{\"type\":\"network\"}],\"netDevices\":{\"../eth0\":{}}}" },
	  "config.json: linux.netDevices: expected the name of an interface, got \"../eth0\"" },
	{ { .linux =
		    "{\"namespaces\":[{\"type\":\"network\"}],\"netDevices\":{\"\":{\"name\":\"a\"}}}" },
	  "config.json: linux.netDevices: expected the name of an interface, got \"\"" },
	{ { .linux = "{\"namespaces\":[{\"type\":\"network\"}],"
		     "\"netDevices\":{\"eth0\":{\"name\":\"a name\"}}}" },
	  "config.json: linux.netDevices: expected the name of an interface, got \"a name\"" },
	{ { .linux = "{\"namespaces\":[{\"type\":\"network\"}],"
		     "\"netDevices\":{\"eth0\":{\"name\":\"1234567890123456\"}}}" },
	  "config.json: linux.netDevices: expected the name of an interface, got \"1234567890123456\"" },
	{ { .linux = "{\"namespaces\":[{\"type\":\"network\"}],"
		     "\"netDevices\":{\"eth0\":{\"name\":\"eth2\"},\"eth1\":{},\"eth2\":{}}}" },
	  "config.json: linux.netDevices: two would be called \"eth2\"" },

	/* the rest of linux */
	{ { LINUX("\"rootfsPropagation\":\"public\"") },
	  "config.json:1: linux.rootfsPropagation: expected one of private, rprivate, slave, rslave, shared, "
	  "rshared, unbindable, runbindable, got \"public\"" },
	{ { LINUX("\"sysctl\":{\"net.a\":1}") },
	  "config.json:1: linux.sysctl.net.a: expected a string, got a number" },
	{ { LINUX("\"devices\":[{\"type\":\"x\",\"path\":\"/d\"}]") },
	  "config.json:1: linux.devices[0].type: expected one of c, b, u, p, got \"x\"" },
	{ { LINUX("\"devices\":[{\"type\":\"c\",\"path\":\"/d\",\"major\":1}]") },
	  "config.json: linux.devices[0]: \"/d\" needs major and minor" },
	{ { LINUX("\"devices\":[{\"type\":\"c\",\"path\":\"d\",\"major\":1,\"minor\":1}]") },
	  "config.json: linux.devices[0].path: expected an absolute path, got \"d\"" },
	{ { LINUX("\"devices\":[{\"type\":\"c\",\"path\":\"/d\",\"major\":4096,\"minor\":1}]") },
	  "config.json:1: linux.devices[0].major: expected an integer from 0 to 4095, got 4096" },
	{ { LINUX("\"personality\":{\"domain\":\"BSD\"}") },
	  "config.json:1: linux.personality.domain: expected one of LINUX, LINUX32, got \"BSD\"" },
	{ { LINUX("\"memoryPolicy\":{\"nodes\":\"0\"}") },
	  "config.json:1: linux.memoryPolicy.mode: required, but missing" },
	{ { LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"flags\":[\"MPOL_F_X\"]}") },
	  "config.json:1: linux.memoryPolicy.flags[0]: expected one of MPOL_F_NUMA_BALANCING, "
	  "MPOL_F_RELATIVE_NODES, MPOL_F_STATIC_NODES, got \"MPOL_F_X\"" },
	{ { LINUX("\"intelRdt\":{\"closID\":\"../x\"}") },
	  "config.json: linux.intelRdt.closID: expected the name of a directory, got \"../x\"" },

	/* resources */
	{ { RESOURCES("\"devices\":[{\"allow\":true,\"type\":\"p\"}]") },
	  "config.json:1: linux.resources.devices[0].type: expected one of a, c, b, got \"p\"" },
	{ { RESOURCES("\"devices\":[{\"allow\":true,\"access\":\"rwx\"}]") },
	  "config.json: linux.resources.devices[0].access: expected letters of \"rwm\", got \"rwx\"" },
	{ { RESOURCES("\"memory\":{\"limit\":-2}") },
	  "config.json:1: linux.resources.memory.limit: expected an integer from -1 to "
	  "9223372036854775807, got -2" },
	{ { RESOURCES("\"memory\":{\"limit\":\"1G\"}") },
	  "config.json:1: linux.resources.memory.limit: expected a number, got a string" },
	{ { RESOURCES("\"memory\":{\"swappiness\":101}") },
	  "config.json:1: linux.resources.memory.swappiness: expected an integer from 0 to 100, got 101" },
	{ { RESOURCES("\"cpu\":{\"shares\":-1}") },
	  "config.json:1: linux.resources.cpu.shares: expected an integer from 0 to 18446744073709551615, "
	  "got -1" },
	{ { RESOURCES("\"blockIO\":{\"weight\":65536}") },
	  "config.json:1: linux.resources.blockIO.weight: expected an integer from 0 to 65535, got 65536" },
	{ { RESOURCES("\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0}]}") },
	  "config.json:1: linux.resources.blockIO.throttleReadBpsDevice[0].rate: required, but missing" },
	{ { RESOURCES("\"hugepageLimits\":[{\"pageSize\":\"../2MB\",\"limit\":1}]") },
	  "config.json: linux.resources.hugepageLimits[0].pageSize: expected a size like \"2MB\", got "
	  "\"../2MB\"" },
	{ { RESOURCES("\"hugepageLimits\":[{\"pageSize\":\"2mb\",\"limit\":1}]") },
	  "config.json: linux.resources.hugepageLimits[0].pageSize: expected a size like \"2MB\", got "
	  "\"2mb\"" },
	{ { RESOURCES("\"network\":{\"priorities\":[{\"name\":\"a b\",\"priority\":1}]}") },
	  "config.json: linux.resources.network.priorities[0].name: expected the name of an interface, got "
	  "\"a b\"" },
	{ { RESOURCES("\"rdma\":{\"mlx hca_handle=9\":{}}") },
	  "config.json: linux.resources.rdma: expected the name of a device, got \"mlx hca_handle=9\"" },
	{ { RESOURCES("\"unified\":{\"../cgroup.procs\":\"1\"}") },
	  "config.json: linux.resources.unified: expected the name of a file, got \"../cgroup.procs\"" },
	{ { RESOURCES("\"unified\":{\"..\":\"1\"}") },
	  "config.json: linux.resources.unified: expected the name of a file, got \"..\"" },
	{ { RESOURCES("\"unified\":{\"memory.max\":1}") },
	  "config.json:1: linux.resources.unified.memory.max: expected a string, got a number" },

	/* seccomp */
	{ { SECCOMP("\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_ALLOW\"}]") },
	  "config.json: linux.seccomp.defaultAction: required, but missing" },
	{ { SECCOMP("\"defaultAction\":\"SCMP_ACT_NOTIFY\"") },
	  "config.json: linux.seccomp.defaultAction: cannot be SCMP_ACT_NOTIFY" },
	{ { SECCOMP("\"defaultAction\":\"ALLOW\"") },
	  "config.json:1: linux.seccomp.defaultAction: expected one of SCMP_ACT_KILL, SCMP_ACT_KILL_PROCESS, "
	  "SCMP_ACT_KILL_THREAD, SCMP_ACT_TRAP, SCMP_ACT_ERRNO, SCMP_ACT_TRACE, SCMP_ACT_ALLOW, "
	  "SCMP_ACT_LOG, SCMP_ACT_NOTIFY, got \"ALLOW\"" },
	{ { SECCOMP("\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":4096") },
	  "config.json: linux.seccomp.defaultErrnoRet: no errno is above 4095" },
	{ { SECCOMP("\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"SPEC_ALLOW\"]") },
	  "config.json:1: linux.seccomp.flags[0]: expected one of SECCOMP_FILTER_FLAG_TSYNC, "
	  "SECCOMP_FILTER_FLAG_LOG, SECCOMP_FILTER_FLAG_SPEC_ALLOW, "
	  "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, got \"SPEC_ALLOW\"" },
	{ { SECCOMP("\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerMetadata\":\"x\"") },
	  "config.json: linux.seccomp.listenerMetadata: given without listenerPath" },
#define RULE(members) SECCOMP("\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{" members "}]")
	{ { RULE("\"names\":[\"read\"]") },
	  "config.json:1: linux.seccomp.syscalls[0].action: required, but missing" },
	{ { RULE("\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":4096") },
	  "config.json:1: linux.seccomp.syscalls[0].errnoRet: no errno is above 4095" },
	{ { RULE("\"names\":[\"read\"],\"action\":\"SCMP_ACT_TRACE\",\"errnoRet\":65536") },
	  "config.json:1: linux.seccomp.syscalls[0].errnoRet: expected an integer from 0 to 65535, got "
	  "65536" },
	{ { RULE("\"names\":[\"read\"],\"action\":\"SCMP_ACT_NOTIFY\"") },
	  "config.json: linux.seccomp.listenerPath: needed by a rule with SCMP_ACT_NOTIFY" },
	{ { RULE("\"names\":[\"read\",\"write\"],\"action\":\"SCMP_ACT_NOTIFY\"") },
	  "config.json:1: linux.seccomp.syscalls[0]: SCMP_ACT_NOTIFY cannot be used for write" },
	{ { RULE("\"names\":[\"read\"],\"action\":\"SCMP_ACT_LOG\",\"args\":[{\"index\":6,\"value\":0,"
		 "\"op\":\"SCMP_CMP_EQ\"}]") },
	  "config.json:1: linux.seccomp.syscalls[0].args[0].index: expected an integer from 0 to 5, got 6" },
	{ { RULE("\"names\":[\"read\"],\"action\":\"SCMP_ACT_LOG\",\"args\":[{\"index\":0,\"value\":-1,"
		 "\"op\":\"SCMP_CMP_EQ\"}]") },
	  "config.json:1: linux.seccomp.syscalls[0].args[0].value: expected an integer from 0 to "
	  "18446744073709551615, got -1" },
	{ { RULE("\"names\":[\"read\"],\"action\":\"SCMP_ACT_LOG\",\"args\":[{\"index\":0,\"value\":1,"
		 "\"op\":\"==\"}]") },
	  "config.json:1: linux.seccomp.syscalls[0].args[0].op: expected one of SCMP_CMP_NE, SCMP_CMP_LT, "
	  "SCMP_CMP_LE, SCMP_CMP_EQ, SCMP_CMP_GE, SCMP_CMP_GT, SCMP_CMP_MASKED_EQ, got \"==\"" },

	/* vm */
	{ { .more = ",\"vm\":{}" }, "config.json:1: vm.kernel: required, but missing" },
	{ { .more = ",\"vm\":{\"kernel\":{}}" },
	  "config.json:1: vm.kernel.path: required, but missing" },
	{ { .more = ",\"vm\":{\"kernel\":{\"path\":\"vmlinuz\"}}" },
	  "config.json: vm.kernel.path: expected an absolute path, got \"vmlinuz\"" },
	{ { .more = ",\"vm\":{\"kernel\":{\"path\":\"/k\",\"initrd\":\"i\"}}" },
	  "config.json: vm.kernel.initrd: expected an absolute path, got \"i\"" },
	{ { .more = ",\"vm\":{\"kernel\":{\"path\":\"/k\"},\"image\":{\"format\":\"raw\"}}" },
	  "config.json:1: vm.image.path: required, but missing" },
	{ { .more = ",\"vm\":{\"kernel\":{\"path\":\"/k\"},\"hwConfig\":{\"irqs\":[4294967296]}}" },
	  "config.json:1: vm.hwConfig.irqs[0]: expected an integer from 0 to 4294967295, got 4294967296" },
	{ { .more = ",\"vm\":{\"kernel\":{\"path\":\"/k\"},\"hwConfig\":{\"iomems\":[{\"nrMFNs\":1}]}}" },
	  "config.json:1: vm.hwConfig.iomems[0].firstMFN: required, but missing" },
};

TEST("each mistake is refused with its place, what is expected and what is there")
{
	for (size_t i = 0; i < AR_COUNT(refused); i++) {
		_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
		struct ar_spec *spec;

		CHECK_INT(read_text(arena, assemble(arena, &refused[i].parts), &spec), -EINVAL);
		CHECK_STR(err.text, refused[i].message);
	}
}

static const struct parts accepted[] = {
	{ 0 },
	{ .version = "null" },
	{ .version = "\"\"" },
	{ .version = "\"1\"" },
	{ .version = "\"1.0\"" },
	{ .version = "\"v1.0.0\"" },
	{ .version = "\"1.0.0\"" },
	{ .version = "\"1.0.2-dev\"" },
	{ .version = "\"1.0.0-rc5-dev\"" },
	{ .version = "\"1.1.0+dev\"" },
	{ .version = "\"1.2.1\"" },
	{ .version = "\"1.40.0\"" },
	{ .linux = "null" },
	{ .linux = "{}" },
	{ .linux = "{\"namespaces\":[]}" },
	/* mappings beside a path, as some engines write them */
	{ .linux = "{\"namespaces\":[{\"type\":\"user\",\"path\":\"/u\"}],"
		   "\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]}" },
	/* empty lists need no namespace */
	{ LINUX("\"maskedPaths\":[\"proc/kcore\"],\"readonlyPaths\":[\"./proc/sys\"]") },
	{ RULE("\"action\":\"SCMP_ACT_LOG\"") },
	{ RULE("\"names\":[],\"action\":\"SCMP_ACT_LOG\"") },
	{ RESOURCES("\"devices\":[{\"access\":\"rwm\"}]") },
	{ .linux = "{\"uidMappings\":[],\"maskedPaths\":[],\"timeOffsets\":{},\"netDevices\":{}}" },
	{ .linux = "{\"resources\":{\"pids\":{},\"memory\":{},\"devices\":[{\"allow\":false}]}}" },
	{ .more = ",\"windows\":{\"x\":1},\"solaris\":[],\"zos\":null,\"freebsd\":{},\"future\":{}" },
	{ .more = ",\"vm\":{\"kernel\":{\"path\":\"/k\"},\"image\":{\"path\":\"/i\"}}" },
	{ PROCESS("\"user\":{},\"env\":[],\"rlimits\":[],\"scheduler\":null,\"somethingNew\":1") },
	{ MOUNT("\"source\":\"src\",\"options\":[\"bind\"]") },
	{ MOUNT("\"source\":\"src\",\"options\":[\"bind\",\"idmap\"]"),
	  .linux = "{\"namespaces\":[{\"type\":\"user\",\"path\":\"/u\"}]}" },
	{ SECCOMP("\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],"
		  "\"action\":\"SCMP_ACT_NOTIFY\"}],\"listenerPath\":\"/s\"") },
};

/* What is refused above and runc overlooks. */
static const struct parts overlooked[] = {
	{ .version = "\"2.0.0\"" },
	{ .version = "\"x\"" },
	{ .root = "{\"path\":\"\"}" },
	{ PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1},"
		  "{\"type\":\"RLIMIT_CORE\",\"soft\":0,\"hard\":0},"
		  "{\"type\":\"RLIMIT_CPU\",\"soft\":2,\"hard\":2}]") },
	{ LINUX("\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]") },
	{ MOUNT("\"type\":\"bind\"") },
	{ .more = ",\"hostname\":\"a\",\"hostname\":\"b\"" },
	{ .more = "} {" },
};

TEST("what runc overlooks is refused, but when it is read as runc reads it")
{
	for (size_t i = 0; i < AR_COUNT(overlooked); i++) {
		_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
		const char *text = assemble(arena, &overlooked[i]);
		struct ar_spec *spec;

		if (read_text(arena, text, &spec) == 0)
			test_fail(__FILE__, __LINE__, "number %zu is taken", i);
		if (ar_spec_parse(arena, "config.json", text, strlen(text), AR_READ_LENIENT, &spec,
				  &err) < 0)
			test_fail(__FILE__, __LINE__, "number %zu is refused: %s", i, err.text);
	}
}

TEST("what runtime-spec leaves open and engines write is accepted")
{
	for (size_t i = 0; i < AR_COUNT(accepted); i++) {
		_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
		struct ar_spec *spec;

		if (read_text(arena, assemble(arena, &accepted[i]), &spec) < 0)
			test_fail(__FILE__, __LINE__, "number %zu is refused: %s", i, err.text);
	}
}

TEST("an empty text counts as left out")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_spec *spec;

	CHECK_INT(
		read_text(
			arena,
			assemble(
				arena,
				&(struct parts){
					PROCESS("\"apparmorProfile\":\"\",\"selinuxLabel\":\"\""),
					.linux =
						"{\"rootfsPropagation\":\"\",\"cgroupsPath\":\"\","
						"\"namespaces\":[{\"type\":\"pid\",\"path\":\"\"}]}",
					.more = ",\"hostname\":\"\"",
				}),
			&spec),
		0);
	CHECK(!spec->process->apparmor_profile && !spec->process->selinux_label);
	CHECK(!spec->linux->rootfs_propagation && !spec->linux->cgroups_path && !spec->hostname);
	CHECK(!ar_spec_namespace(spec, "pid")->path);
}

TEST("a mount's destination becomes clean and absolute")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	const struct ar_mount *mounts;
	struct ar_spec *spec;

	CHECK_INT(read_text(arena,
			    assemble(arena,
				     &(struct parts){
					     .more = ",\"mounts\":[{\"destination\":\"data\"},"
						     "{\"destination\":\"//a/./b/../c/\"},\n"
						     "{\"destination\":\"../../etc\"}]" }),
			    &spec),
		  0);
	mounts = spec->mounts.items;
	CHECK_STR(mounts[0].destination, "/data");
	CHECK_STR(mounts[1].destination, "/a/c");
	CHECK_STR(mounts[2].destination, "/etc");
	CHECK_UINT(mounts[2].line, 2);
}

static const char *with_mounts(struct ar_arena *arena, unsigned int n)
{
	_cleanup_text_ struct ar_text more = AR_TEXT_INIT;

	ar_text_addf(&more, ",\"mounts\":[");
	for (unsigned int i = 0; i < n; i++)
		ar_text_addf(&more, "%s{\"destination\":\"/m%u\"}", i ? "," : "", i);
	ar_text_addf(&more, "]");
	return assemble(arena, &(struct parts){ .more = ar_text_str(&more) });
}

TEST("mounts are many, not any number")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_spec *spec;

	CHECK_INT(read_text(arena, with_mounts(arena, 4096), &spec), 0);
	CHECK_INT(read_text(arena, with_mounts(arena, 4097), &spec), -EINVAL);
	CHECK_STR(err.text,
		  "config.json: mounts: 4097 are more than the 4096 that a container may have");
}

TEST("a seccomp section that says nothing counts as left out")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_spec *spec;

	CHECK_INT(read_text(arena, assemble(arena, &(struct parts){ .linux = "{\"seccomp\":{}}" }),
			    &spec),
		  0);
	CHECK(!spec->linux->seccomp);
}

TEST("no flags of seccomp and flags left out are told apart")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_spec *spec;

	CHECK_INT(read_text(arena,
			    assemble(arena,
				     &(struct parts){ SECCOMP("\"defaultAction\":\"SCMP_ACT_LOG\","
							      "\"flags\":[]") }),
			    &spec),
		  0);
	CHECK(spec->linux->seccomp->flags.items && spec->linux->seccomp->flags.n == 0);
	CHECK(!spec->linux->seccomp->architectures.items);
}

TEST("an engine's bundle reads, and its parts are where they belong")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	int dir = open(test_source("tests/unit/data"), O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct ar_spec *spec;
	size_t len;
	char *text;

	CHECK_INT(ar_file_read(arena, dir, "engine.json", 1u << 20, &text, &len, &err), 0);
	close(dir);
	CHECK_INT(read_text(arena, text, &spec), 0);
	CHECK_UINT(spec->mounts.n, 10);
	CHECK_UINT(spec->process->capabilities->bounding.n, 14);
	CHECK(ar_spec_namespace(spec, "network") && !ar_spec_namespace(spec, "user"));
	CHECK_INT(spec->linux->resources->memory->limit.value, 536870912);
	CHECK_UINT(spec->linux->seccomp->default_errno_ret.value, 1);
	CHECK_UINT(spec->hooks->prestart.n, 1);
}

/* --- parts alone ------------------------------------------------------------------------------ */

TEST("a process.json is held to the rules of a process")
{
	struct ar_process process = { .cwd = "tmp" };

	CHECK_INT(ar_process_validate(&process, "process.json", &err), -EINVAL);
	CHECK_STR(err.text, "process.json: process.cwd: expected an absolute path, got \"tmp\"");
	process.cwd = "/tmp";
	CHECK_INT(ar_process_validate(&process, "process.json", &err), 0);
}

TEST("a resources.json is held to the rules of resources")
{
	struct ar_pair pair = { "a/b", "1" };
	struct ar_resources resources = { .unified = { &pair, 1 } };

	CHECK_INT(ar_resources_validate(&resources, "-", &err), -EINVAL);
	CHECK_STR(err.text, "-: unified: expected the name of a file, got \"a/b\"");
	pair.key = "memory.high";
	CHECK_INT(ar_resources_validate(&resources, "-", &err), 0);
}

int main(void)
{
	return test_main();
}
