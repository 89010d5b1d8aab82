/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "spec/spec.h"

struct ar_arena;
struct ar_error;

/*
 * What execve(2) is given, found inside the container. Wording as Go's os/exec, which engines
 * parse: exec: "x": executable file not found in $PATH.
 */
struct ar_program {
	const char *path;
	char *const *argv, *const *envp;
};

/*
 * The environment: the process's own, later entries win; HOME from the container's /etc/passwd when
 * it is missing; LISTEN_FDS and LISTEN_PID=1 when descriptors are passed (sd_listen_fds(3)).
 */
int ar_program_environment(struct ar_arena *arena, const struct ar_process *process,
			   unsigned int listen_fds, struct ar_program *ret, struct ar_error *err);
/* Look args[0] up, as the user that is in force now. */
int ar_program_find(struct ar_arena *arena, const struct ar_process *process,
		    struct ar_program *ret, struct ar_error *err);
/* execve(2); returns only errors. A missing interpreter reads "no such file or directory". */
int ar_program_execute(const struct ar_program *program, struct ar_error *err);
