/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A restore is a create whose init is made by CRIU: the same record, cgroup, limits and device
 * rules by the same steps, and then CRIU in that cgroup, which makes namespaces, mounts and
 * processes as the image has them.
 *
 *   agentrun                          criu swrk
 *   --------                          ---------
 *   state directory, cgroup
 *   clone into the cgroup  --------->  a mount namespace that ends with it; in it the root
 *     (systemd: clone, then the unit   filesystem at <state>/criu-root, and what mount points
 *     around it)                       are missing
 *   limits, device rules
 *   request  ----------------------->  namespaces
 *   prestart, createRuntime hooks <--
 *   terminal's master  <-------------  mounts, processes
 *   record, pid file  <--------------  done: the restored init is a child of agentrun
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "base/process.h"
#include "base/socket.h"
#include "base/str.h"
#include "base/sys.h"
#include "kernel/criu.h"
#include "kernel/tty.h"
#include "life/attend.h"
#include "life/external.h"
#include "life/image.h"
#include "life/making.h"
#include "policy/merge.h"
#include "policy/rules.h"
#include "run/host-steps.h"
#include "run/mount-target.h"

#define LOG_FILE "restore.log"
#define ROOT_FOLDER "criu-root"
#define CGROUP_MAX 65536

struct restore {
	struct ar_making making;
	const struct ar_restore_args *args;
	const char *program;
	const char *root; /* where CRIU finds the root filesystem */
	struct ar_criu criu;
	struct ar_image image;
	struct ar_criu_options options;
	int passed[AR_NS_COUNT];
	size_t n_passed;
	int folders[2]; /* a socket pair: theirs sends the image's folders to ours */
};

static struct restore *restore_of(struct ar_run *run)
{
	return (struct restore *)(void *)((char *)run - offsetof(struct restore, making.run));
}

/* --- in CRIU's process, before it is executed --- */

static int bind_root(const struct restore *restore, struct ar_error *err)
{
	const char *rootfs = restore->making.facts->root.resolved;

	if (mount(rootfs, restore->root, NULL, MS_BIND | MS_REC, NULL) < 0)
		return ar_fail(err, errno, "bind the root filesystem '%s'", rootfs);
	return 0;
}

/* The content of a tmpfs comes from the image, and a cgroup tree has its own. */
static bool comes_with_it(const struct ar_spec *spec, const struct ar_mount *mount)
{
	if (ar_streq(mount->type, "cgroup") || ar_streq(mount->type, "cgroup2"))
		return true;
	ar_list_foreach(const struct ar_mount, m, &spec->mounts)
		if (m != mount && ar_streq(m->type, "tmpfs") &&
		    ar_path_within(mount->destination, m->destination))
			return true;
	return false;
}

/* Other mounts may lie in a bind. */
static int make_target(struct restore *restore, size_t i, const struct ar_mount *m,
		       struct ar_error *err)
{
	struct ar_making *making = &restore->making;
	int judged = making->effective->mount_source[i];
	const struct ar_source *source = judged >= 0 ? &making->facts->sources[judged] : NULL;
	_cleanup_fd_ int target = -1;
	char path[AR_FD_PATH_MAX];
	int r = ar_target_open(&making->run, i, m, source && !S_ISDIR(source->mode), &target, err);

	if (r < 0 || !source)
		return r;
	if (mount(source->resolved, ar_fd_path(path, target), NULL, MS_BIND | MS_REC, NULL) < 0)
		return ar_fail(err, errno, "bind '%s' on '%s'", source->resolved, m->destination);
	return 0;
}

