/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What a process finds of its own cage, a line a fact, the same in every run: two containers are
 * caged alike when it prints the same in both. Static, so that it runs in any root filesystem.
 *
 *   witness [masked=PATH...] [write=PATH...] [socket=NAME] [host=NAMESPACE...] [sleep=SECONDS] [ready]
 *
 * host: a namespace of the host as readlink(2) has it, "pid:[4026531836]". ready: a service manager is
 * told so (sd_notify(3)).
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

static const char *said(long r)
{
	return r < 0 ? strerrorname_np(errno) : "ok";
}

static void status_of_process(void)
{
	static const char *const wanted[] = { "Uid",	"Gid",	    "Groups",
					      "Cap",	"NoNewP",   "Seccomp",
					      "SigBlk", "SigIgn",   "Cpus_allowed_list",
					      "NSpid",	"TracerPid" };
	char line[4096];
	FILE *f = fopen("/proc/self/status", "re");

	if (!f)
		printf("status %s\n", strerrorname_np(errno));
	while (f && fgets(line, sizeof(line), f))
		for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
			if (!strncmp(line, wanted[i], strlen(wanted[i])))
				printf("status %s", line);
	if (f)
		fclose(f);
}

/* mount point, flags and type; ids, devices and options of the kernel differ from run to run */
static void mounts(void)
{
	char line[8192];
	FILE *f = fopen("/proc/self/mountinfo", "re");

	if (!f)
		printf("mounts %s\n", strerrorname_np(errno));
	while (f && fgets(line, sizeof(line), f)) {
		char point[4096], flags[512], *dash = strstr(line, " - "), type[64] = "?",
					      *peer = strstr(line, " shared:");

		if (sscanf(line, "%*s %*s %*s %*s %4095s %511s", point, flags) != 2)
			continue;
		if (dash)
			sscanf(dash + 3, "%63s", type);
		printf("mount %s %s %s%s\n", point, flags, type,
		       peer && peer < dash ? " shared" : "");
	}
	if (f)
		fclose(f);
}

/* What is open, but for what we have opened ourselves. */
static void descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		int fd = atoi(entry->d_name);
		char path[64], target[256] = "";

		if (entry->d_name[0] == '.' || fd == dirfd(dir))
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		(void)!readlink(path, target, sizeof(target) - 1);
		/* names of pipes and of the caller's files are the caller's affair */
		printf("open %d%s%s\n", fd, fd > 2 ? " " : "", fd > 2 ? target : "");
	}
	if (dir)
		closedir(dir);
}

static void masked(const char *path)
{
	char byte[1];
	struct stat st;
	int fd, entries = 0;

	if (stat(path, &st) < 0) {
		printf("masked %s %s\n", path, strerrorname_np(errno));
		return;
	}
	if (S_ISDIR(st.st_mode)) {
		DIR *dir = opendir(path);

		while (dir && readdir(dir))
			entries++;
		printf("masked %s %s\n", path,
		       !dir	     ? strerrorname_np(errno)
		       : entries > 2 ? "READABLE"
				     : "empty");
		if (dir)
			closedir(dir);
		return;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	printf("masked %s %s\n", path,
	       fd < 0		       ? strerrorname_np(errno)
	       : read(fd, byte, 1) > 0 ? "READABLE"
				       : "empty");
	if (fd >= 0)
		close(fd);
}

static void writable(const char *path)
{
	struct stat st;
	int fd;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		char file[4096];

		snprintf(file, sizeof(file), "%s/witness-was-here", path);
		fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		printf("write %s %s\n", path, said(fd));
		if (fd >= 0)
			unlink(file);
	} else {
		fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
		printf("write %s %s\n", path, said(fd));
	}
	if (fd >= 0)
		close(fd);
}

static void namespaces(char **host, int n)
{
	static const char *const kinds[] = { "cgroup", "ipc",  "mnt",  "net",
					     "pid",    "time", "user", "uts" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		char path[64], target[64] = "";
		const char *whose = "own";

		snprintf(path, sizeof(path), "/proc/self/ns/%s", kinds[i]);
		if (readlink(path, target, sizeof(target) - 1) < 0)
			whose = strerrorname_np(errno);
		for (int k = 0; k < n; k++)
			if (!strncmp(host[k], "host=", 5) && !strcmp(host[k] + 5, target))
				whose = "HOST";
		printf("namespace %s %s\n", kinds[i], whose);
	}
}

