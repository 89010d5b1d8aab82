/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kernel/criu.h"
#include "life/life.h"

/*
 * The image of a container on disk: a directory of CRIU's files and one of ours,
 * "descriptors.json", with what init's standard streams were: ["pipe:[4711]", ...]. Names and keys
 * are runc's, so that either restores what the other has written.
 */
struct ar_image {
	int dir, work; /* O_DIRECTORY; work -1: as dir */
	const char *log_dir;
};
#define AR_IMAGE_INIT ((struct ar_image){ .dir = -1, .work = -1 })
void ar_image_close(struct ar_image *image);
#define _cleanup_image_ __attribute__((cleanup(ar_image_close)))

/* make: also its directories, where they are missing. */
int ar_image_open(const struct ar_image_args *args, bool make, struct ar_image *ret,
		  struct ar_error *err);
/* What a dump and a restore have in common. annotations may name CRIU's configuration file. */
int ar_image_options(const struct ar_image_args *args, const struct ar_image *image,
		     const struct ar_map *annotations, struct ar_criu_options *ret,
		     struct ar_error *err);

#define AR_IMAGE_STREAMS 3
int ar_image_write_streams(struct ar_arena *arena, const struct ar_image *image, pid_t pid,
			   struct ar_error *err);
/* Those that were pipes: our own streams take their places. */
int ar_image_read_streams(struct ar_arena *arena, const struct ar_image *image,
			  struct ar_list *ret_inherit, struct ar_error *err);
/* How an image calls a namespace that was joined by its path: "extRootNetNS"; NULL: CRIU knows only
 * some as such. */
const char *ar_image_namespace_key(const char *type);
