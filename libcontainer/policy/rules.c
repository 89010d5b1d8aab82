/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/rules.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"

/* short, so that a rule is one line of a table */
#define F AR_RULE_FORCED
#define C AR_RULE_CEILING
#define D AR_RULE_DEFAULT
#define R AR_RULE_REFUSED
#define K AR_RULE_KEPT
#define NONE (-1)
#define TREE AR_RULE_TREE
#define JUDGED AR_RULE_JUDGED
#define FLOOR AR_RULE_FLOOR
#define ON(control) AR_CONTROL_##control

static const char kept[] = "it weakens nothing";
static const char inert[] = "it belongs to another platform: nothing reads it";

/* clang-format off */
static const struct ar_rule rules[] = {
	{ "annotations", C, C, NONE, TREE | FLOOR, "annotations are within an attacker's reach: they may only tighten" },
	{ "bundle-policy", C, C, NONE, FLOOR, "a bundle is within an attacker's reach: its own policy may only tighten" },
	{ "command.checkpoint", R, R, NONE, 0, "a restored image would shed Landlock and seccomp" },
	{ "command.restore", R, R, NONE, 0, "a restored image would shed Landlock and seccomp" },
	{ "default-limits", D, D, ON(PIDS_LIMIT), 0, "a fork bomb must stay inside" },
	{ "dev", D, D, ON(DEVICES), 0, "the image's own /dev may hold anything" },
	{ "domainname", K, K, NONE, 0, kept },
	{ "exec.additional-gids", C, C, NONE, 0, "the group is as good as root on the host" },
	{ "exec.apparmor", D, D, ON(LSM), 0, "every process of a container has the container's own profile" },
	{ "exec.cap", C, C, ON(CAPABILITIES), 0, "no process gets more than its container" },
	{ "exec.no-new-privs", F, F, ON(NO_NEW_PRIVS), 0, "setuid programs must not raise privileges" },
	{ "exec.process-label", D, D, ON(LSM), 0, "every process of a container has the container's own label" },
	{ "exec.user", K, K, NONE, 0, kept },
	{ "flag.cgroup-manager", R, R, NONE, 0, "limits and device rules need a cgroup" },
	{ "flag.no-new-keyring", F, F, ON(KEYRING), 0, "the caller's session keyring holds keys of the host" },
	{ "flag.no-pivot", R, R, NONE, 0, "without pivot_root(2) the host's root stays reachable" },
	{ "flag.notify-socket", K, K, NONE, 0, "the service manager is told that the program is ready, and nothing else" },
	{ "freebsd", K, K, NONE, TREE, inert },
	{ "home", D, D, ON(HOME), 0, "tools write below their home, and the image stays as it is" },
	{ "hooks.createContainer", R, R, ON(HOOKS), TREE | JUDGED, "a hook runs as root on the host: only listed ones do" },
	{ "hooks.createRuntime", R, R, ON(HOOKS), TREE | JUDGED, "a hook runs as root on the host: only listed ones do" },
	{ "hooks.poststart", R, R, ON(HOOKS), TREE | JUDGED, "a hook runs as root on the host: only listed ones do" },
	{ "hooks.poststop", R, R, ON(HOOKS), TREE | JUDGED, "a hook runs as root on the host: only listed ones do" },
	{ "hooks.prestart", R, R, ON(HOOKS), TREE | JUDGED, "a hook runs as root on the host: only listed ones do" },
	{ "hooks.startContainer", R, R, ON(HOOKS), TREE | JUDGED, "it runs a file of the image before the container is confined" },
	{ "hostname", K, K, NONE, 0, kept },
	{ "landlock", F, F, ON(LANDLOCK), 0, "processes of other containers must stay out of reach" },
	{ "linux.cgroupsPath", R, R, NONE, JUDGED | FLOOR, "the cgroup must be the container's alone" },
	{ "linux.devices", C, C, ON(DEVICES), TREE, "only the default nodes are made; others must be declared" },
	{ "linux.gidMappings", K, K, ON(USER_NAMESPACE), TREE, "the engine's own user namespace" },
	{ "linux.intelRdt", R, R, NONE, TREE, "it changes cache and bandwidth of the whole host" },
	{ "linux.maskedPaths", D, D, ON(MASKED_PATHS), 0, "these paths reveal or control the host" },
	{ "linux.memoryPolicy", K, K, NONE, TREE, kept },
	{ "linux.mountLabel", K, K, ON(LSM), 0, kept },
	{ "linux.namespaces[].path", R, R, ON(NAMESPACES), JUDGED, "the host's own namespace must not be joined" },
	{ "linux.namespaces[].type", R, R, ON(NAMESPACES), JUDGED, "a namespace that is left out means the host's own" },
	{ "linux.netDevices", R, R, NONE, TREE, "it takes a network device away from the host" },
	{ "linux.personality.domain", K, F, NONE, 0, "the execution domain is the native one" },
	{ "linux.personality.flags", F, F, NONE, 0, "flags such as READ_IMPLIES_EXEC undo memory protection" },
	{ "linux.readonlyPaths", D, D, ON(MASKED_PATHS), 0, "writing here changes the host" },
	{ "linux.resources.blockIO", K, K, NONE, TREE, kept },
	{ "linux.resources.cpu.burst", K, K, ON(CPU_LIMIT), 0, kept },
	{ "linux.resources.cpu.cpus", K, K, ON(CPU_LIMIT), 0, kept },
	{ "linux.resources.cpu.idle", K, K, ON(CPU_LIMIT), 0, kept },
	{ "linux.resources.cpu.mems", K, K, ON(CPU_LIMIT), 0, kept },
	{ "linux.resources.cpu.period", K, K, ON(CPU_LIMIT), 0, kept },
	{ "linux.resources.cpu.quota", K, K, ON(CPU_LIMIT), 0, kept },
	{ "linux.resources.cpu.realtimePeriod", F, F, ON(CPU_LIMIT), 0, "real-time processes can starve the host" },
	{ "linux.resources.cpu.realtimeRuntime", F, F, ON(CPU_LIMIT), 0, "real-time processes can starve the host" },
	{ "linux.resources.cpu.shares", K, K, ON(CPU_LIMIT), 0, kept },
	{ "linux.resources.devices", F, F, ON(DEVICES), TREE, "only the default nodes can be opened; others must be declared" },
	{ "linux.resources.hugepageLimits", K, K, NONE, TREE, kept },
	{ "linux.resources.memory.checkBeforeUpdate", K, K, ON(MEMORY_LIMIT), 0, kept },
	{ "linux.resources.memory.disableOOMKiller", F, F, ON(MEMORY_LIMIT), 0, "a container without memory must end, not hang" },
	{ "linux.resources.memory.kernel", K, K, ON(MEMORY_LIMIT), 0, "cgroup v2 counts kernel memory in the limit" },
	{ "linux.resources.memory.kernelTCP", K, K, ON(MEMORY_LIMIT), 0, "cgroup v2 counts kernel memory in the limit" },
	{ "linux.resources.memory.limit", C, C, ON(MEMORY_LIMIT), 0, "every container has a memory limit" },
	{ "linux.resources.memory.reservation", F, F, ON(MEMORY_LIMIT), 0, "what is kept for this container is taken from its neighbours" },
	{ "linux.resources.memory.swap", F, F, ON(MEMORY_LIMIT), 0, "no swap: secrets stay off the disk, and the limit is a limit" },
	{ "linux.resources.memory.swappiness", K, K, ON(MEMORY_LIMIT), 0, kept },
	{ "linux.resources.memory.useHierarchy", K, K, ON(MEMORY_LIMIT), 0, kept },
	{ "linux.resources.network", K, K, NONE, TREE, kept },
	{ "linux.resources.pids.limit", C, C, ON(PIDS_LIMIT), 0, "a fork bomb must stay inside" },
	{ "linux.resources.rdma", K, K, NONE, TREE, kept },
	{ "linux.resources.unified", C, C, NONE, TREE, "only keys that limit the container itself are allowed" },
	{ "linux.rootfsPropagation", R, R, ON(NAMESPACES), JUDGED | FLOOR, "with shared propagation mounts reach the host" },
	{ "linux.seccomp.architectures", K, K, ON(SECCOMP), 0, kept },
	{ "linux.seccomp.defaultAction", K, K, ON(SECCOMP), 0, "the profile's own list holds whatever the bundle allows" },
	{ "linux.seccomp.defaultErrnoRet", K, K, ON(SECCOMP), 0, kept },
	{ "linux.seccomp.flags", C, C, NONE, 0, "SPEC_ALLOW switches off protection against speculation" },
	{ "linux.seccomp.listenerMetadata", K, K, ON(SECCOMP), 0, kept },
	{ "linux.seccomp.listenerPath", R, R, NONE, 0, "a process of the host would answer system calls for the container" },
	{ "linux.seccomp.syscalls", K, K, ON(SECCOMP), TREE, "the profile's own list holds whatever the bundle allows" },
	{ "linux.sysctl", C, C, NONE, TREE, "only sysctls known to stay within the container's namespaces are allowed" },
	{ "linux.timeOffsets", K, K, NONE, TREE, kept },
	{ "linux.uidMappings", K, K, ON(USER_NAMESPACE), TREE, "the engine's own user namespace" },
	{ "memfd-noexec", F, F, ON(MEMFD_NOEXEC), 0, "executable memory must not get around noexec" },
	{ "mount-namespace", R, R, ON(NAMESPACES), JUDGED | FLOOR, "a container needs a mount namespace of its own" },
	{ "mounts[].destination", R, R, ON(BINDS), JUDGED, "a mount here would hide what the container's safety rests on" },
	{ "mounts[].gidMappings", R, R, NONE, TREE | JUDGED, "the mapping must be the container's own" },
	{ "mounts[].options", F, F, ON(BINDS), 0, "a mount must not bring in setuid programs or device nodes" },
	{ "mounts[].source", R, R, ON(BINDS), JUDGED, "this part of the host must not be seen by a container" },
	{ "mounts[].type", R, R, NONE, JUDGED, "only proc, sysfs, cgroup, devpts, mqueue, tmpfs and binds are mounted" },
	{ "mounts[].uidMappings", R, R, NONE, TREE | JUDGED, "the mapping must be the container's own" },
	{ "ociVersion", K, K, NONE, 0, kept },
	{ "process.apparmorProfile", D, D, ON(LSM), 0, "a profile that does not confine is treated as if none had been requested" },
	{ "process.args", K, K, NONE, 0, kept },
	{ "process.capabilities.ambient", F, F, ON(CAPABILITIES), 0, "programs must not pass capabilities on" },
	{ "process.capabilities.bounding", C, C, ON(CAPABILITIES), 0, "only capabilities that stay within the container" },
	{ "process.capabilities.effective", C, C, ON(CAPABILITIES), 0, "only capabilities that stay within the container" },
	{ "process.capabilities.inheritable", F, F, ON(CAPABILITIES), 0, "programs must not pass capabilities on" },
	{ "process.capabilities.permitted", C, C, ON(CAPABILITIES), 0, "only capabilities that stay within the container" },
	{ "process.commandLine", K, K, NONE, 0, inert },
	{ "process.consoleSize", K, K, NONE, TREE, kept },
	{ "process.cwd", K, K, NONE, 0, kept },
	{ "process.env", K, K, NONE, 0, kept },
	{ "process.execCPUAffinity", K, K, NONE, TREE, kept },
	{ "process.ioPriority", C, C, NONE, TREE, "nothing takes priority over the host's own work" },
	{ "process.noNewPrivileges", F, F, ON(NO_NEW_PRIVS), 0, "setuid programs must not raise privileges" },
	{ "process.oomScoreAdj", C, C, NONE, 0, "the container dies before the host does" },
	{ "process.rlimits", C, C, ON(RLIMITS), TREE, "core dumps, descriptors and priorities have ceilings" },
	{ "process.scheduler", C, C, NONE, TREE, "nothing takes priority over the host's own work" },
	{ "process.selinuxLabel", D, D, ON(LSM), 0, "an unconfined type is treated as missing, and one that is not for containers is refused" },
	{ "process.terminal", K, K, NONE, 0, kept },
	{ "process.user.additionalGids", C, C, NONE, 0, "the group is as good as root on the host" },
	{ "process.user.gid", K, K, NONE, 0, kept },
	{ "process.user.uid", K, K, NONE, 0, kept },
	{ "process.user.umask", K, K, NONE, 0, kept },
	{ "process.user.username", K, K, NONE, 0, inert },
	{ "root.path", R, R, ON(READONLY_ROOT), JUDGED | FLOOR, "a directory of the host's system cannot be a container's root" },
	{ "root.readonly", F, F, ON(READONLY_ROOT), 0, "what runs must be what the image has" },
	{ "scratch", D, D, ON(SCRATCH), 0, "programs need a place to write, but nothing runs from it" },
	{ "seccomp", D, D, ON(SECCOMP), 0, "a container without a filter reaches the whole kernel" },
	{ "solaris", K, K, NONE, TREE, inert },
	{ "vm", R, R, NONE, TREE, "it asks for a virtual machine, which this version does not have" },
	{ "windows", K, K, NONE, TREE, inert },
	{ "zos", K, K, NONE, TREE, inert },
};
/* clang-format on */

