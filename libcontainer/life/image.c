/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "life/image.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "base/str.h"
#include "base/table.h"
#include "json/read.h"
#include "json/write.h"

#define STREAMS_FILE "descriptors.json"
#define STREAMS_MAX 65536
#define CRIU_CONFIG "/etc/criu/runc.conf"

void ar_image_close(struct ar_image *image)
{
	ar_close_fd(&image->dir);
	ar_close_fd(&image->work);
}

static int open_folder(const char *path, bool make, const char *what, int *ret,
		       struct ar_error *err)
{
	_cleanup_fd_ int root = -1, made = -1;
	int r;

	if (make) {
		root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (root < 0)
			return ar_fail(err, errno, "open /");
		r = ar_mkdir_in_root(root, path, 0700, &made, err);
		if (r < 0)
			return ar_prefix(err, r, "%s", what);
	}
	*ret = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *ret < 0 ? ar_fail(err, errno, "%s '%s'", what, path) : 0;
}

int ar_image_open(const struct ar_image_args *args, bool make, struct ar_image *ret,
		  struct ar_error *err)
{
	_cleanup_image_ struct ar_image image = AR_IMAGE_INIT;
	int r = open_folder(args->image_path, make, "--image-path", &image.dir, err);

	image.log_dir = args->image_path;
	if (r == 0 && args->work_path) {
		r = open_folder(args->work_path, true, "--work-path", &image.work, err);
		image.log_dir = args->work_path;
	}
	if (r < 0)
		return r;
	*ret = image;
	image = AR_IMAGE_INIT;
	return 0;
}

static int parse_cgroups(const char *mode, enum ar_criu_cgroups *ret, struct ar_error *err)
{
	static const struct ar_name modes[] = {
		{ "full", AR_CRIU_CGROUPS_FULL },
		{ "ignore", AR_CRIU_CGROUPS_IGNORE },
		{ "soft", AR_CRIU_CGROUPS_SOFT },
		{ "strict", AR_CRIU_CGROUPS_STRICT },
	};
	const struct ar_name *found = mode ? ar_name_find(modes, AR_COUNT(modes), mode) : NULL;

	if (mode && !found)
		return ar_refuse(err, EINVAL,
				 "Invalid manage-cgroups-mode value: %s (expected soft, full, "
				 "strict or ignore)",
				 mode);
	*ret = found ? (enum ar_criu_cgroups)found->value : AR_CRIU_CGROUPS_DEFAULT;
	return 0;
}

/* The network's devices and addresses are the engine's: it makes them anew, and CRIU need not. */
static int parse_empty_ns(const struct ar_strings *types, uint32_t *ret, struct ar_error *err)
{
	*ret = CLONE_NEWNET;
	for (size_t i = 0; i < types->n; i++)
		if (!ar_streq(types->items[i], "network"))
			return ar_refuse(err, EINVAL, "namespace \"%s\" is not supported",
					 types->items[i]);
	return 0;
}

int ar_image_options(const struct ar_image_args *args, const struct ar_image *image,
		     const struct ar_map *annotations, struct ar_criu_options *ret,
		     struct ar_error *err)
{
	const char *config = ar_map_get(annotations, "org.criu.config");
	int r;

	*ret = AR_CRIU_OPTIONS_INIT;
	ret->images_fd = image->dir;
	ret->work_fd = image->work;
	ret->tcp_established = args->tcp_established;
	ret->ext_unix_sk = args->ext_unix_sk;
	ret->shell_job = args->shell_job;
	ret->file_locks = args->file_locks;
	ret->auto_dedup = args->auto_dedup;
	ret->lazy_pages = args->lazy_pages;
	/* one that is not there is none; an empty annotation asks for none */
	ret->config_file = !config ? CRIU_CONFIG : *config ? config : NULL;
	r = parse_cgroups(args->manage_cgroups_mode, &ret->manage_cgroups_mode, err);
	return r < 0 ? r : parse_empty_ns(&args->empty_ns, &ret->empty_ns, err);
}

/* --- standard streams --- */

int ar_image_write_streams(struct ar_arena *arena, const struct ar_image *image, pid_t pid,
			   struct ar_error *err)
{
	struct ar_json_writer w = AR_JSON_WRITER_INIT(NULL);
	int r;

	ar_json_open(&w, '[');
	for (int i = 0; i < AR_IMAGE_STREAMS; i++) {
		char target[4096];
		ssize_t n = readlink(ar_printf(arena, "/proc/%d/fd/%d", (int)pid, i), target,
				     sizeof(target) - 1);

		/* a stream that was closed is nothing to take the place of */
		target[n < 0 ? 0 : n] = '\0';
		ar_json_string(&w, target);
	}
	ar_json_close(&w, ']');
	r = ar_file_replace(image->dir, STREAMS_FILE, ar_text_str(&w.out), w.out.len, 0600, err);
	ar_json_done(&w);
	return r;
}

int ar_image_read_streams(struct ar_arena *arena, const struct ar_image *image,
			  struct ar_list *ret_inherit, struct ar_error *err)
{
	struct ar_criu_inherit *inherit = ar_alloc_array(arena, AR_IMAGE_STREAMS, sizeof(*inherit));
	const struct ar_json *json;
	size_t len, n = 0;
	int fd = 0, r;
	char *text;

	r = ar_file_read(arena, image->dir, STREAMS_FILE, STREAMS_MAX, &text, &len, err);

	if (r == 0)
		r = ar_json_parse(arena, STREAMS_FILE, text, len, &ar_json_limits_default, &json,
				  err);
	if (r < 0)
		return ar_prefix(err, r, "the image");
	if (json->type != AR_JSON_ARRAY)
		return ar_refuse(err, EINVAL, "the image: " STREAMS_FILE " must be an array");
	ar_json_foreach(stream, json) {
		if (fd < AR_IMAGE_STREAMS && stream->type == AR_JSON_STRING &&
		    ar_starts_with(stream->text, "pipe:"))
			inherit[n++] = (struct ar_criu_inherit){ stream->text, fd };
		fd++;
	}
	*ret_inherit = (struct ar_list){ .items = inherit, .n = n };
	return 0;
}

const char *ar_image_namespace_key(const char *type)
{
	if (ar_streq(type, "network"))
		return "extRootNetNS";
	if (ar_streq(type, "pid"))
		return "extRootPidNS";
	return NULL;
}