/* What a create makes on its way, CRIU expects to be there. */
static int make_targets(struct restore *restore, struct ar_error *err)
{
	const struct ar_spec *spec = restore->making.effective->spec;
	struct ar_run *run = &restore->making.run;
	const struct ar_mount *m = spec->mounts.items;
	int r = 0;

	run->root = open(restore->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (run->root < 0)
		return ar_fail(err, errno, "open the root filesystem");
	for (size_t i = 0; i < spec->mounts.n && r == 0; i++)
		if (!comes_with_it(spec, &m[i]))
			r = make_target(restore, i, &m[i], err);
	ar_close_fd(&run->root);
	if (r == 0 && umount2(restore->root, MNT_DETACH) < 0)
		r = ar_fail(err, errno, "unmount the root filesystem");
	return r;
}

/* CRIU works in the folders that the one who asks has open, and mounts there: they must be of its
 * own mount namespace. */
static int send_folders(struct restore *restore, struct ar_error *err)
{
	_cleanup_image_ struct ar_image image = AR_IMAGE_INIT;
	int r = ar_image_open(&restore->args->image, false, &image, err),
	    sock = restore->folders[1];

	if (r < 0)
		return r;
	r = ar_socket_send(sock, "d", 1, image.dir);
	if (r == 0)
		r = ar_socket_send(sock, "w", 1, image.work);
	return r < 0 ? ar_fail(err, -r, "hand over the image's folders") : 0;
}

static int take_folders(struct restore *restore, struct ar_error *err)
{
	int *fds[] = { &restore->options.images_fd, &restore->options.work_fd };
	int *kept[] = { &restore->image.dir, &restore->image.work };
	char letter;

	for (size_t i = 0; i < AR_COUNT(fds); i++) {
		int n;

		ar_close_fd(kept[i]);
		n = ar_socket_recv(restore->folders[0], &letter, 1, kept[i]);
		if (n != 1)
			return ar_fail(err, n < 0 ? -n : EPROTO, "take the image's folders");
		*fds[i] = *kept[i];
	}
	return 0;
}

static int prepare(void *data, struct ar_error *err)
{
	struct restore *restore = data;
	int r;

	/* what is mounted from here on goes with this process, whenever that ends */
	if (unshare(CLONE_NEWNS) < 0)
		return ar_fail(err, errno, "mount namespace of CRIU");
	if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		return ar_fail(err, errno, "propagation of CRIU's mounts");
	r = bind_root(restore, err);
	if (r == 0)
		r = make_targets(restore, err);
	if (r == 0)
		r = bind_root(restore, err);
	return r < 0 ? r : send_folders(restore, err);
}

/* --- the request --- */

/* "7:cpu,cpuacct:/folder" is a line, one controller each an entry; the v2 tree has no name. */
static void add_cgroup(struct ar_arena *arena, char *line, struct ar_map *map)
{
	char *names = strchr(line, ':'), *path = names ? strchr(names + 1, ':') : NULL;

	if (!path)
		return;
	*path++ = '\0';
	do {
		size_t n = strcspn(++names, ",");

		map->items[map->n++] = (struct ar_pair){ ar_strndup(arena, names, n), path };
		names += n;
	} while (*names == ',');
}

static size_t count_cgroups(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n' || *text == ',';
	return n;
}

/* Everything is restored where CRIU is: the container's cgroup, and our own of other trees. */
static int find_cgroups(struct ar_arena *arena, pid_t pid, struct ar_map *ret, struct ar_error *err)
{
	const char *name = ar_printf(arena, "/proc/%d/cgroup", (int)pid);
	_cleanup_fd_ int fd = open(name, O_RDONLY | O_CLOEXEC);
	size_t len;
	char *text;
	int r = fd < 0 ? ar_fail(err, errno, "open '%s'", name)
		       : ar_file_read_fd(arena, fd, name, CGROUP_MAX, &text, &len, err);

	if (r < 0)
		return r;
	*ret = (struct ar_map){
		.items = ar_alloc_array(arena, count_cgroups(text) + 1, sizeof(*ret->items)),
	};
	for (char *line = text; line && *line;) {
		char *next = strchr(line, '\n');

		if (next)
			*next++ = '\0';
		add_cgroup(arena, line, ret);
		line = next;
	}
	return 0;
}

/*
 * Network and pid namespaces are passed on by the key of the image, the others are joined by path.
 */
static int join_namespaces(struct restore *restore, struct ar_error *err)
{
	struct ar_run *run = &restore->making.run;
	struct ar_arena *arena = run->arena;
	struct ar_criu_options *o = &restore->options;
	struct ar_criu_inherit *inherit =
		ar_alloc_array(arena, o->inherit.n + AR_NS_COUNT, sizeof(*inherit));

	if (o->inherit.n > 0)
		memcpy(inherit, o->inherit.items, o->inherit.n * sizeof(*inherit));
	o->inherit.items = inherit;
	o->join_ns.items = ar_alloc_array(arena, AR_NS_COUNT, sizeof(*o->join_ns.items));
	for (int ns = 0; ns < AR_NS_COUNT; ns++) {
		const struct ar_namespace *asked =
			ar_spec_namespace(run->effective->spec, ar_ns_name(ns));
		const char *key = ar_image_namespace_key(ar_ns_name(ns));

		if (run->ns.join[ns] < 0)
			continue;
		if (ns == AR_NS_CGROUP)
			return ar_refuse(err, ENOTSUP,
					 "linux.namespaces: CRIU cannot join a cgroup namespace");
		if (key) {
			inherit[o->inherit.n++] =
				(struct ar_criu_inherit){ key, AR_CRIU_FIRST_FD +
								       (int)restore->n_passed };
			restore->passed[restore->n_passed++] = run->ns.join[ns];
		} else {
			o->join_ns.items[o->join_ns.n++] =
				(struct ar_pair){ ar_ns_file(ns), asked->path };
		}
	}
	return 0;
}

static int fill(struct restore *restore, struct ar_error *err)
{
	struct ar_making *making = &restore->making;
	struct ar_criu_options *o = &restore->options;
	int r = ar_image_options(&restore->args->image, &restore->image,
				 &making->effective->spec->annotations, o, err);

	if (r == 0)
		r = ar_image_read_streams(making->arena, &restore->image, &o->inherit, err);
	if (r == 0)
		r = join_namespaces(restore, err);
	if (r < 0)
		return r;
	ar_external_sources(making->arena, making->effective, making->facts, &o->ext_mounts);
	o->log_file = LOG_FILE;
	o->root = restore->root;
	o->rst_sibling = true;
	o->evasive_devices = true;
	o->lsm_profile = restore->args->lsm_profile;
	o->lsm_mount_context = restore->args->lsm_mount_context;
	return 0;
}

/* --- the step --- */

static int take_terminal(struct ar_run *run, int *fd, struct ar_error *err)
{
	if (run->console_sock >= 0)
		return ar_tty_send(run->console_sock, *fd, err);
	if (run->process->terminal == AR_YES) {
		ar_close_fd(&run->walk.received_fd);
		run->walk.received_fd = ar_steal_fd(fd);
	}
	return 0;
}

static int notified(struct ar_criu_notification *n, void *data, struct ar_error *err)
{
	struct ar_run *run = data;
	const struct ar_hooks *hooks = run->effective->spec->hooks;

	if (ar_streq(n->action, "orphan-pts-master") && n->fd >= 0)
		return take_terminal(run, &n->fd, err);
	if (!ar_streq(n->action, "setup-namespaces"))
		return 0;
	run->pid = n->pid;
	/* as in a create: where none has begun there is nothing for poststop ones to undo */
	if (!ar_hooks_of(hooks, AR_HOOK_PRESTART)->n &&
	    !ar_hooks_of(hooks, AR_HOOK_CREATE_RUNTIME)->n)
		return 0;
	return ar_step_host_hooks.run(run, err);
}

/* CRIU is there, in the container's cgroup or soon put into it, and waits. */
static int start_criu(struct ar_run *run, struct ar_error *err)
{
	struct restore *restore = restore_of(run);
	struct ar_criu_start start = {
		.program = restore->program,
		.cgroup = run->cgroup_fd,
		.streams = true,
		.fds = restore->passed,
		.prepare = prepare,
		.data = restore,
	};
	int r = fill(restore, err);

	if (r == 0)
		r = ar_socket_pair(restore->folders, err);
	if (r == 0 && mkdirat(run->dir->fd, ROOT_FOLDER, 0700) < 0)
		r = ar_fail(err, errno, "make '%s'", restore->root);
	if (r < 0)
		return r;
	start.n_fds = restore->n_passed;
	r = ar_criu_start(&start, &restore->criu, err);
	run->pid = restore->criu.pid;
	return r < 0 ? r : take_folders(restore, err);
}

/* The folder goes when CRIU is done: with it goes what is mounted on it, elsewhere too. */
static void end_criu(struct ar_run *run)
{
	ar_criu_end(&restore_of(run)->criu);
	if (run->dir->fd >= 0)
		(void)unlinkat(run->dir->fd, ROOT_FOLDER, AT_REMOVEDIR);
}
static const struct ar_step step_start = { "criu", AR_HOST, AR_STEP_PLAIN, start_criu, end_criu };

static int ask_criu(struct ar_run *run, struct ar_error *err)
{
	struct restore *restore = restore_of(run);
	struct ar_criu *criu = &restore->criu;
	pid_t pid = 0;
	int r = ar_criu_check(criu, false, restore->args->image.lazy_pages, err), lost;

	if (r == 0)
		r = find_cgroups(run->arena, criu->pid, &restore->options.cgroup_roots, err);
	if (r == 0)
		r = ar_criu_ask(criu, AR_CRIU_RESTORE, &restore->options, restore->image.log_dir,
				notified, run, &pid, err);
	/* it may stand although CRIU failed at the end: then it is undone */
	run->pid = pid;
	run->walk.pidfd = pid > 0 ? ar_sys_pidfd_open(pid, 0) : -1;
	lost = pid > 0 ? errno : ESRCH;
	if (r == 0)
		end_criu(run);
	if (r == 0 && run->walk.pidfd < 0)
		r = ar_fail(err, lost, "process %d of the container", (int)pid);
	return r;
}

static void kill_init(struct ar_run *run)
{
	ar_step_clone.undo(run);
}
static const struct ar_step step_ask = { "restore", AR_HOST, AR_STEP_PLAIN, ask_criu, kill_init };

/* --- the whole --- */

static void plan(struct ar_making *m)
{
	ar_plan_add(&m->plan, &ar_step_namespaces);
	ar_plan_add(&m->plan, &ar_step_filters);
	if (m->run.io.console_socket)
		ar_plan_add(&m->plan, &ar_step_sockets);
	if (m->run.use_systemd) {
		/* a scope is made of processes */
		ar_plan_add(&m->plan, &ar_step_locate_unit);
		ar_plan_add(&m->plan, &step_start);
		ar_plan_add(&m->plan, &ar_step_unit);
	} else {
		ar_plan_add(&m->plan, &ar_step_locate_cgroup);
		ar_plan_add(&m->plan, &ar_step_cgroup);
		ar_plan_add(&m->plan, &step_start);
	}
	ar_plan_add(&m->plan, &ar_step_limits);
	ar_plan_add(&m->plan, &ar_step_device_rules);
	ar_plan_add(&m->plan, &ar_step_save);
	ar_plan_add(&m->plan, &step_ask);
	if (ar_run_linux(&m->run)->intel_rdt)
		ar_plan_add(&m->plan, &ar_step_rdt);
	ar_plan_add(&m->plan, &ar_step_created);
}

/* Those that make no sense are refused before anything is looked at. */
static int check_flags(const struct restore *restore, struct ar_error *err)
{
	static const struct ar_image nowhere = AR_IMAGE_INIT;
	static const struct ar_map none = { 0 };
	struct ar_criu_options ignored;

	return ar_image_options(&restore->args->image, &nowhere, &none, &ignored, err);
}

static int make(struct restore *restore, const struct ar_context *ctx, struct ar_error *err)
{
	const struct ar_create_args *args = &restore->args->create;
	struct ar_asked asked = {
		.no_pivot = args->no_pivot,
		.cgroup_disabled = ctx->cgroup_disabled,
	};
	struct ar_making *m = &restore->making;
	int r = ar_id_check(args->id, err);

	if (r == 0)
		r = check_flags(restore, err);
	if (r == 0)
		r = ar_making_read(m, ctx, args->bundle, args->id, err);
	if (r == 0)
		r = ar_making_decide(m, ctx, &asked, err);
	if (r == 0)
		r = ar_criu_find(m->arena, ctx->criu, &restore->program, err);
	if (r == 0)
		r = ar_image_open(&restore->args->image, false, &restore->image, err);
	if (r == 0)
		r = ar_making_prepare(m, ctx, args, false, err);
	if (r < 0)
		return r;
	restore->root = ar_printf(m->arena, "%s/" ROOT_FOLDER, m->run.state_path);
	plan(m);
	r = ar_walk_run(&m->plan, &m->run, err);
	if (r < 0)
		ar_making_fail(m);
	return r;
}

static int attended(struct restore *restore, const struct ar_context *ctx, int *ret_code,
		    struct ar_error *err)
{
	struct ar_attend_signals signals = AR_ATTEND_SIGNALS_INIT;
	struct ar_making *m = &restore->making;
	int r = ar_attend_begin(!restore->args->create.no_subreaper, &signals, err);

	if (r == 0)
		r = make(restore, ctx, err);
	if (r == 0) {
		ar_dir_unlock(&m->dir);
		r = ar_making_attend(m, &signals, ret_code, err);
		ar_making_undo(m);
	}
	ar_attend_end(&signals);
	return r;
}

int ar_life_restore(const struct ar_context *ctx, const struct ar_restore_args *args, int *ret_code,
		    struct ar_error *err)
{
	struct restore restore = {
		.args = args,
		.criu = AR_CRIU_INIT,
		.image = AR_IMAGE_INIT,
		.folders = { -1, -1 },
	};
	int r = ar_rule_check(ctx->profile, "command.restore", "restore", err);

	if (r < 0)
		return r;
	ar_making_init(&restore.making);
	*ret_code = 0;
	if (args->create.io.detach)
		r = make(&restore, ctx, err);
	else
		r = attended(&restore, ctx, ret_code, err);
	ar_criu_end(&restore.criu);
	ar_image_close(&restore.image);
	ar_close_fd(&restore.folders[0]);
	ar_close_fd(&restore.folders[1]);
	ar_making_done(&restore.making);
	return r;
}
