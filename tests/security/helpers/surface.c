/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * What the kernel offers to a program: each argument names a probe, and each probe prints one line,
 * "NAME: OK", "NAME: EPERM" or "NAME: killed by signal 31". A probe is a process of its own.
 */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif
#define NEW_USER 0x10000000UL
#define NEW_NET 0x40000000UL
#define NEW_NS 0x00020000UL

/* --- sockets: the name is "socket-FAMILY-TYPE-PROTOCOL", in numbers --- */

static int probe_socket(const char *how)
{
	int family, type, protocol;

	if (sscanf(how, "%d-%d-%d", &family, &type, &protocol) != 3)
		return -EINVAL;
	return socket(family, type, protocol) < 0 ? -errno : 0;
}

#ifdef __x86_64__
static long int80(long number, long a, uintptr_t b)
{
	long r;

	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"(number), "b"(a), "c"(b)
			 : "memory", "r8", "r9", "r10", "r11");
	return r;
}

/* A kernel without them (CONFIG_IA32_EMULATION, or ia32_emulation=0) answers with SIGSEGV, before
 * any filter. */
static bool kernel_has_int80(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		int80(20, 0, 0);
		_exit(0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid &&
	       !(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static int probe_int80_getpid(void)
{
	if (!kernel_has_int80())
		return -ENOSYS;
	return int80(20, 0, 0) == getpid() ? 0 : -ENOSYS;
}

/* socketcall(SYS_SOCKET, {family, SOCK_RAW, protocol}): its arguments are in memory, no filter sees
 * them. */
static int probe_int80_socketcall(void)
{
	uint32_t *arguments = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long r;

	if (!kernel_has_int80())
		return -ENOSYS;
	if (arguments == MAP_FAILED)
		return -errno;
	arguments[0] = AF_NETLINK;
	arguments[1] = SOCK_RAW;
	arguments[2] = 12;
	r = int80(102, 1, (uintptr_t)arguments);
	return r < 0 ? (int)r : 0;
}

static int probe_x32_getpid(void)
{
	return syscall(0x40000000 + SYS_getpid) < 0 ? -errno : 0;
}

static int probe_x32_socket(void)
{
	return syscall(0x40000000 + SYS_socket, AF_NETLINK, SOCK_RAW, 12) < 0 ? -errno : 0;
}
#endif

/* --- io_uring --- */

static int probe_io_uring_setup(void)
{
	struct io_uring_params p = { 0 };

	return syscall(SYS_io_uring_setup, 4, &p) < 0 ? -errno : 0;
}

static int probe_io_uring_enter(void)
{
	return syscall(SYS_io_uring_enter, -1, 1, 0, 0, NULL, 0) < 0 ? -errno : 0;
}

static int probe_io_uring_register(void)
{
	return syscall(SYS_io_uring_register, -1, 0, NULL, 0) < 0 ? -errno : 0;
}

/* IORING_OP_SOCKET: a socket without socket(2), of a family that the list does not have. */
static int probe_io_uring_socket(void)
{
	struct io_uring_params p = { 0 };
	int ring = (int)syscall(SYS_io_uring_setup, 4, &p);
	char *sq, *cq;
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;

	if (ring < 0)
		return -errno;
	sq = mmap(NULL, p.sq_off.array + p.sq_entries * 4, PROT_READ | PROT_WRITE, MAP_SHARED, ring,
		  IORING_OFF_SQ_RING);
	cq = mmap(NULL, p.cq_off.cqes + p.cq_entries * sizeof(*cqe), PROT_READ | PROT_WRITE,
		  MAP_SHARED, ring, IORING_OFF_CQ_RING);
	sqe = mmap(NULL, p.sq_entries * sizeof(*sqe), PROT_READ | PROT_WRITE, MAP_SHARED, ring,
		   IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || sqe == MAP_FAILED)
		return -errno;
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = 45; /* IORING_OP_SOCKET */
	sqe->fd = AF_NETLINK;
	sqe->off = SOCK_RAW;
	sqe->len = 12;
	*(unsigned *)(sq + p.sq_off.array) = 0;
	__atomic_store_n((unsigned *)(sq + p.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return -errno;
	cqe = (struct io_uring_cqe *)(cq + p.cq_off.cqes);
	return cqe->res < 0 ? cqe->res : 0;
}

/* --- namespaces and mounts --- */

static int raw_clone(unsigned long flags)
{
	long pid = syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid < 0)
		return -errno;
	if (pid == 0)
		_exit(0);
	waitpid((pid_t)pid, NULL, 0);
	return 0;
}

static int probe_clone_user(void)
{
	return raw_clone(NEW_USER);
}

static int probe_clone_net(void)
{
	return raw_clone(NEW_NET);
}

/* The kernel ignores the upper half of the flags. */
static int probe_clone_user_garbage(void)
{
	return raw_clone(0xdead000000000000UL | NEW_USER);
}

static int probe_clone_plain(void)
{
	return raw_clone(0);
}

static int probe_clone3_user(void)
{
	struct {
		uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
	} a = { .flags = NEW_USER, .exit_signal = SIGCHLD };
	long pid = syscall(SYS_clone3, &a, sizeof(a));

	if (pid < 0)
		return -errno;
	if (pid == 0)
		_exit(0);
	waitpid((pid_t)pid, NULL, 0);
	return 0;
}

static int probe_unshare_user(void)
{
	return unshare((int)NEW_USER) < 0 ? -errno : 0;
}

static int probe_unshare_net(void)
{
	return unshare((int)NEW_NET) < 0 ? -errno : 0;
}

static int probe_setns(void)
{
	int fd = open("/proc/self/ns/uts", O_RDONLY);

	if (fd < 0)
		return -errno;
	return setns(fd, 0) < 0 ? -errno : 0;
}

/* What nf_tables exploits do: a user namespace, a network of one's own in it, its packet filter. */
static int probe_nf_tables(void)
{
	if (unshare((int)(NEW_USER | NEW_NET)) < 0)
		return -errno;
	return socket(AF_NETLINK, SOCK_RAW, 12) < 0 ? -errno : 0;
}

static int probe_fsopen(void)
{
	return syscall(SYS_fsopen, "tmpfs", 0) < 0 ? -errno : 0;
}

/* CVE-2022-0185: fsconfig in a user namespace. */
static int probe_userns_fsconfig(void)
{
	int fd;

	if (unshare((int)(NEW_USER | NEW_NS)) < 0)
		return -errno;
	fd = (int)syscall(SYS_fsopen, "tmpfs", 0);
	if (fd < 0)
		return -errno;
	return syscall(SYS_fsconfig, fd, 1, "size", "4096", 0) < 0 ? -errno : 0;
}

static int probe_fsconfig(void)
{
	return syscall(SYS_fsconfig, -1, 1, "size", "4096", 0) < 0 ? -errno : 0;
}

static int probe_open_tree(void)
{
	return syscall(SYS_open_tree, AT_FDCWD, "/", 1 /* OPEN_TREE_CLONE */) < 0 ? -errno : 0;
}

static int probe_mount_proc(void)
{
	return mount("proc", "/mnt", "proc", 0, NULL) < 0 ? -errno : 0;
}

static int probe_remount_root(void)
{
	return mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL) < 0 ? -errno : 0;
}

static int probe_umount_masked(void)
{
	return umount2("/proc/sys", MNT_DETACH) < 0 ? -errno : 0;
}

static int probe_chroot(void)
{
	return chroot("/") < 0 ? -errno : 0;
}

/* --- the kernel's machines --- */

static int probe_bpf(void)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.map_type = BPF_MAP_TYPE_ARRAY;
	a.key_size = 4;
	a.value_size = 4;
	a.max_entries = 1;
	return syscall(SYS_bpf, BPF_MAP_CREATE, &a, sizeof(a)) < 0 ? -errno : 0;
}

static int probe_perf(void)
{
	struct perf_event_attr a = { .type = PERF_TYPE_SOFTWARE, .size = sizeof(a) };

	a.config = PERF_COUNT_SW_TASK_CLOCK;
	a.exclude_kernel = 1;
	a.exclude_hv = 1;
	return syscall(SYS_perf_event_open, &a, 0, -1, -1, 0) < 0 ? -errno : 0;
}

static int probe_userfaultfd(void)
{
	return syscall(SYS_userfaultfd, 1 /* UFFD_USER_MODE_ONLY */) < 0 ? -errno : 0;
}

static int probe_keyctl(void)
{
	return syscall(SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */, -3, 0) < 0 ? -errno : 0;
}

static int probe_add_key(void)
{
	return syscall(SYS_add_key, "user", "agentrun-test", "x", 1, -2 /* process keyring */) < 0
		       ? -errno
		       : 0;
}

/* There is no such key; to be told so is what counts. */
static int probe_request_key(void)
{
	if (syscall(SYS_request_key, "user", "agentrun-test", NULL, 0) < 0 && errno != ENOKEY)
		return -errno;
	return 0;
}

static int probe_name_to_handle(void)
{
	struct {
		struct file_handle head;
		unsigned char rest[128];
	} h;
	int id;

	h.head.handle_bytes = sizeof(h.rest);
	return name_to_handle_at(AT_FDCWD, "/bin", &h.head, &id, 0) < 0 ? -errno : 0;
}

/* "shocker": the root directory of the file system, as a handle that is guessed. */
static int probe_open_by_handle(void)
{
	struct {
		struct file_handle head;
		unsigned char rest[8];
	} h = { { .handle_bytes = 8, .handle_type = 1 }, { 2 } };
	int at = open("/", O_RDONLY | O_DIRECTORY);

	return open_by_handle_at(at, &h.head, O_RDONLY) < 0 ? -errno : 0;
}

/* --- terminals --- */

/* The request types a character into the terminal that it is called on. */
static int terminal_request(unsigned long request)
{
	int host = posix_openpt(O_RDWR | O_NOCTTY), slave;
	char typed[2] = "x", got = 0;

	if (host < 0 || grantpt(host) < 0 || unlockpt(host) < 0)
		return -errno;
	setsid();
	slave = ioctl(host, TIOCGPTPEER, O_RDWR);
	if (slave < 0 || ioctl(slave, TIOCSCTTY, 0) < 0)
		return -errno;
	if (syscall(SYS_ioctl, slave, request, typed) < 0)
		return -errno;
	if ((unsigned)request != TIOCSTI)
		return 0;
	if (syscall(SYS_ioctl, slave, request, "\n") < 0)
		return -errno;
	return read(slave, &got, 1) == 1 && got == 'x' ? 0 : -EIO;
}

static int probe_tiocsti(void)
{
	return terminal_request(TIOCSTI);
}

/* The kernel looks at the low 32 bits alone. */
static int probe_tiocsti_garbage(void)
{
	return terminal_request(0xdead000000000000UL | TIOCSTI);
}

static int probe_tioclinux(void)
{
	return terminal_request(TIOCLINUX);
}

static int probe_tioclinux_garbage(void)
{
	return terminal_request(0xffffffff00000000UL | TIOCLINUX);
}

static int probe_tiocsetd(void)
{
	int host = posix_openpt(O_RDWR | O_NOCTTY), discipline = 0;

	if (host < 0)
		return -errno;
	return ioctl(host, TIOCSETD, &discipline) < 0 ? -errno : 0;
}

/* --- execution --- */

static int probe_read_implies_exec(void)
{
	return personality(READ_IMPLIES_EXEC) < 0 ? -errno : 0;
}

static int probe_mmap_page_zero(void)
{
	return personality(MMAP_PAGE_ZERO) < 0 ? -errno : 0;
}

static int probe_no_randomize(void)
{
	return personality(ADDR_NO_RANDOMIZE) < 0 ? -errno : 0;
}

static int probe_read_implies_exec_garbage(void)
{
	return syscall(SYS_personality, 0xdead000000000000UL | READ_IMPLIES_EXEC) < 0 ? -errno : 0;
}

/* This program again, from memory: its exit status says whether it ran. */
static int run_memfd(unsigned flags, int by_execveat)
{
	static char *args[] = { "surface", "nothing", NULL };
	char buffer[65536], path[64];
	int from = open("/proc/self/exe", O_RDONLY), fd = memfd_create("program", flags), status;
	ssize_t n;
	pid_t pid;

	if (from < 0 || fd < 0)
		return -errno;
	while ((n = read(from, buffer, sizeof(buffer))) > 0)
		if (write(fd, buffer, (size_t)n) != n)
			return -EIO;
	pid = fork();
	if (pid == 0) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		fclose(stdout);
		if (by_execveat)
			syscall(SYS_execveat, fd, "", args, environ, AT_EMPTY_PATH);
		else
			execv(path, args);
		_exit(errno);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
}

static int probe_memfd_exec(void)
{
	return run_memfd(0, 0);
}

static int probe_memfd_mfd_exec(void)
{
	return run_memfd(MFD_EXEC, 0);
}

static int probe_memfd_execveat(void)
{
	return run_memfd(0, 1);
}

/* Code of a file on the scratch file system, mapped to be executed. */
static int probe_mmap_tmp(void)
{
	char page[4096] = { (char)0xc3 };
	int fd = open("/tmp/code", O_RDWR | O_CREAT | O_TRUNC, 0700);

	if (fd < 0 || write(fd, page, sizeof(page)) != sizeof(page))
		return -errno;
	return mmap(NULL, sizeof(page), PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED
		       ? -errno
		       : 0;
}

/* --- devices, sockets of others --- */

/* "mknod-c-1-1": a node in /tmp, then opened. */
static int probe_mknod(const char *how)
{
	char type;
	unsigned major, minor;

	if (sscanf(how, "%c-%u-%u", &type, &major, &minor) != 3)
		return -EINVAL;
	unlink("/tmp/node");
	if (mknod("/tmp/node", (type == 'b' ? S_IFBLK : S_IFCHR) | 0600,
		  (dev_t)(((major & 0xfff) << 8) | (minor & 0xff))) < 0)
		return -errno;
	return open("/tmp/node", O_RDONLY | O_NONBLOCK) < 0 ? -errno : 0;
}

static int probe_open(const char *path)
{
	return open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC) < 0 ? -errno : 0;
}

/* To a path (offset 0) or an abstract name (offset 1), whose end is where the address ends. */
static int connect_to(const char *name, size_t offset)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t n = strlen(name);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0 || n + 2 > sizeof(to.sun_path))
		return -EINVAL;
	memcpy(to.sun_path + offset, name, n);
	n += offsetof(struct sockaddr_un, sun_path) + 1;
	return connect(fd, (struct sockaddr *)&to, (socklen_t)n) < 0 ? -errno : 0;
}

