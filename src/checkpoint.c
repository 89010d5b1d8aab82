/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <signal.h>

#include "base/error.h"
#include "base/str.h"
#include "command.h"
#include "creation.h"
#include "image.h"

struct values {
	struct ar_checkpoint_args args;
	struct ar_opt_i64 status_fd;
};
#define AT(member) offsetof(struct values, args.member)

static const struct ar_option options[] = {
	AR_IMAGE_OPTIONS(struct values, args.image),
	{ "parent-path", 0, AR_OPTION_STRING, false, AT(parent_path), NULL,
	  "earlier image of a pre-dump, relative to --image-path" },
	{ "leave-running", 0, AR_OPTION_BOOL, false, AT(leave_running), NULL,
	  "leave the container running" },
	{ "tcp-skip-in-flight", 0, AR_OPTION_BOOL, false, AT(tcp_skip_in_flight), NULL,
	  "leave out TCP connections that are not yet established" },
	{ "link-remap", 0, AR_OPTION_BOOL, false, AT(link_remap), NULL,
	  "keep open files that have been deleted, by giving them a name" },
	{ "status-fd", 0, AR_OPTION_I64, false, offsetof(struct values, status_fd), "-1",
	  "descriptor to write a NUL byte to when lazy pages are served" },
	{ "page-server", 0, AR_OPTION_STRING, false, AT(page_server), NULL,
	  "ADDRESS:PORT of a page server to send the memory to" },
	{ "pre-dump", 0, AR_OPTION_BOOL, false, AT(pre_dump), NULL,
	  "write only the memory, and leave the container running" },
};
static const struct ar_option_table table = AR_OPTIONS(AR_OPTIONS_ANYWHERE, options);

static int run(struct ar_call *call, struct ar_error *err)
{
	struct values *values = call->options;
	struct ar_checkpoint_args *args = &values->args;
	int r;

	/* who is told by --status-fd may have gone: the checkpoint is made all the same */
	(void)signal(SIGPIPE, SIG_IGN); /* cannot fail: a signal that exists */
	args->id = call->words.argv[0];
	ar_drop_empty(&args->parent_path);
	ar_drop_empty(&args->page_server);
	if (values->status_fd.value < -1 || values->status_fd.value > INT_MAX)
		return ar_refuse(err, EINVAL, "invalid --status-fd argument %lld",
				 (long long)values->status_fd.value);
	args->status_fd = (int)values->status_fd.value;
	r = ar_image_args_complete(call, &args->image, err);
	return r < 0 ? r : ar_life_checkpoint(&call->context, args, err);
}

const struct ar_command ar_command_checkpoint = {
	.name = "checkpoint",
	.summary = "save a running container to files",
	.arguments = "<container-id>",
	.text = "Saves the processes of a container to an image, with CRIU, and deletes the container unless\n"
		"it is to be left running. Only for containers of the compat profile.\n",
	.table = &table,
	.options_size = sizeof(struct values),
	.min_words = 1,
	.max_words = 1,
	.flags = AR_COMMAND_LOOKS_FIRST,
	.run = run,
};
