/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/path.h"
#include "kernel/cgroup.h"
#include "run/hooks.h"
#include "run/host-steps.h"
#include "run/init-steps.h"
#include "run/run.h"

/*
 * What a hook without an environment of its own gets: nothing of the caller's. In compat it is as
 * with runc: on the host the caller's, which is never for the container's side.
 */
static char *const *hook_environment(const struct ar_effective *effective, enum ar_hook_kind kind)
{
	static char *const fixed[] = { "PATH=" AR_PATH_USUAL, NULL };
	static char *const nothing[] = { NULL };

	if (effective->profile != AR_PROFILE_COMPAT)
		return fixed;
	return kind == AR_HOOK_CREATE_CONTAINER ? nothing : NULL;
}

/* A caller of compat has limits of its own, as it has with runc, which knows none. */
static struct ar_hooks_where surroundings(const struct ar_effective *effective,
					  enum ar_hook_kind kind, int cwd)
{
	return (struct ar_hooks_where){
		.env = hook_environment(effective, kind),
		.cwd = cwd,
		.limit_seconds = effective->profile == AR_PROFILE_COMPAT ? -1 : 0,
	};
}

static int run_hooks(const struct ar_effective *effective, const struct ar_record *record,
		     pid_t pid, enum ar_hook_kind kind, const char *status,
		     const struct ar_hooks_where *where, struct ar_error *err)
{
	const struct ar_hook_state state = {
		.oci_version = record->oci_version,
		.id = record->id,
		.status = status,
		.pid = pid,
		.bundle = record->bundle,
		.annotations = &effective->spec->annotations,
	};

	return ar_hooks_run(kind, ar_hooks_of(effective->spec->hooks, kind), &state, where, err);
}

int ar_container_hooks(const struct ar_effective *effective, const struct ar_record *record,
		       pid_t pid, enum ar_hook_kind kind, const char *status, struct ar_error *err)
{
	const struct ar_hooks_where where = surroundings(effective, kind, -1);

	return run_hooks(effective, record, pid, kind, status, &where, err);
}

/*
 * In compat those of the host work in the bundle, as the whole of runc does; where that is gone, as
 * at the end of a container, in the caller's directory. So they do in the other profiles: the
 * bundle is no place for a process of root to look for files in.
 */
int ar_run_hooks(struct ar_run *run, enum ar_hook_kind kind, const char *status,
		 struct ar_error *err)
{
	_cleanup_fd_ int bundle =
		run->effective->profile == AR_PROFILE_COMPAT
			? open(run->record->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
			: -1;
	const struct ar_hooks_where where = surroundings(run->effective, kind, bundle);

	return run_hooks(run->effective, run->record, run->pid, kind, status, &where, err);
}

/* A hook that gives a container more devices (GPUs) attaches a program of its own. */
static int note_device_rules(struct ar_run *run, struct ar_error *err)
{
	int held = run->device_program
			   ? ar_cgroup_devices_held(&run->cgroup, run->device_program, err)
			   : 1;

	if (held == 0)
		ar_run_relaxed(run, AR_CONTROL_DEVICES,
			       "a hook has put other device rules in the place of the profile's");
	return held < 0 ? held : 0;
}

static int host_hooks(struct ar_run *run, struct ar_error *err)
{
	int r;

	run->hooks_ran = true;
	/*
	 * on disk first: what a hook has made, also one that init runs after these, is undone by a
	 * poststop one, by delete if we die here
	 */
	run->record->hooks = AR_YES;
	r = ar_record_write(run->dir, run->record, err);
	if (r == 0)
		r = ar_run_hooks(run, AR_HOOK_PRESTART, "creating", err);
	if (r == 0)
		r = ar_run_hooks(run, AR_HOOK_CREATE_RUNTIME, "creating", err);
	if (r < 0) /* runc has init wait for them, and says it as init's */
		return ar_prefix(err, r, "%s", run->init_errors);
	return note_device_rules(run, err);
}

const struct ar_step ar_step_host_hooks = { "hooks", AR_HOST, AR_STEP_PLAIN, host_hooks, NULL };

/* The pid is the container's own view, as config.md has it for hooks of the container's side. */
static int container_hooks(struct ar_run *run, struct ar_error *err)
{
	bool compat = run->effective->profile == AR_PROFILE_COMPAT;
	const struct ar_hooks_where where =
		surroundings(run->effective, AR_HOOK_CREATE_CONTAINER, compat ? run->root : -1);

	return run_hooks(run->effective, run->record, getpid(), AR_HOOK_CREATE_CONTAINER,
			 "creating", &where, err);
}
const struct ar_step ar_step_container_hooks = { "hooks", AR_INIT, AR_STEP_PLAIN, container_hooks,
						 NULL };

/* It is a program of the container, and works where the container's own will. In compat it has that
 * one's environment too, as with runc; there an empty one counts as none since 1.3. */
static int start_hooks(struct ar_run *run, struct ar_error *err)
{
	bool compat = run->effective->profile == AR_PROFILE_COMPAT;
	struct ar_hooks_where where = surroundings(run->effective, AR_HOOK_START_CONTAINER, -1);

	if (compat)
		where.env = run->program.envp;
	where.empty_is_none = compat;
	return run_hooks(run->effective, run->record, getpid(), AR_HOOK_START_CONTAINER, "created",
			 &where, err);
}
const struct ar_step ar_step_start_hooks = { "hooks", AR_INIT, AR_STEP_PLAIN, start_hooks, NULL };
