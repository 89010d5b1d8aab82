/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The floor: what any runtime has to ask of the kernel for one container, and nothing besides. No
 * JSON is parsed, no path is checked, no error is explained. It is what the numbers of real
 * runtimes are compared with, and no runtime: never use it as one.
 *
 *   floor --root DIR [--filter FILE] run|create --bundle DIR ID
 *   floor --root DIR start|state|delete ID
 *   floor --root DIR [--filter FILE] exec ID PROGRAM
 *   floor grab PID FILE       write the first seccomp filter of a process to FILE, for --filter
 *
 * The container is the one that the bundles of tests/bench describe: seven mounts, six devices,
 * masked and read-only paths, a read-only root, three capabilities, no_new_privs; its cgroup is
 * FLOOR_CGROUP.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef FLOOR_CGROUP
#define FLOOR_CGROUP "/sys/fs/cgroup/agentrun-bench/c"
#endif
#define FLOOR_PROGRAM "/bin/true"

/* <sys/mount.h> clashes with <linux/mount.h> before glibc 2.37 */
int mount(const char *source, const char *target, const char *type, unsigned long flags,
	  const void *data);
int umount2(const char *target, int flags);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
/* Everything must succeed: a floor that skips something would lie. */
#define MUST(call)                                                                                 \
	({                                                                                         \
		long result_ = (long)(call);                                                       \
		if (result_ < 0) {                                                                 \
			dprintf(2, "floor: %s (line %d): %s\n", #call, __LINE__, strerror(errno)); \
			_exit(1);                                                                  \
		}                                                                                  \
		result_;                                                                           \
	})

#define NAMESPACES (CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET)
#define CAPABILITIES (1u << CAP_AUDIT_WRITE | 1u << CAP_KILL | 1u << CAP_NET_BIND_SERVICE)

static struct sock_filter code[BPF_MAXINSNS];
static struct sock_fprog filter = { .filter = code };
static const char *state_root = "/run/floor", *bundle = ".";

static void load_filter(const char *path)
{
	int fd = (int)MUST(open(path, O_RDONLY | O_CLOEXEC));

	filter.len = (unsigned short)((size_t)MUST(read(fd, code, sizeof(code))) / sizeof(code[0]));
	close(fd);
}

static const char *state_file(const char *id, const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s/%s", state_root, id, name);
	return path;
}

/* --- the container's side --------------------------------------------------------------------- */

static void loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int sock = (int)MUST(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));

	MUST(ioctl(sock, SIOCSIFFLAGS, &ifr));
	close(sock);
}

static void enter_root(void)
{
	char path[PATH_MAX];
	int tree;

	MUST(mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL));
	snprintf(path, sizeof(path), "%s/rootfs", bundle);
	tree = (int)MUST(
		syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
	MUST(syscall(SYS_move_mount, tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH));
	MUST(fchdir(tree));
	close(tree);
}

static void mount_all(void)
{
	const unsigned long safe = MS_NOSUID | MS_NOEXEC | MS_NODEV;

	MUST(mount("proc", "proc", "proc", 0, NULL));
	MUST(mount("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k"));
	MUST(mkdir("dev/pts", 0755));
	MUST(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
		   "newinstance,ptmxmode=0666,mode=0620,gid=5"));
	MUST(mkdir("dev/shm", 0755));
	MUST(mount("shm", "dev/shm", "tmpfs", safe, "mode=1777,size=65536k"));
	MUST(mkdir("dev/mqueue", 0755));
	MUST(mount("mqueue", "dev/mqueue", "mqueue", safe, NULL));
	MUST(mount("sysfs", "sys", "sysfs", safe | MS_RDONLY, NULL));
	MUST(mount("cgroup2", "sys/fs/cgroup", "cgroup2", safe | MS_RDONLY | MS_RELATIME, NULL));
}

static void make_devices(void)
{
	static const struct {
		const char *path;
		unsigned int major, minor;
	} nodes[] = { { "dev/null", 1, 3 }, { "dev/zero", 1, 5 },   { "dev/full", 1, 7 },
		      { "dev/tty", 5, 0 },  { "dev/random", 1, 8 }, { "dev/urandom", 1, 9 } };
	static const char *const links[][2] = {
		{ "/proc/self/fd", "dev/fd" },	     { "/proc/self/fd/0", "dev/stdin" },
		{ "/proc/self/fd/1", "dev/stdout" }, { "/proc/self/fd/2", "dev/stderr" },
		{ "pts/ptmx", "dev/ptmx" },
	};

	umask(0);
	for (size_t i = 0; i < COUNT(nodes); i++)
		MUST(mknod(nodes[i].path, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)));
	for (size_t i = 0; i < COUNT(links); i++)
		MUST(symlink(links[i][0], links[i][1]));
	umask(022);
}

