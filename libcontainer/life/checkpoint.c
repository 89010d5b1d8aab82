/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "kernel/criu.h"
#include "life/container.h"
#include "life/external.h"
#include "life/image.h"
#include "policy/rules.h"

#define LOG_FILE "dump.log"
#define PORT_MAX 65535

struct dump {
	struct ar_criu_options options;
	int status_fd; /* still to be told, -1 */
};

/* It is judged by the profile that the container was created with. */
static int may_checkpoint(const struct ar_container *c, struct ar_error *err)
{
	enum ar_profile profile = c->record->profile ? ar_profile_from_name(c->record->profile)
						     : AR_PROFILE_UNSET;
	int r = ar_rule_check(profile, "command.checkpoint", "checkpoint", err);

	if (r < 0)
		return r;
	if (c->status != AR_STATUS_RUNNING && c->status != AR_STATUS_PAUSED)
		return ar_refuse(err, EINVAL, "Container cannot be checkpointed in %s state",
				 ar_status_name(c->status));
	return 0;
}

/* --- flags --- */

/* "192.0.2.1:1234", "[2001:db8::1]:1234" */
static int parse_page_server(struct ar_arena *arena, const char *text, struct ar_criu_options *o,
			     struct ar_error *err)
{
	const char *colon = text ? strrchr(text, ':') : NULL;
	size_t len = colon ? (size_t)(colon - text) : 0;
	bool bracketed = len >= 2 && text[0] == '[' && text[len - 1] == ']';
	uint64_t port;

	if (!text)
		return 0;
	if (bracketed) {
		text++;
		len -= 2;
	}
	if (len == 0 || !colon[1] || (!bracketed && memchr(text, ':', len)))
		return ar_refuse(err, EINVAL,
				 "Use --page-server ADDRESS:PORT to specify page server");
	if (ar_parse_u64(colon + 1, &port) < 0 || port == 0 || port > PORT_MAX)
		return ar_refuse(err, EINVAL, "Invalid port number: %s", colon + 1);
	o->page_server = ar_strndup(arena, text, len);
	o->page_server_port = (int)port;
	return 0;
}

static int check_parent(const struct ar_image *image, const char *parent, struct ar_error *err)
{
	struct stat st;

	if (!parent)
		return 0;
	if (fstatat(image->dir, parent, &st, 0) < 0)
		return ar_fail(err, errno, "invalid --parent-path: '%s'", parent);
	if (!S_ISDIR(st.st_mode))
		return ar_fail(err, ENOTDIR, "invalid --parent-path: '%s'", parent);
	return 0;
}

static int check_status_fd(int fd, struct ar_error *err)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return ar_fail(err, errno, "invalid --status-fd argument %d", fd);
	if ((flags & O_ACCMODE) == O_RDONLY)
		return ar_refuse(err, EINVAL, "invalid --status-fd argument %d: not writable", fd);
	return 0;
}

/* What can be said of the flags before anything is made. */
static int check_args(struct ar_arena *arena, const struct ar_checkpoint_args *args,
		      struct ar_error *err)
{
	const struct ar_image nowhere = AR_IMAGE_INIT;
	const struct ar_map none = { 0 };
	struct ar_criu_options o;
	int r = ar_image_options(&args->image, &nowhere, &none, &o, err);

	if (r == 0)
		r = parse_page_server(arena, args->page_server, &o, err);
	if (r == 0 && args->parent_path && args->parent_path[0] == '/')
		r = ar_refuse(err, EINVAL, "--parent-path must be relative");
	if (r == 0 && args->image.lazy_pages && args->status_fd >= 0)
		r = check_status_fd(args->status_fd, err);
	return r;
}

/* --- the request --- */

