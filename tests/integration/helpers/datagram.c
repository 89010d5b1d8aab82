/* SPDX-License-Identifier: GPL-2.0-or-later */
/* datagram TEXT... sends each TEXT to $NOTIFY_SOCKET (sd_notify(3)), which is a path. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int main(int argc, char **argv)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	int sock = socket(AF_UNIX, SOCK_DGRAM, 0);

	if (!path || strlen(path) >= sizeof(addr.sun_path)) {
		fprintf(stderr, "no NOTIFY_SOCKET\n");
		return 2;
	}
	memcpy(addr.sun_path, path, strlen(path));
	for (int i = 1; i < argc; i++)
		if (sendto(sock, argv[i], strlen(argv[i]), 0, (struct sockaddr *)&addr,
			   sizeof(addr)) < 0) {
			perror(path);
			return 1;
		}
	return 0;
}