static void mask_paths(void)
{
	static const char *const masked[] = { "proc/acpi",	    "proc/asound",
					      "proc/kcore",	    "proc/keys",
					      "proc/latency_stats", "proc/timer_list",
					      "proc/timer_stats",   "proc/sched_debug",
					      "sys/firmware",	    "proc/scsi" };
	static const char *const readonly[] = { "proc/bus", "proc/fs", "proc/irq", "proc/sys",
						"proc/sysrq-trigger" };
	struct mount_attr ro = { .attr_set = MOUNT_ATTR_RDONLY };

	for (size_t i = 0; i < COUNT(readonly); i++) {
		int tree = (int)syscall(SYS_open_tree, AT_FDCWD, readonly[i],
					OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);

		if (tree < 0 && errno == ENOENT)
			continue;
		MUST(tree);
		MUST(syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &ro,
			     sizeof(ro)));
		MUST(syscall(SYS_move_mount, tree, "", AT_FDCWD, readonly[i],
			     MOVE_MOUNT_F_EMPTY_PATH));
		close(tree);
	}
	for (size_t i = 0; i < COUNT(masked); i++) {
		struct stat st;

		if (stat(masked[i], &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode))
			MUST(mount("tmpfs", masked[i], "tmpfs", MS_RDONLY, "size=0k"));
		else
			MUST(mount("dev/null", masked[i], NULL, MS_BIND, NULL));
	}
}

static void pivot(void)
{
	struct mount_attr ro = { .attr_set = MOUNT_ATTR_RDONLY };

	MUST(syscall(SYS_pivot_root, ".", "."));
	MUST(umount2(".", 2 /* MNT_DETACH */));
	MUST(chdir("/"));
	MUST(syscall(SYS_mount_setattr, AT_FDCWD, "/", 0, &ro, sizeof(ro)));
}

/* What init and an exec have in common: rights go away. */
static void drop_rights(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { CAPABILITIES, CAPABILITIES, 0 } };

	MUST(setsid());
	for (int i = 0; i <= CAP_LAST_CAP; i++)
		if (i >= 32 || !(CAPABILITIES & (1u << i)))
			MUST(prctl(PR_CAPBSET_DROP, i, 0, 0, 0));
	MUST(syscall(SYS_setgroups, 0, NULL));
	MUST(setresgid(0, 0, 0));
	MUST(setresuid(0, 0, 0));
	MUST(syscall(SYS_capset, &header, data));
	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	MUST(syscall(SYS_close_range, 3, ~0u, CLOSE_RANGE_CLOEXEC));
}

_Noreturn static void execute(const char *program)
{
	char *argv[] = { (char *)program, "1000", NULL }, *envp[] = { "PATH=/bin", NULL };

	if (filter.len)
		MUST(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter));
	MUST(execve(program, argv, envp));
	_exit(1);
}

/* fifo: where "start" is awaited, -1: nowhere. ready: told when all is made. */
_Noreturn static void init(int ready, int fifo, const char *program)
{
	char c = 'r';

	MUST(unshare(CLONE_NEWCGROUP));
	MUST(sethostname("bench", 5));
	loopback_up();
	enter_root();
	mount_all();
	make_devices();
	mask_paths();
	pivot();
	drop_rights();
	MUST(write(ready, &c, 1));
	if (fifo >= 0)
		MUST(read(fifo, &c, 1));
	execute(program);
}

/* --- the host's side ----------------------------------------------------------------------------
 */

static pid_t clone_into(unsigned long long flags, int cgroup)
{
	struct clone_args args = { .flags = flags | CLONE_INTO_CGROUP,
				   .exit_signal = SIGCHLD,
				   .cgroup = (unsigned int)cgroup };

	return (pid_t)MUST(syscall(SYS_clone3, &args, sizeof(args)));
}

static void read_config(void)
{
	static char text[1 << 20];
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/config.json", bundle);
	fd = (int)MUST(open(path, O_RDONLY | O_CLOEXEC));
	MUST(read(fd, text, sizeof(text)));
	close(fd);
}

