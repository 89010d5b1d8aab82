/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "globals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "command.h"
#include "paths.h"
#include "policy/config.h"
#include "policy/profile.h"
#include "policy/trust.h"

#define AT(member) offsetof(struct ar_globals, member)

static const struct ar_option options[] = {
	{ "debug", 0, AR_OPTION_BOOL, false, AT(debug), NULL, "log each step" },
	{ "log", 0, AR_OPTION_STRING, false, AT(log), NULL,
	  "append the log to this file; errors go to standard error too" },
	{ "log-format", 0, AR_OPTION_STRING, false, AT(log_format), "text", "text or json" },
	{ "root", 0, AR_OPTION_STRING, false, AT(root), NULL,
	  "directory for the state of containers, best on a tmpfs (default: /run/agentrun or "
	  "$XDG_RUNTIME_DIR/agentrun)" },
	{ "systemd-cgroup", 0, AR_OPTION_BOOL, false, AT(systemd_cgroup), NULL,
	  "let systemd make cgroups; cgroupsPath is then slice:prefix:name" },
	{ "cgroup-manager", 0, AR_OPTION_STRING, false, AT(cgroup_manager), "cgroupfs",
	  "cgroupfs, systemd, or disabled for containers without a cgroup of their own" },
	{ "rootless", 0, AR_OPTION_STRING, false, AT(rootless), "auto",
	  "true, false or auto; rootless operation is recognised in any case" },
	{ "profile", 0, AR_OPTION_STRING, false, AT(profile), NULL,
	  "hardening profile of new containers: compat, agent or strict" },
	{ "config", 0, AR_OPTION_STRING, false, AT(config), NULL,
	  "policy file in place of " AR_CONFIG_FILE },
	{ "criu", 0, AR_OPTION_STRING, false, AT(criu), "criu",
	  "CRIU program of checkpoint and restore" },
	{ "version", 'v', AR_OPTION_BOOL, false, AT(version), NULL, "print the version" },
};
const struct ar_option_table ar_global_options = AR_OPTIONS(AR_OPTIONS_FIRST, options);

static bool is_one_of(const char *s, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(s, names[i]) == 0)
			return true;
	}
	return false;
}

int ar_globals_log(const struct ar_globals *globals, struct ar_error *err)
{
	bool json = ar_streq(globals->log_format, "json");

	ar_log_setup(json ? AR_LOG_JSON : AR_LOG_TEXT, globals->debug ? AR_LOG_DEBUG : AR_LOG_INFO);
	if (globals->log && *globals->log)
		return ar_log_open(globals->log, err);
	return 0;
}

int ar_globals_check(const struct ar_globals *globals, struct ar_error *err)
{
	static const char *const formats[] = { "", "text", "json" };
	static const char *const managers[] = { "cgroupfs", "systemd", "disabled" };

	if (!is_one_of(globals->log_format, formats, AR_COUNT(formats)))
		return ar_refuse(err, EINVAL, "invalid log-format: %s", globals->log_format);
	if (!is_one_of(globals->cgroup_manager, managers, AR_COUNT(managers)))
		return ar_refuse(
			err, EINVAL,
			"invalid cgroup-manager: %s (expected cgroupfs, systemd or disabled)",
			globals->cgroup_manager);
	if (globals->profile && ar_profile_from_name(globals->profile) == AR_PROFILE_UNSET)
		return ar_refuse(err, EINVAL,
				 "invalid profile: %s (expected compat, agent or strict)",
				 globals->profile);
	return 0;
}

/* As runc: not for root, unless it is root by a user namespace alone. */
static bool is_session_of_a_user(void)
{
	struct ar_trust trust;

	if (geteuid() != 0)
		return true;
	ar_trust_get(&trust);
	return trust.userns && !ar_streq(getenv("USER"), "root");
}

/*
 * The XDG base directory specification lets anybody who tidies up remove what has no sticky bit and
 * was not touched for six hours.
 */
static int make_session_root(const char *root, struct ar_error *err)
{
	if (mkdir(root, 0700) < 0 && errno != EEXIST)
		return ar_fail(err, errno, "make state root '%s'", root);
	if (chmod(root, 01700) < 0)
		return ar_fail(err, errno, "set the mode of state root '%s'", root);
	return 0;
}

int ar_globals_root(struct ar_arena *arena, const struct ar_globals *globals, const char **ret,
		    struct ar_error *err)
{
	const char *asked = globals->root, *session = getenv("XDG_RUNTIME_DIR");
	int r;

	if (asked) {
		if (*asked == '\0')
			return ar_refuse(err, EINVAL, "Option --root argument should not be empty");
		r = ar_path_from_cwd(arena, asked, ret, err);
		if (r < 0)
			return r;
		if (strcmp(*ret, "/") == 0)
			return ar_refuse(err, EINVAL,
					 "Option --root argument should not be set to /");
		return 0;
	}
	if (!session || *session != '/' || !is_session_of_a_user()) {
		*ret = "/run/agentrun";
		return 0;
	}
	*ret = ar_printf(arena, "%s/agentrun", session);
	return 1;
}

static int choose_root(struct ar_call *call, struct ar_error *err)
{
	int r = ar_globals_root(call->arena, call->globals, &call->context.root, err);

	call->root_given = call->globals->root != NULL;
	return r > 0 ? make_session_root(call->context.root, err) : r;
}

/* As runc, which reads it where a container is made. */
static int check_rootless(const char *asked, struct ar_error *err)
{
	static const char *const rootless[] = { "auto",	 "true", "false", "1", "0",
						"t",	 "f",	 "T",	  "F", "TRUE",
						"FALSE", "True", "False" };

	if (is_one_of(asked, rootless, AR_COUNT(rootless)))
		return 0;
	return ar_refuse(err, EINVAL, "invalid rootless: parsing \"%s\": invalid syntax", asked);
}

/* Which systemd: as runc, by --rootless, or by who we are. */
static enum ar_manager choose_manager(const struct ar_call *call)
{
	const char *rootless = call->globals->rootless;
	bool user = strcmp(rootless, "auto") == 0 ? is_session_of_a_user()
						  : strchr("1tT", rootless[0]) != NULL;

	return user ? AR_MANAGER_USER : AR_MANAGER_SYSTEM;
}

int ar_globals_context(struct ar_call *call, struct ar_error *err)
{
	struct ar_context *context = &call->context;
	unsigned int flags = call->command->flags;
	int r = 0;

	if (flags & AR_COMMAND_CREATES)
		r = check_rootless(call->globals->rootless, err);
	context->criu = call->globals->criu;
	context->cgroup_disabled = strcmp(call->globals->cgroup_manager, "disabled") == 0;
	if (r == 0 && !(flags & AR_COMMAND_STATELESS))
		r = choose_root(call, err);
	context->cgroup_systemd = call->globals->systemd_cgroup ||
				  strcmp(call->globals->cgroup_manager, "systemd") == 0;
	if (context->cgroup_systemd && (flags & AR_COMMAND_CREATES))
		context->manager = choose_manager(call);
	if (r == 0 && (flags & AR_COMMAND_POLICY))
		r = ar_config_read(call->arena, call->globals->config, &context->config, err);
	if (r == 0 && (flags & AR_COMMAND_POLICY))
		r = ar_profile_choose(call->globals->profile, context->argv0, context->config,
				      &context->profile, err);
	return r;
}
