/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "base/str.h"

struct ar_error;

/* One program that is fed a text and listened to, for a bounded time. */
struct ar_hook_process {
	const char *path;
	char *const *argv, *const *env;
	int cwd;	   /* O_PATH, -1: ours */
	const char *input; /* on its standard input */
	int limit_ms;	   /* then it is killed, with its process group; -1: never */
};
/* What came of it. Texts are bounded by AR_HOOK_OUTPUT_MAX; what it wrote beyond is lost. */
#define AR_HOOK_OUTPUT_MAX (64u << 10)
struct ar_hook_result {
	int status;	/* as from waitpid(2) */
	bool timed_out; /* it was killed by us */
	struct ar_text out, err;
};
void ar_hook_result_done(struct ar_hook_result *result);
#define _cleanup_hook_result_ __attribute__((cleanup(ar_hook_result_done)))

/* 0 once it is over, whatever its status; -errno when it could not be executed or watched. */
int ar_hook_process_run(const struct ar_hook_process *process, struct ar_hook_result *ret,
			struct ar_error *err);
