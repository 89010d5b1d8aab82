/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

struct ar_error;

/*
 * Copy what directory from holds (an O_PATH or open descriptor) into directory to, with owners and
 * modes: directories, regular files, symbolic links and fifos; sockets and device nodes are left
 * out. Mount points below from are not entered. Bounded in depth; the size is bounded by the
 * filesystem of to.
 */
int ar_copyup(int from, int to, const char *name, struct ar_error *err);
