/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * counter KIND FILE: twenty times a second, writes to the file how often it has done what KIND is:
 *
 *   alone    nothing
 *   speaker  a line with the number goes to standard output
 *   memory   4 MB are written again
 *   itself   a byte goes over a TCP connection to itself, port 7000
 *   logger   a datagram with the number goes to the abstract socket "log"
 *   deaf     nothing: it listens on port 7000 and takes no connection
 *
 * It starts no other program: one that waits in vfork(2) cannot be stopped by CRIU. When there is a file FILE.end it ends,
 * with status 5.
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PORT 7000

static int from = -1, to = -1;

static int fails(const char *what)
{
	perror(what);
	return 1;
}

static struct sockaddr_in here(void)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons(PORT),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

/* --- once --- */

static int start_nothing(void)
{
	return 0;
}

static int start_listening(void)
{
	const struct sockaddr_in addr = here();

	to = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(to, (const struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(to, 8) < 0)
		return fails("listen");
	return 0;
}

static int start_connection(void)
{
	const struct sockaddr_in addr = here();
	int listening;

	if (start_listening() != 0)
		return 1;
	listening = to;
	from = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(from, (const struct sockaddr *)&addr, sizeof(addr)) < 0)
		return fails("connect");
	to = accept(listening, NULL, NULL);
	return to < 0 ? fails("accept") : 0;
}

static int start_logger(void)
{
	static const char name[] = "\0log";
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const socklen_t len = offsetof(struct sockaddr_un, sun_path) + sizeof(name) - 1;

	memcpy(addr.sun_path, name, sizeof(name) - 1);
	from = socket(AF_UNIX, SOCK_DGRAM, 0);
	return connect(from, (const struct sockaddr *)&addr, len) < 0 ? fails("log") : 0;
}

/* --- each time --- */

static int nothing(unsigned int n)
{
	(void)n;
	return 0;
}

static int say(unsigned int n)
{
	return printf("%u\n", n) < 0 || fflush(stdout) != 0 ? fails("standard output") : 0;
}

static int rewrite_memory(unsigned int n)
{
	static char memory[4000000];

	memset(memory, (int)(n % 100) + 1, sizeof(memory));
	__asm__ volatile("" : : "r"(memory) : "memory");
	return 0;
}

static int send_to_itself(unsigned int n)
{
	char byte;

	(void)n;
	if (write(from, "x", 1) != 1)
		return fails("write");
	return read(to, &byte, 1) == 1 ? 0 : fails("read");
}

static int send_number(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u\n", n);

	return send(from, text, (size_t)len, 0) == len ? 0 : fails("send");
}

/* By another name, so that a reader finds a number at any time. */
static int write_count(const char *path, unsigned int n)
{
	char other[4096];
	FILE *count;

	if (snprintf(other, sizeof(other), "%s.new", path) >= (int)sizeof(other))
		return 2;
	count = fopen(other, "w");
	if (!count || fprintf(count, "%u\n", n) < 0 || fclose(count) != 0 ||
	    rename(other, path) < 0)
		return fails(path);
	return 0;
}

static const struct kind {
	const char *name;
	int (*start)(void);
	int (*step)(unsigned int n);
} kinds[] = {
	{ "alone", start_nothing, nothing },	     { "speaker", start_nothing, say },
	{ "memory", start_nothing, rewrite_memory }, { "itself", start_connection, send_to_itself },
	{ "logger", start_logger, send_number },     { "deaf", start_listening, nothing },
};

/* 0, or the status to end with. */
static int asked_to_end(const char *path)
{
	char end[4096];

	if (snprintf(end, sizeof(end), "%s.end", path) >= (int)sizeof(end))
		return 2;
	return access(end, F_OK) == 0 ? 5 : 0;
}

int main(int argc, char **argv)
{
	const struct timespec pause = { .tv_nsec = 50000000 };
	const struct kind *kind = kinds;
	int r;

	if (argc != 3)
		return 2;
	while (strcmp(kind->name, argv[1]) != 0)
		if (++kind == kinds + sizeof(kinds) / sizeof(*kinds))
			return 2;
	r = kind->start();
	for (unsigned int n = 1; r == 0; n++) {
		r = kind->step(n);
		if (r == 0)
			r = write_count(argv[2], n);
		if (r == 0)
			r = asked_to_end(argv[2]);
		(void)nanosleep(&pause, NULL);
	}
	return r;
}
