/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>

#include "base/error.h"
#include "base/str.h"
#include "policy/profile.h"

static enum ar_profile chosen(const char *option, const char *argv0, const struct ar_config *config)
{
	enum ar_profile profile = AR_PROFILE_UNSET;
	struct ar_error err = { 0 };

	if (ar_profile_choose(option, argv0, config, &profile, &err) < 0)
		test_fail(__FILE__, __LINE__, "%s", err.text);
	return profile;
}

TEST("the option comes before the program's name, and that before the configuration")
{
	const struct ar_config config = { .profile = "strict" };

	CHECK_INT(chosen("compat", "/usr/bin/agentrun-strict", &config), AR_PROFILE_COMPAT);
	CHECK_INT(chosen(NULL, "/usr/bin/agentrun-compat", &config), AR_PROFILE_COMPAT);
	CHECK_INT(chosen(NULL, "/usr/bin/agentrun", &config), AR_PROFILE_STRICT);
	CHECK_INT(chosen(NULL, "/usr/bin/agentrun", &ar_config_default), AR_PROFILE_AGENT);
}

TEST("another program's name is the agent profile, however it looks")
{
	static const char *const names[] = { "runc",   "crun", "/opt/agentrun-dev",
					     "compat", "",     "agentrun-" };

	for (size_t i = 0; i < AR_COUNT(names); i++)
		CHECK_INT(chosen(NULL, names[i], &ar_config_default), AR_PROFILE_AGENT);
	CHECK_INT(chosen(NULL, NULL, &ar_config_default), AR_PROFILE_AGENT);
}

TEST("neither option nor name goes below the minimum")
{
	const struct ar_config config = { .minimum_profile = "agent" };
	enum ar_profile profile = AR_PROFILE_UNSET;
	struct ar_error err = { 0 };

	CHECK_INT(ar_profile_choose("compat", "agentrun", &config, &profile, &err), -EPERM);
	CHECK_STR(err.text, "profile 'compat' is below the minimum 'agent' of the configuration");
	CHECK_INT(ar_profile_choose(NULL, "agentrun-compat", &config, &profile, &err), -EPERM);
	CHECK_INT(profile, AR_PROFILE_UNSET);
	CHECK_INT(chosen("strict", "agentrun", &config), AR_PROFILE_STRICT);
}

TEST("the vm profile is refused clearly, by option and by name")
{
	enum ar_profile profile;
	struct ar_error err = { 0 };

	CHECK_INT(ar_profile_choose("vm", "agentrun", &ar_config_default, &profile, &err),
		  -ENOTSUP);
	CHECK_HAS(err.text, "the VM backend is not part of this version");
	CHECK_INT(ar_profile_choose(NULL, "agentrun-vm", &ar_config_default, &profile, &err),
		  -ENOTSUP);
}

TEST("an unknown profile is an error that names it")
{
	enum ar_profile profile;
	struct ar_error err = { 0 };

	CHECK_INT(ar_profile_choose("loose", "agentrun", &ar_config_default, &profile, &err),
		  -EINVAL);
	CHECK_HAS(err.text, "unknown profile 'loose'");
}

TEST("every control and profile has a name that leads back to it")
{
	for (int c = 0; c < AR_CONTROL_COUNT; c++)
		CHECK_INT(ar_control_from_name(ar_control_name((enum ar_control)c)), c);
	CHECK_INT(ar_control_from_name("nothing"), AR_CONTROL_COUNT);
	for (int p = AR_PROFILE_COMPAT; p <= AR_PROFILE_VM; p++)
		CHECK_INT(ar_profile_from_name(ar_profile_name((enum ar_profile)p)), p);
}

TEST("strict has half of agent's limits, configured or not")
{
	const struct ar_config config = { .memory_limit = { true, 1 << 30 },
					  .pids_limit = { true, 100 } };
	struct ar_values agent, strict;

	ar_values_get(AR_PROFILE_AGENT, &ar_config_default, &agent);
	ar_values_get(AR_PROFILE_STRICT, &ar_config_default, &strict);
	CHECK_UINT(agent.memory_limit, 4ull << 30);
	CHECK_UINT(strict.memory_limit, 2ull << 30);
	CHECK_UINT(agent.pids_limit, 1024);
	CHECK_UINT(strict.pids_ceiling, 2048);
	CHECK_UINT(agent.capabilities.n, 8);
	CHECK_UINT(strict.capabilities.n, 0);
	ar_values_get(AR_PROFILE_STRICT, &config, &strict);
	CHECK_UINT(strict.memory_limit, 1 << 29);
	CHECK_UINT(strict.pids_limit, 50);
}

TEST("what compat holds is off, what agent holds is on")
{
	for (int c = 0; c < AR_CONTROL_COUNT; c++) {
		CHECK_INT(ar_control_strength(AR_PROFILE_COMPAT, (enum ar_control)c), AR_OFF);
		CHECK(ar_control_strength(AR_PROFILE_AGENT, (enum ar_control)c) != AR_OFF);
	}
	CHECK_INT(ar_control_strength(AR_PROFILE_AGENT, AR_CONTROL_SECCOMP), AR_REQUIRED);
	CHECK_INT(ar_control_strength(AR_PROFILE_AGENT, AR_CONTROL_LANDLOCK), AR_IF_AVAILABLE);
}

int main(void)
{
	return test_main();
}