static void limits(void)
{
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		struct rlimit r;

		if (getrlimit(i, &r) == 0)
			printf("rlimit %d %lld %lld\n", i, (long long)r.rlim_cur,
			       (long long)r.rlim_max);
	}
}

static void one_line(const char *what, const char *path)
{
	char text[256] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	printf("%s %s\n", what, n < 0 ? strerrorname_np(errno) : text);
	if (fd >= 0)
		close(fd);
}

/* The line of the v2 tree. */
static void cgroup(void)
{
	char line[4096];
	FILE *f = fopen("/proc/self/cgroup", "re");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "0::", 3))
			printf("cgroup %s", line);
	if (f)
		fclose(f);
}

/* Whether calls that the filter is there for are denied: what they answer. */
static void calls(void)
{
	char *none[] = { NULL };
	int fd;

	printf("call unshare %s\n", said(unshare(CLONE_NEWUSER)));
	printf("call mount %s\n", said(syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL)));
	printf("call keyctl %s\n", said(syscall(SYS_keyctl, 0, -3, 0)));
	printf("call bpf %s\n", said(syscall(SYS_bpf, 0, NULL, 0)));
	printf("call io_uring_setup %s\n", said(syscall(SYS_io_uring_setup, 0, NULL)));
	printf("call AF_ALG %s\n", said(socket(38, SOCK_SEQPACKET, 0)));
	printf("call AF_PACKET %s\n", said(socket(AF_PACKET, SOCK_RAW, 0)));
	printf("call mknod %s\n", said(mknod("/tmp/witness-node", S_IFCHR | 0600, makedev(1, 1))));
	unlink("/tmp/witness-node");
	fd = (int)syscall(SYS_memfd_create, "witness", 0x10u); /* MFD_EXEC */
	printf("call memfd_create(MFD_EXEC) %s\n", said(fd));
	if (fd >= 0)
		close(fd);
	errno = 0;
	printf("call execveat %s\n", said(syscall(SYS_execveat, -1, "", none, none, 0)));
	printf("call setpriority %s\n", said(setpriority(PRIO_PROCESS, 0, -5)));
}

/*
 * A socket in the abstract namespace, which belongs to a network namespace; Landlock scopes it too.
 */
static void abstract_socket(const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path + 1, sizeof(addr.sun_path) - 1, "%s", name);
	printf("socket %s\n", said(connect(fd, (struct sockaddr *)&addr,
					   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
						       strlen(name)))));
	close(fd);
}

static void ready(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path ? path : "");
	printf("ready %s %s\n", addr.sun_path,
	       said(sendto(fd, "READY=1", 7, 0, (const struct sockaddr *)&addr, sizeof(addr)) > 0
			    ? 0
			    : -1));
	close(fd);
}

int main(int argc, char **argv)
{
	char host[256] = "", cwd[4096] = "";
	mode_t mask = umask(0);
	unsigned int seconds = 0;

	umask(mask);
	(void)gethostname(host, sizeof(host) - 1);
	status_of_process();
	mounts();
	descriptors();
	namespaces(argv + 1, argc - 1);
	limits();
	one_line("oom_score_adj", "/proc/self/oom_score_adj");
	cgroup();
	one_line("loginuid", "/proc/self/loginuid");
	printf("hostname %s\numask %o\ncwd %s\npersonality %x\n", host, mask,
	       getcwd(cwd, sizeof(cwd)) ? cwd : strerrorname_np(errno),
	       (unsigned int)personality(0xffffffff));
	printf("policy %d\npriority %d\n", sched_getscheduler(0), getpriority(PRIO_PROCESS, 0));
	for (int i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "masked=", 7))
			masked(argv[i] + 7);
		else if (!strncmp(argv[i], "write=", 6))
			writable(argv[i] + 6);
		else if (!strncmp(argv[i], "socket=", 7))
			abstract_socket(argv[i] + 7);
		else if (!strncmp(argv[i], "sleep=", 6))
			seconds = (unsigned int)atoi(argv[i] + 6);
		else if (!strcmp(argv[i], "ready"))
			ready();
	}
	calls();
	if (fflush(stdout) != 0)
		return 1;
	if (seconds)
		sleep(seconds);
	return 0;
}
