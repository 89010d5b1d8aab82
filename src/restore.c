/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"
#include "creation.h"
#include "image.h"

#define AT(member) offsetof(struct ar_restore_args, member)

static const struct ar_option options[] = {
	{ "bundle", 'b', AR_OPTION_STRING, false, AT(create.bundle), NULL,
	  "directory of the bundle (default: the current directory)" },
	{ "console-socket", 0, AR_OPTION_STRING, false, AT(create.io.console_socket), NULL,
	  "unix socket that receives the master side of the container's terminal" },
	AR_IMAGE_OPTIONS(struct ar_restore_args, image),
	{ "detach", 'd', AR_OPTION_BOOL, false, AT(create.io.detach), NULL,
	  "do not wait for the container to end" },
	{ "pid-file", 0, AR_OPTION_STRING, false, AT(create.io.pid_file), NULL,
	  "file to write the first process's id to" },
	{ "no-subreaper", 0, AR_OPTION_BOOL, false, AT(create.no_subreaper), NULL,
	  "do not reap processes that the container leaves behind" },
	{ "no-pivot", 0, AR_OPTION_BOOL, false, AT(create.no_pivot), NULL,
	  "accepted: CRIU enters the root filesystem in its own way" },
	{ "lsm-profile", 0, AR_OPTION_STRING, false, AT(lsm_profile), NULL,
	  "apparmor:NAME or selinux:LABEL in place of the image's" },
	{ "lsm-mount-context", 0, AR_OPTION_STRING, false, AT(lsm_mount_context), NULL,
	  "SELinux label of mounts in place of the image's" },
};
static const struct ar_option_table table = AR_OPTIONS(AR_OPTIONS_ANYWHERE, options);

static int run(struct ar_call *call, struct ar_error *err)
{
	struct ar_restore_args *args = call->options;
	int r;

	args->create.id = call->words.argv[0];
	ar_drop_empty(&args->create.bundle);
	ar_drop_empty(&args->lsm_profile);
	ar_drop_empty(&args->lsm_mount_context);
	r = ar_io_complete(call, &args->create.io, err);
	if (r == 0)
		r = ar_image_args_complete(call, &args->image, err);
	return r < 0 ? r : ar_life_restore(&call->context, args, &call->code, err);
}

const struct ar_command ar_command_restore = {
	.name = "restore",
	.summary = "restore a container from a checkpoint",
	.arguments = "<container-id>",
	.text = "Creates a container from a bundle, in which the processes of an image continue, with CRIU.\n"
		"Exits with the program's status, or with 128 plus the number of the signal that ended it.\n"
		"Only in the compat profile.\n",
	.table = &table,
	.options_size = sizeof(struct ar_restore_args),
	.min_words = 1,
	.max_words = 1,
	.flags = AR_COMMAND_POLICY | AR_COMMAND_CREATES,
	.run = run,
};