static int probe_abstract(const char *name)
{
	return connect_to(name, 1);
}

static int probe_connect(const char *path)
{
	return connect_to(path, 0);
}

static int probe_euid_root(void)
{
	return geteuid() == 0 ? 0 : -EPERM;
}

static int probe_nothing(void)
{
	return 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} plain[] = {
#ifdef __x86_64__
	{ "int80-getpid", probe_int80_getpid },
	{ "int80-socketcall", probe_int80_socketcall },
	{ "x32-getpid", probe_x32_getpid },
	{ "x32-socket", probe_x32_socket },
#endif
	{ "add-key", probe_add_key },
	{ "bpf", probe_bpf },
	{ "chroot", probe_chroot },
	{ "clone-net", probe_clone_net },
	{ "clone-plain", probe_clone_plain },
	{ "clone-user", probe_clone_user },
	{ "clone-user-garbage", probe_clone_user_garbage },
	{ "clone3-user", probe_clone3_user },
	{ "euid-root", probe_euid_root },
	{ "fsconfig", probe_fsconfig },
	{ "fsopen", probe_fsopen },
	{ "io-uring-enter", probe_io_uring_enter },
	{ "io-uring-register", probe_io_uring_register },
	{ "io-uring-setup", probe_io_uring_setup },
	{ "io-uring-socket", probe_io_uring_socket },
	{ "keyctl", probe_keyctl },
	{ "memfd-exec", probe_memfd_exec },
	{ "memfd-execveat", probe_memfd_execveat },
	{ "memfd-mfd-exec", probe_memfd_mfd_exec },
	{ "mmap-page-zero", probe_mmap_page_zero },
	{ "mmap-tmp", probe_mmap_tmp },
	{ "mount-proc", probe_mount_proc },
	{ "name-to-handle", probe_name_to_handle },
	{ "nf-tables", probe_nf_tables },
	{ "no-randomize", probe_no_randomize },
	{ "nothing", probe_nothing },
	{ "open-by-handle", probe_open_by_handle },
	{ "open-tree", probe_open_tree },
	{ "perf", probe_perf },
	{ "read-implies-exec", probe_read_implies_exec },
	{ "read-implies-exec-garbage", probe_read_implies_exec_garbage },
	{ "remount-root", probe_remount_root },
	{ "request-key", probe_request_key },
	{ "setns", probe_setns },
	{ "tioclinux", probe_tioclinux },
	{ "tioclinux-garbage", probe_tioclinux_garbage },
	{ "tiocsetd", probe_tiocsetd },
	{ "tiocsti", probe_tiocsti },
	{ "tiocsti-garbage", probe_tiocsti_garbage },
	{ "umount-masked", probe_umount_masked },
	{ "unshare-net", probe_unshare_net },
	{ "unshare-user", probe_unshare_user },
	{ "userfaultfd", probe_userfaultfd },
	{ "userns-fsconfig", probe_userns_fsconfig },
};