static int fill(const struct ar_container *c, const struct ar_checkpoint_args *args,
		const struct ar_image *image, struct ar_criu_options *o, struct ar_error *err)
{
	const struct ar_spec *spec = c->effective->spec;
	const struct ar_record *record = c->record;
	pid_t pid = (pid_t)record->pid.value;
	int r = ar_image_options(&args->image, image, &spec->annotations, o, err);

	if (r == 0)
		r = parse_page_server(c->arena, args->page_server, o, err);
	if (r == 0)
		r = check_parent(image, args->parent_path, err);
	if (r == 0)
		r = ar_external_namespaces(c->arena, spec, pid, &o->external, err);
	/* a pre-dump writes memory alone */
	if (r == 0 && !args->pre_dump)
		r = ar_external_mounts(c->arena, spec, pid, &o->ext_mounts, err);
	o->pid = pid;
	o->log_file = LOG_FILE;
	o->root = record->rootfs;
	o->parent_img = args->parent_path;
	o->track_mem = args->parent_path != NULL;
	o->leave_running = args->leave_running;
	o->tcp_skip_in_flight = args->tcp_skip_in_flight;
	o->link_remap = args->link_remap;
	if (record->cgroup)
		o->freeze_cgroup = ar_printf(c->arena, "%s%s", record->cgroup_root, record->cgroup);
	return r;
}

static int notified(struct ar_criu_notification *n, void *data, struct ar_error *err)
{
	struct dump *dump = data;

	(void)err;
	if (!ar_streq(n->action, "status-ready") || dump->status_fd < 0)
		return 0;
	if (ar_write_all(dump->status_fd, "", 1) < 0)
		ar_log(AR_LOG_WARN, "--status-fd: nobody is listening");
	/* whoever waits for the end of file is to see it now */
	ar_close_fd(&dump->status_fd);
	return 0;
}

static int dump(struct ar_container *c, const struct ar_checkpoint_args *args, const char *program,
		struct ar_error *err)
{
	enum ar_criu_request request = args->pre_dump ? AR_CRIU_PRE_DUMP : AR_CRIU_DUMP;
	struct dump d = { .status_fd = args->status_fd };
	const struct ar_criu_start start = { .program = program, .cgroup = -1 };
	_cleanup_image_ struct ar_image image = AR_IMAGE_INIT;
	_cleanup_criu_ struct ar_criu criu = AR_CRIU_INIT;
	int r = ar_image_open(&args->image, true, &image, err);

	if (r == 0)
		r = fill(c, args, &image, &d.options, err);
	if (r == 0)
		r = ar_criu_start(&start, &criu, err);
	if (r == 0)
		r = ar_criu_check(&criu, args->pre_dump, args->image.lazy_pages, err);
	if (r == 0 && !args->pre_dump)
		r = ar_image_write_streams(c->arena, &image, d.options.pid, err);
	return r < 0 ? r
		     : ar_criu_ask(&criu, request, &d.options, image.log_dir, notified, &d, NULL,
				   err);
}

int ar_life_checkpoint(const struct ar_context *ctx, const struct ar_checkpoint_args *args,
		       struct ar_error *err)
{
	_cleanup_container_ struct ar_container c;
	const char *program;
	int r = ar_container_open(&c, ctx, args->id, AR_LOCK_EXCLUSIVE, err);

	if (r == 0)
		r = may_checkpoint(&c, err);
	if (r == 0)
		r = check_args(c.arena, args, err);
	if (r == 0)
		r = ar_criu_find(c.arena, ctx->criu, &program, err);
	if (r == 0)
		r = ar_container_read_effective(&c, err);
	if (r == 0)
		r = dump(&c, args, program, err);
	if (r < 0 || args->leave_running || args->pre_dump)
		return r;
	/* the image is whole: what is left of the container goes, as it does with runc */
	ar_dir_unlock(&c.dir);
	if (ar_life_delete(ctx, args->id, true, err) < 0)
		ar_log(AR_LOG_WARN, "container %s was checkpointed, but cannot be removed: %s",
		       args->id, err->text);
	return 0;
}
