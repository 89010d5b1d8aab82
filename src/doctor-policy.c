/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "doctor.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "command.h"
#include "globals.h"
#include "kernel/probe-features.h"
#include "policy/config.h"
#include "policy/optout.h"
#include "policy/profile.h"
#include "state/dir.h"

/* --- the administrator's file --- */

#define POLICY "policy"
#define SOON (30 * 86400)

/*
 * Whether this host has what a control of that name is made of; false only when it surely has not.
 */
static bool can_have(const struct ar_host *h, const char *control)
{
	if (strcmp(control, "landlock") == 0)
		return h->landlock_abi >= AR_LANDLOCK_ABI_SCOPES;
	if (strcmp(control, "memory-limit") == 0)
		return ar_host_lists(h->controllers, "memory");
	if (strcmp(control, "pids-limit") == 0)
		return ar_host_lists(h->controllers, "pids");
	return true;
}

static void look_at_strengths(struct ar_visit *v, const struct ar_config *config)
{
	for (size_t i = 0; i < config->strengths.n; i++) {
		const struct ar_pair *p = &config->strengths.items[i];

		if (strcmp(p->value, "required") == 0 && !can_have(v->host, p->key))
			ar_visit_add(
				v, POLICY, "strengths", AR_VERDICT_FAILURE,
				"make it available, or say \"if-available\" in the policy file",
				"%s is required and this host does not have it: every container "
				"is refused",
				p->key);
	}
}

/* Those that open nothing any more, and those that soon will not. How many others there are. */
static size_t look_at_expiries(struct ar_visit *v, const struct ar_config *config)
{
	size_t at = 0, open = 0;
	int64_t now = time(NULL), expiry;

	ar_list_foreach(const struct ar_opt_out, o, &config->opt_outs) {
		const char *name = ar_printf(v->arena, "opt-outs[%zu]", at++);
		bool ends = o->expires && ar_expiry_parse(o->expires, &expiry) == 0;

		if (ends && now >= expiry)
			ar_visit_add(v, POLICY, name, AR_VERDICT_WARNING,
				     "give it another date, or take it out of the policy file",
				     "expired on %s, and opens nothing", o->expires);
		else if (ends && expiry - now <= SOON)
			ar_visit_add(v, POLICY, name, AR_VERDICT_NOTE, NULL, "expires on %s",
				     o->expires);
		open += !ends || now < expiry;
	}
	return open;
}

/* A range that is somebody's already makes root of a container that user. */
static void look_at_subids(struct ar_visit *v, const struct ar_config *config)
{
	const char *owner;

	if (!config->subid_start.set)
		return;
	owner = ar_host_ids_owner(v->arena, "/etc", config->subid_start.value,
				  config->subid_count.value);
	if (owner)
		ar_visit_add(
			v, POLICY, "subid-start", AR_VERDICT_WARNING,
			"choose a range that is not used in /etc/passwd, group, subuid and subgid",
			"the range has ids of %s: containers would act as that owner", owner);
}

void ar_doctor_policy(struct ar_visit *v)
{
	const char *file = v->call->globals->config;
	const struct ar_config *config;
	enum ar_profile profile;
	struct ar_error err;
	size_t open;

	if (ar_config_read(v->arena, file, &config, &err) < 0) {
		ar_visit_add(v, POLICY, "file", AR_VERDICT_FAILURE,
			     "no container starts until it is fixed; see agentrun-policy(5)", "%s",
			     err.text);
		return;
	}
	v->config = config;
	if (!file && access(AR_CONFIG_FILE, F_OK) < 0)
		ar_visit_add(v, POLICY, "file", AR_VERDICT_OK, NULL,
			     "%s does not exist: the defaults apply", AR_CONFIG_FILE);
	else
		ar_visit_add(v, POLICY, "file", AR_VERDICT_OK, NULL, "%s is valid",
			     file ? file : AR_CONFIG_FILE);
	if (ar_profile_choose(v->call->globals->profile, v->call->context.argv0, config, &profile,
			      &err) < 0)
		ar_visit_add(v, POLICY, "profile", AR_VERDICT_FAILURE,
			     "see profile and minimum-profile in agentrun-policy(5)", "%s",
			     err.text);
	else
		ar_visit_add(v, POLICY, "profile", AR_VERDICT_OK, NULL, "%s",
			     ar_profile_name(profile));
	open = look_at_expiries(v, config);
	if (open > 0)
		ar_visit_add(v, POLICY, "opt-outs", AR_VERDICT_NOTE, NULL,
			     "%zu, each opens something", open);
	look_at_strengths(v, config);
	look_at_subids(v, config);
}

