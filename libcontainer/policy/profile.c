/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/profile.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"

#define KIB 1024ull
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

/* --- values --- */

/* What stays within the container: its own files, processes, identities and low ports. */
static const char *agent_capabilities[] = {
	"CAP_CHOWN",  "CAP_DAC_OVERRIDE", "CAP_FOWNER",		  "CAP_FSETID", "CAP_KILL",
	"CAP_SETGID", "CAP_SETUID",	  "CAP_NET_BIND_SERVICE", NULL
};
static const char *no_capabilities[] = { NULL };

static const struct ar_values agent_values = {
	.scratch_size = 64 * MIB,
	.home_size = 1 * GIB,
	.tmpfs_ceiling = 1 * GIB,
	.memory_limit = 4 * GIB,
	.pids_limit = 1024,
	.pids_ceiling = 4096,
	.nofile_ceiling = 65536,
	.capabilities = { agent_capabilities, AR_COUNT(agent_capabilities) - 1 },
};
/* Limits are half of what agent has, configured or not: see ar_values_get(). */
static const struct ar_values strict_values = {
	.scratch_size = 16 * MIB,
	.home_size = 64 * MIB,
	.tmpfs_ceiling = 256 * MIB,
	.memory_limit = 4 * GIB,
	.pids_limit = 1024,
	.pids_ceiling = 4096,
	.nofile_ceiling = 65536,
	.capabilities = { no_capabilities, 0 },
	.home_noexec = true,
	.declared_binds = true,
	.landlock_signals = true,
	.proc_hidepid = true,
};

static void take(uint64_t *value, const struct ar_opt_u64 *configured)
{
	if (configured->set)
		*value = configured->value;
}

void ar_values_get(enum ar_profile profile, const struct ar_config *config, struct ar_values *ret)
{
	*ret = profile == AR_PROFILE_STRICT ? strict_values : agent_values;
	take(&ret->scratch_size, &config->scratch_size);
	take(&ret->home_size, &config->home_size);
	take(&ret->tmpfs_ceiling, &config->tmpfs_ceiling);
	take(&ret->memory_limit, &config->memory_limit);
	take(&ret->memory_ceiling, &config->memory_ceiling);
	take(&ret->pids_limit, &config->pids_limit);
	take(&ret->pids_ceiling, &config->pids_ceiling);
	take(&ret->nofile_ceiling, &config->nofile_ceiling);
	if (profile == AR_PROFILE_STRICT) {
		ret->memory_limit /= 2;
		ret->memory_ceiling /= 2;
		ret->pids_limit /= 2;
		ret->pids_ceiling /= 2;
		ret->nofile_ceiling /= 2;
	}
	if (ret->memory_ceiling && ret->memory_limit > ret->memory_ceiling)
		ret->memory_limit = ret->memory_ceiling;
	if (ret->pids_limit > ret->pids_ceiling)
		ret->pids_limit = ret->pids_ceiling;
}

enum ar_strength ar_control_strength(enum ar_profile profile, enum ar_control control)
{
	if (profile == AR_PROFILE_COMPAT || profile == AR_PROFILE_UNSET)
		return AR_OFF;
	switch (control) {
	case AR_CONTROL_HOME:
	case AR_CONTROL_USER_NAMESPACE:
	case AR_CONTROL_MEMFD_NOEXEC:
	case AR_CONTROL_PIDS_LIMIT:
	case AR_CONTROL_MEMORY_LIMIT:
	case AR_CONTROL_LANDLOCK:
	case AR_CONTROL_KEYRING:
		return AR_IF_AVAILABLE;
	default:
		return AR_REQUIRED;
	}
}

/* --- which profile is in force --- */

/* compat < agent < strict; vm is agent behind a hypervisor. */
static int rank(enum ar_profile profile)
{
	switch (profile) {
	case AR_PROFILE_AGENT:
		return 1;
	case AR_PROFILE_VM:
		return 2;
	case AR_PROFILE_STRICT:
		return 3;
	default:
		return 0;
	}
}

bool ar_profile_at_least(enum ar_profile a, enum ar_profile b)
{
	return rank(a) >= rank(b);
}

/* "agentrun-strict" -> "strict"; NULL for every other name of the program. */
static const char *profile_of_program(const char *argv0)
{
	static const char prefix[] = "agentrun-";
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL, *name = slash ? slash + 1 : argv0;

	if (!name || !ar_starts_with(name, prefix))
		return NULL;
	name += sizeof(prefix) - 1;
	return ar_profile_from_name(name) == AR_PROFILE_UNSET ? NULL : name;
}

int ar_profile_choose(const char *option, const char *argv0, const struct ar_config *config,
		      enum ar_profile *ret, struct ar_error *err)
{
	const char *program = profile_of_program(argv0), *name = option;
	enum ar_profile profile, minimum = AR_PROFILE_UNSET;

	if (!name)
		name = program ? program : config->profile ? config->profile : "agent";
	profile = ar_profile_from_name(name);
	if (profile == AR_PROFILE_UNSET)
		return ar_refuse(err, EINVAL,
				 "unknown profile '%s': expected compat, agent or strict", name);
	if (profile == AR_PROFILE_VM)
		return ar_refuse(err, ENOTSUP,
				 "profile 'vm': the VM backend is not part of this version");
	if (config->minimum_profile)
		minimum = ar_profile_from_name(config->minimum_profile);
	if (!ar_profile_at_least(profile, minimum))
		return ar_refuse(err, EPERM,
				 "profile '%s' is below the minimum '%s' of the configuration",
				 name, config->minimum_profile);
	*ret = profile;
	return 0;
}