/* With something after the name. */
static const struct {
	const char *start;
	int (*run)(const char *rest);
} with_rest[] = {
	{ "abstract-", probe_abstract }, { "connect-", probe_connect }, { "mknod-", probe_mknod },
	{ "open:", probe_open },	 { "socket-", probe_socket },
};

static int run_probe(const char *name)
{
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (!strcmp(plain[i].name, name))
			return plain[i].run();
	for (size_t i = 0; i < sizeof(with_rest) / sizeof(with_rest[0]); i++)
		if (!strncmp(with_rest[i].start, name, strlen(with_rest[i].start)))
			return with_rest[i].run(name + strlen(with_rest[i].start));
	fprintf(stderr, "no probe '%s'\n", name);
	exit(2);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "nothing"))
		return 0;
	for (int i = 1; i < argc; i++) {
		int status;
		pid_t pid;

		fflush(stdout);
		pid = fork();
		if (pid == 0) {
			int r = run_probe(argv[i]);

			printf("%s: %s\n", argv[i], r < 0 ? strerrorname_np(-r) : "OK");
			fflush(stdout);
			_exit(0);
		}
		if (pid < 0 || waitpid(pid, &status, 0) < 0)
			return 1;
		if (WIFSIGNALED(status))
			printf("%s: killed by signal %d\n", argv[i], WTERMSIG(status));
		else if (WEXITSTATUS(status))
			return WEXITSTATUS(status);
	}
	return 0;
}