/* --- where the state of containers is --- */

#define STATE "state"

/* The part of path that is there already. */
static const char *existing_part(struct ar_arena *arena, const char *path, struct stat *st)
{
	char *part = ar_strdup(arena, path);

	while (stat(part, st) < 0) {
		char *slash = strrchr(part, '/');

		if (!slash || slash == part)
			return stat("/", st) == 0 ? "/" : NULL;
		*slash = '\0';
	}
	return part;
}

static void look_at_filesystem(struct ar_visit *v, const char *root, const char *part)
{
	struct statfs fs;

	if (statfs(part, &fs) < 0)
		ar_visit_add(v, STATE, "filesystem", AR_VERDICT_FAILURE, NULL, "%s: %s", part,
			     ar_errno_text(errno));
	else if (fs.f_flags & ST_RDONLY)
		ar_visit_add(v, STATE, "filesystem", AR_VERDICT_FAILURE,
			     "name another place: --root DIR", "%s is on a read-only filesystem",
			     root);
	else if (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC)
		ar_visit_add(v, STATE, "filesystem", AR_VERDICT_OK, NULL,
			     "%s is in memory, and empty after a reboot", root);
	else
		ar_visit_add(v, STATE, "filesystem", AR_VERDICT_WARNING,
			     "use a tmpfs: mount one on /run, or name one by --root",
			     "%s is on a disk: what is left of containers survives a reboot", root);
}

static void look_at_owner(struct ar_visit *v, const char *root, const char *part,
			  const struct stat *st)
{
	bool there = strcmp(root, part) == 0;
	enum ar_dir_trust trust = there ? ar_dir_trust(st) : AR_DIR_TRUSTED;

	if (trust == AR_DIR_OF_OTHERS)
		ar_visit_add(v, STATE, "owner", AR_VERDICT_FAILURE,
			     "name a directory of your own: --root DIR, or XDG_RUNTIME_DIR",
			     "%s belongs to user %u: not trusted", root, st->st_uid);
	else if (trust == AR_DIR_OPEN_TO_OTHERS)
		ar_visit_add(v, STATE, "owner", AR_VERDICT_FAILURE,
			     ar_printf(v->arena, "chmod go-w %s", root),
			     "%s is writable by others (mode %04o): not trusted", root,
			     st->st_mode & 07777);
	else if (access(part, W_OK) < 0)
		ar_visit_add(v, STATE, "owner", AR_VERDICT_FAILURE,
			     "name a directory of your own: --root DIR, or XDG_RUNTIME_DIR",
			     "nothing can be written to %s: %s", part, ar_errno_text(errno));
	else
		ar_visit_add(v, STATE, "owner", AR_VERDICT_OK, NULL, "%s %s", root,
			     there ? "exists, and nobody else can write to it" : "can be created");
}

void ar_doctor_state(struct ar_visit *v)
{
	struct ar_error err;
	const char *root, *part;
	struct stat st;

	if (ar_globals_root(v->arena, v->call->globals, &root, &err) < 0) {
		ar_visit_add(v, STATE, "root", AR_VERDICT_FAILURE, NULL, "%s", err.text);
		return;
	}
	part = existing_part(v->arena, root, &st);
	if (!part)
		return;
	look_at_filesystem(v, root, part);
	look_at_owner(v, root, part, &st);
}
