/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "life/life.h"
#include "options.h"

struct ar_call;
struct ar_error;

/* What checkpoint and restore have in common: the options about an image. */
#define AR_IMAGE_OPTION(type_, values_, member_, name_, help_)                  \
	{                                                                       \
		name_, 0, type_, false, offsetof(values_, member_), NULL, help_ \
	}
#define AR_IMAGE_OPTIONS(values_, image_)                                                         \
	AR_IMAGE_OPTION(AR_OPTION_STRING, values_, image_.image_path, "image-path",               \
			"directory of the image (default: ./checkpoint)"),                        \
		AR_IMAGE_OPTION(                                                                  \
			AR_OPTION_STRING, values_, image_.work_path, "work-path",                 \
			"directory for CRIU's log and other files (default: the image's)"),       \
		AR_IMAGE_OPTION(AR_OPTION_BOOL, values_, image_.tcp_established,                  \
				"tcp-established", "allow established tcp connections"),          \
		AR_IMAGE_OPTION(AR_OPTION_BOOL, values_, image_.ext_unix_sk, "ext-unix-sk",       \
				"allow unix sockets whose other end is outside"),                 \
		AR_IMAGE_OPTION(AR_OPTION_BOOL, values_, image_.shell_job, "shell-job",           \
				"allow sessions and terminals that begin outside"),               \
		AR_IMAGE_OPTION(AR_OPTION_BOOL, values_, image_.file_locks, "file-locks",         \
				"allow file locks"),                                              \
		AR_IMAGE_OPTION(AR_OPTION_BOOL, values_, image_.lazy_pages, "lazy-pages",         \
				"bring memory when it is used (userfaultfd)"),                    \
		AR_IMAGE_OPTION(AR_OPTION_BOOL, values_, image_.auto_dedup, "auto-dedup",         \
				"free pages of earlier images that later ones have"),             \
		AR_IMAGE_OPTION(AR_OPTION_STRING, values_, image_.manage_cgroups_mode,            \
				"manage-cgroups-mode", "soft (default), full, strict or ignore"), \
		AR_IMAGE_OPTION(AR_OPTION_STRINGS, values_, image_.empty_ns, "empty-ns",          \
				"namespace that is made without its content: network")

/* The paths against the working directory; defaults. */
int ar_image_args_complete(struct ar_call *call, struct ar_image_args *args, struct ar_error *err);