const struct ar_rule *ar_rules(size_t *ret_n)
{
	*ret_n = AR_COUNT(rules);
	return rules;
}

/* strcmp(3) of the first len bytes of path, as a text of its own, with a rule's path. */
static int compare(const char *path, size_t len, const struct ar_rule *rule)
{
	int r = strncmp(path, rule->path, len);

	if (r != 0)
		return r;
	return rule->path[len] == '\0' ? 0 : -1;
}

/* The first rule that is not before the path. */
static size_t lower_bound(const char *path, size_t len)
{
	size_t low = 0, high = AR_COUNT(rules);

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (compare(path, len, &rules[mid]) > 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static const struct ar_rule *exact(const char *path, size_t len)
{
	size_t at = lower_bound(path, len);

	return at < AR_COUNT(rules) && compare(path, len, &rules[at]) == 0 ? &rules[at] : NULL;
}

const struct ar_rule *ar_rule_find(const char *path)
{
	size_t len = strlen(path);
	const struct ar_rule *rule = exact(path, len);

	while (!rule && len > 0) {
		len--;
		if (path[len] != '.' && path[len] != '[')
			continue;
		rule = exact(path, len);
		if (rule && !(rule->flags & TREE))
			return NULL;
	}
	return rule;
}

/* Whether rules lie below the path: it is a structure whose members have rules of their own. */
static bool above_rules(const char *path)
{
	size_t len = strlen(path);

	for (size_t at = lower_bound(path, len); at < AR_COUNT(rules); at++) {
		if (strncmp(path, rules[at].path, len) != 0)
			return false;
		if (rules[at].path[len] == '.' || rules[at].path[len] == '[')
			return true;
	}
	return false;
}

bool ar_rule_covers(const char *field_path)
{
	return ar_rule_find(field_path) || above_rules(field_path);
}

bool ar_rule_named(const char *text)
{
	for (int control = 0; control < AR_CONTROL_COUNT; control++)
		if (ar_streq(text, ar_control_name((enum ar_control)control)))
			return true;
	return ar_rule_covers(text);
}

enum ar_rule_kind ar_rule_kind(const struct ar_rule *rule, enum ar_profile profile)
{
	switch (profile) {
	case AR_PROFILE_COMPAT:
		return AR_RULE_KEPT;
	case AR_PROFILE_STRICT:
		return rule->strict;
	default:
		return rule->agent;
	}
}

const char *ar_rule_kind_name(enum ar_rule_kind kind)
{
	static const char *const names[] = { "forced", "ceiling", "default", "refused", "kept" };

	return names[kind];
}

int ar_rule_check(enum ar_profile profile, const char *path, const char *asked,
		  struct ar_error *err)
{
	const struct ar_rule *rule = ar_rule_find(path);

	if (profile == AR_PROFILE_COMPAT)
		return 0;
	if (!rule)
		return ar_refuse(err, EPERM, "%s is refused by the %s profile: it has no rule",
				 asked, ar_profile_name(profile));
	if (ar_rule_kind(rule, profile) != AR_RULE_REFUSED)
		return 0;
	return ar_refuse(err, EPERM, "%s is refused by the %s profile: %s", asked,
			 ar_profile_name(profile), rule->reason);
}