static void write_state(const char *id, pid_t pid)
{
	char text[32];
	int fd = (int)MUST(open(state_file(id, "pid"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));

	MUST(write(fd, text, (size_t)snprintf(text, sizeof(text), "%d", pid)));
	close(fd);
}

static pid_t read_state(const char *id)
{
	char text[32] = "";
	int fd = (int)MUST(open(state_file(id, "pid"), O_RDONLY | O_CLOEXEC));

	MUST(read(fd, text, sizeof(text) - 1));
	close(fd);
	return atoi(text);
}

static pid_t create(const char *id, int wait_for_start, const char *program)
{
	int sync[2], fifo = -1, cgroup;
	char c;
	pid_t pid;

	read_config();
	MUST(mkdir(state_file(id, ""), 0711));
	if (wait_for_start) {
		MUST(mkfifo(state_file(id, "fifo"), 0622));
		fifo = (int)MUST(open(state_file(id, "fifo"), O_RDWR | O_CLOEXEC));
	}
	MUST(mkdir(FLOOR_CGROUP, 0755));
	cgroup = (int)MUST(open(FLOOR_CGROUP, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sync));
	pid = clone_into(NAMESPACES, cgroup);
	if (pid == 0)
		init(sync[1], fifo, program);
	close(sync[1]);
	if (read(sync[0], &c, 1) != 1)
		_exit(1);
	write_state(id, pid);
	close(cgroup);
	return pid;
}

static void remove_all(const char *id)
{
	/* killed processes leave a cgroup when they are done with dying */
	for (int i = 0; rmdir(FLOOR_CGROUP) < 0; i++) {
		if (errno != EBUSY || i == 5000)
			MUST(-1);
		usleep(100);
	}
	(void)unlink(state_file(id, "fifo")); /* "run" has none */
	MUST(unlink(state_file(id, "pid")));
	MUST(rmdir(state_file(id, "")));
}

static int wait_for(pid_t pid)
{
	int status;

	MUST(waitpid(pid, &status, 0));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int run(const char *id)
{
	int code = wait_for(create(id, 0, FLOOR_PROGRAM));

	remove_all(id);
	return code;
}

static int start(const char *id)
{
	int fd = (int)MUST(open(state_file(id, "fifo"), O_WRONLY | O_CLOEXEC));

	MUST(write(fd, "s", 1));
	return 0;
}

static int state(const char *id)
{
	pid_t pid = read_state(id);

	printf("{\"id\":\"%s\",\"pid\":%d,\"status\":\"%s\"}\n", id, pid,
	       kill(pid, 0) == 0 ? "running" : "stopped");
	return 0;
}

static int exec(const char *id, const char *program)
{
	int pidfd = (int)MUST(syscall(SYS_pidfd_open, read_state(id), 0));
	int cgroup = (int)MUST(open(FLOOR_CGROUP, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	pid_t pid;

	MUST(setns(pidfd, NAMESPACES | CLONE_NEWCGROUP));
	pid = clone_into(0, cgroup);
	if (pid == 0) {
		drop_rights();
		execute(program);
	}
	return wait_for(pid);
}

static int delete (const char *id)
{
	pid_t pid = read_state(id);
	struct pollfd p = { .fd = (int)MUST(syscall(SYS_pidfd_open, pid, 0)), .events = POLLIN };
	int fd = (int)MUST(open(FLOOR_CGROUP "/cgroup.kill", O_WRONLY | O_CLOEXEC));

	MUST(write(fd, "1", 1));
	MUST(poll(&p, 1, 5000));
	remove_all(id);
	return 0;
}

static int grab(pid_t pid, const char *file)
{
	int status, fd;
	long n;

	MUST(ptrace(PTRACE_ATTACH, pid, NULL, NULL));
	MUST(waitpid(pid, &status, __WALL));
	n = MUST(ptrace(PTRACE_SECCOMP_GET_FILTER, pid, 0, code));
	MUST(ptrace(PTRACE_DETACH, pid, NULL, NULL));
	fd = (int)MUST(open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
	MUST(write(fd, code, (size_t)n * sizeof(code[0])));
	return 0;
}

int main(int argc, char **argv)
{
	const char *command = NULL, *words[3] = { NULL };
	int n = 0;

	for (int i = 1; i < argc; i++) {
		if (i + 1 < argc && strcmp(argv[i], "--root") == 0)
			state_root = argv[++i];
		else if (i + 1 < argc && strcmp(argv[i], "--bundle") == 0)
			bundle = argv[++i];
		else if (i + 1 < argc && strcmp(argv[i], "--filter") == 0)
			load_filter(argv[++i]);
		else if (argv[i][0] == '-')
			continue; /* --force */
		else if (!command)
			command = argv[i];
		else if (n < 2)
			words[n++] = argv[i];
	}
	if (!command || !n)
		return 2;
	if (strcmp(command, "run") == 0)
		return run(words[0]);
	if (strcmp(command, "create") == 0)
		return create(words[0], 1, "/bin/sleep") > 0 ? 0 : 1;
	if (strcmp(command, "start") == 0)
		return start(words[0]);
	if (strcmp(command, "state") == 0)
		return state(words[0]);
	if (strcmp(command, "exec") == 0)
		return exec(words[0], FLOOR_PROGRAM);
	if (strcmp(command, "delete") == 0)
		return delete (words[0]);
	if (strcmp(command, "grab") == 0 && n == 2)
		return grab(atoi(words[0]), words[1]);
	return 2;
}
