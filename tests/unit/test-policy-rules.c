/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "fields.h"
#include "policy/rules.h"

/* --- every field has a rule -------------------------------------------------------------- */

struct walk {
	const char *prefix; /* of the paths */
	unsigned int fields;
};

static int must_be_covered(const char *path, const struct ar_field *field, void *arg)
{
	struct walk *w = arg;
	char full[512];

	(void)field;
	snprintf(full, sizeof(full), "%s%s", w->prefix, path);
	w->fields++;
	if (!ar_rule_covers(full))
		test_fail(__FILE__, __LINE__, "there is no rule for '%s'", full);
	return 0;
}

TEST("every field of config.json has a rule")
{
	struct walk w = { "", 0 };

	fields_walk(&ar_spec_class, must_be_covered, &w);
	CHECK(w.fields > 150);
}

TEST("every field of exec's process.json and update's resources.json has one")
{
	struct walk process = { "process.", 0 }, resources = { "linux.resources.", 0 };

	fields_walk(&ar_process_class, must_be_covered, &process);
	fields_walk(&ar_resources_class, must_be_covered, &resources);
	CHECK(process.fields > 20);
	CHECK(resources.fields > 20);
}

TEST("every flag that can weaken a container has a rule of its own")
{
	static const char *const flags[] = {
		"flag.no-new-keyring", "flag.no-pivot",	     "flag.cgroup-manager",
		"exec.apparmor",       "exec.process-label", "exec.cap",
		"exec.user",	       "exec.no-new-privs",  "exec.additional-gids",
		"command.checkpoint",  "command.restore",    "flag.notify-socket",
	};

	for (size_t i = 0; i < AR_COUNT(flags); i++) {
		const struct ar_rule *rule = ar_rule_find(flags[i]);

		CHECK(rule);
		CHECK_STR(rule->path, flags[i]);
	}
}

TEST("a field that nobody thought of has no rule")
{
	CHECK(!ar_rule_find("linux.newThing"));
	CHECK(!ar_rule_find("process.user.shadow"));
	CHECK(!ar_rule_find("process.apparmorProfile2"));
	CHECK(!ar_rule_find("roots.path"));
	CHECK(!ar_rule_covers("linux.newThing"));
	CHECK(!ar_rule_covers(""));
}

TEST("what lies below a tree has the tree's rule")
{
	CHECK_STR(ar_rule_find("linux.netDevices[].name")->path, "linux.netDevices");
	CHECK_STR(ar_rule_find("vm.kernel.path")->path, "vm");
	CHECK_STR(ar_rule_find("linux.seccomp.syscalls[].args[].op")->path,
		  "linux.seccomp.syscalls");
}

/* --- the table --------------------------------------------------------------------------- */

TEST("the rules stand in order, so that they can be found")
{
	size_t n;
	const struct ar_rule *rules = ar_rules(&n);

	for (size_t i = 1; i < n; i++)
		if (strcmp(rules[i - 1].path, rules[i].path) >= 0)
			test_fail(__FILE__, __LINE__, "'%s' stands before '%s'", rules[i - 1].path,
				  rules[i].path);
	for (size_t i = 0; i < n; i++)
		CHECK(ar_rule_find(rules[i].path) == &rules[i]);
}

static int is_field(const char *path, const struct ar_field *field, void *arg)
{
	const char *wanted = arg;
	size_t len = strlen(wanted);

	(void)field;
	/* a rule may stand for a list without naming its items */
	return strncmp(path, wanted, len) == 0 &&
	       (!path[len] || path[len] == '.' || path[len] == '[');
}

TEST("no rule is left over from a field that is gone")
{
	static const char *const words[] = {
		"flag.", "exec.",    "command.",     "bundle-policy",	"default-limits", "dev",
		"home",	 "landlock", "memfd-noexec", "mount-namespace", "scratch",	  "seccomp"
	};
	size_t n;
	const struct ar_rule *rules = ar_rules(&n);

	for (size_t i = 0; i < n; i++) {
		bool word = false;

		for (size_t k = 0; k < AR_COUNT(words); k++)
			word = word || ar_starts_with(rules[i].path, words[k]);
		if (!word && !fields_walk(&ar_spec_class, is_field, (void *)rules[i].path))
			test_fail(__FILE__, __LINE__, "there is no field '%s'", rules[i].path);
	}
}

TEST("every rule says why, and strict is nowhere looser than agent")
{
	size_t n;
	const struct ar_rule *rules = ar_rules(&n);

	for (size_t i = 0; i < n; i++) {
		CHECK(rules[i].reason && rules[i].reason[0]);
		CHECK(rules[i].control < AR_CONTROL_COUNT);
		if (rules[i].agent != AR_RULE_KEPT)
			CHECK(rules[i].strict != AR_RULE_KEPT);
		if (rules[i].agent == AR_RULE_REFUSED)
			CHECK_INT(rules[i].strict, AR_RULE_REFUSED);
		CHECK_INT(ar_rule_kind(&rules[i], AR_PROFILE_COMPAT), AR_RULE_KEPT);
	}
}

TEST("a command that a profile refuses says why; compat has it")
{
	struct ar_error err = { 0 };

	CHECK_INT(ar_rule_check(AR_PROFILE_AGENT, "command.restore", "restore", &err), -EPERM);
	CHECK_STR(err.text,
		  "restore is refused by the agent profile: a restored image would shed Landlock "
		  "and seccomp");
	CHECK_INT(ar_rule_check(AR_PROFILE_COMPAT, "command.restore", "restore", &err), 0);
	CHECK_INT(ar_rule_check(AR_PROFILE_STRICT, "command.unheard-of", "it", &err), -EPERM);
	CHECK_INT(ar_rule_check(AR_PROFILE_AGENT, "exec.user", "--user", &err), 0);
}

TEST("an opt-out can name a control, a field or what lies above fields")
{
	CHECK(ar_rule_named("seccomp"));
	CHECK(ar_rule_named("read-only-root"));
	CHECK(ar_rule_named("mounts[].source"));
	CHECK(ar_rule_named("hooks"));
	CHECK(ar_rule_named("linux.sysctl"));
	CHECK(!ar_rule_named("everything"));
}

int main(void)
{
	return test_main();
}
