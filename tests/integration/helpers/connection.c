/* SPDX-License-Identifier: GPL-2.0-or-later */
/* connection FILE: sends a byte over a TCP connection to itself, twenty times a second, and writes to the file how many have
 * come. */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int fails(const char *what)
{
	perror(what);
	return 1;
}

int main(int argc, char **argv)
{
	struct sockaddr_in here = { .sin_family = AF_INET,
				    .sin_port = htons(7000),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listening = socket(AF_INET, SOCK_STREAM, 0), from = socket(AF_INET, SOCK_STREAM, 0), to;
	const struct timespec pause = { .tv_nsec = 50000000 };
	char other[4096], byte;

	if (argc != 2 || snprintf(other, sizeof(other), "%s.new", argv[1]) >= (int)sizeof(other))
		return 2;
	if (bind(listening, (struct sockaddr *)&here, sizeof(here)) < 0 || listen(listening, 1) < 0)
		return fails("listen");
	if (connect(from, (struct sockaddr *)&here, sizeof(here)) < 0)
		return fails("connect");
	to = accept(listening, NULL, NULL);
	if (to < 0)
		return fails("accept");
	for (unsigned int n = 1;; n++) {
		FILE *count;

		if (write(from, "x", 1) != 1)
			return fails("write");
		if (read(to, &byte, 1) != 1)
			return fails("read");
		count = fopen(other, "w");
		if (!count || fprintf(count, "%u\n", n) < 0 || fclose(count) != 0 ||
		    rename(other, argv[1]) < 0)
			return fails(argv[1]);
		(void)nanosleep(&pause, NULL);
	}
}
