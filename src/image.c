/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image.h"

#include "command.h"
#include "creation.h"
#include "paths.h"

#define DEFAULT_PATH "checkpoint"

int ar_image_args_complete(struct ar_call *call, struct ar_image_args *args, struct ar_error *err)
{
	int r;

	ar_drop_empty(&args->image_path);
	ar_drop_empty(&args->work_path);
	ar_drop_empty(&args->manage_cgroups_mode);
	r = ar_path_from_cwd(call->arena, args->image_path ? args->image_path : DEFAULT_PATH,
			     &args->image_path, err);
	if (r == 0 && args->work_path)
		r = ar_path_from_cwd(call->arena, args->work_path, &args->work_path, err);
	return r;
}
