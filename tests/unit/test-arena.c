/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"

#include "test.h"

TEST("memory is zeroed, aligned and keeps what is written, whatever the sizes")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	unsigned char *blocks[2000];

	for (size_t i = 0; i < 2000; i++) {
		size_t size = (i * 37) % 700 + (i % 500 == 0 ? 100000 : 0);

		blocks[i] = ar_alloc(arena, size);
		CHECK((uintptr_t)blocks[i] % _Alignof(max_align_t) == 0);
		for (size_t k = 0; k < size; k++)
			CHECK(blocks[i][k] == 0);
		memset(blocks[i], (int)(i % 251), size);
	}
	for (size_t i = 0; i < 2000; i++)
		for (size_t k = 0; k < (i * 37) % 700; k++)
			CHECK(blocks[i][k] == i % 251);
}

TEST("nothing is still something: size 0 gives no NULL")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();

	CHECK(ar_alloc(arena, 0));
	CHECK(ar_alloc_array(arena, 0, 8));
	CHECK_STR(ar_strdup(arena, ""), "");
	CHECK(!ar_strdup(arena, NULL));
}

TEST("texts and blocks are copied")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	int numbers[] = { 1, 2, 3 };
	int *copy = ar_memdup(arena, numbers, sizeof(numbers));
	char *part = ar_strndup(arena, "abcdef", 3);

	CHECK_STR(part, "abc");
	CHECK_STR(ar_printf(arena, "%s-%d", part, 7), "abc-7");
	numbers[0] = 9;
	CHECK_INT(copy[0], 1);
	CHECK_INT(copy[2], 3);
}

/* The end of a process that asks for too much: its status, and what it said. */
static int end_of(void (*body)(struct ar_arena *arena), char *said, size_t size)
{
	int pipe_fds[2], status;
	ssize_t n;
	pid_t pid;

	CHECK_INT(pipe(pipe_fds), 0);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		dup2(pipe_fds[1], STDERR_FILENO);
		body(ar_arena_new());
		_exit(0);
	}
	close(pipe_fds[1]);
	n = read(pipe_fds[0], said, size - 1);
	said[n > 0 ? n : 0] = '\0';
	close(pipe_fds[0]);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void too_many(struct ar_arena *arena)
{
	(void)ar_alloc_array(arena, SIZE_MAX / 2, 4);
}

static void too_large(struct ar_arena *arena)
{
	(void)ar_alloc(arena, SIZE_MAX);
}

TEST("an array that grows keeps what is in it, and the place behind it is zeroed")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	size_t room = 0;
	int *items = NULL;

	for (size_t n = 0; n < 1000; n++) {
		items = ar_arena_grow(arena, items, n, &room, sizeof(*items));
		CHECK(n < room);
		CHECK_INT(items[n], 0);
		items[n] = (int)n + 1;
	}
	for (int n = 0; n < 1000; n++)
		CHECK_INT(items[n], n + 1);
	/* with a place to spare from the start, as for the NULL behind a list */
	room = 0;
	items = ar_arena_grow(arena, NULL, 1, &room, sizeof(*items));
	CHECK(room > 1 && items[0] == 0 && items[1] == 0);
}

TEST("an array whose size overflows ends the process, with a message")
{
	char said[100];

	CHECK_INT(end_of(too_many, said, sizeof(said)), 1);
	CHECK_STR(said, "out of memory\n");
	CHECK_INT(end_of(too_large, said, sizeof(said)), 1);
	CHECK_STR(said, "out of memory\n");
}

int main(void)
{
	return test_main();
}
