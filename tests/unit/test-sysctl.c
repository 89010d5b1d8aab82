/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/error.h"
#include "base/sys.h"
#include "kernel/sysctl.h"

#include "test.h"

static int open_proc(void)
{
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	CHECK(proc >= 0);
	return proc;
}

/* A specification with all namespaces and one sysctl. */
static const struct ar_spec *spec_of(const char *key, const char *value)
{
	static struct ar_namespace ns[] = { { .type = "ipc" },
					    { .type = "network" },
					    { .type = "uts" } };
	static struct ar_pair pair;
	static struct ar_linux linux;
	static struct ar_spec spec;

	pair = (struct ar_pair){ key, value };
	linux = (struct ar_linux){ .sysctl = { &pair, 1 }, .namespaces = { ns, 3 } };
	spec = (struct ar_spec){ .linux = &linux };
	return &spec;
}

static void own_namespaces(void)
{
	if (unshare(CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWNS) < 0)
		SKIP("needs CAP_SYS_ADMIN for namespaces");
	CHECK_INT(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
}

static const char *read_sysctl(const char *path)
{
	static char text[256];
	char full[256];
	int fd;
	ssize_t n;

	snprintf(full, sizeof(full), "/proc/sys/%s", path);
	fd = open(full, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0);
	n = read(fd, text, sizeof(text) - 1);
	CHECK(n >= 0);
	close(fd);
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return text;
}

TEST("parameters are known by the namespace that has them")
{
	CHECK_STR(ar_sysctl_namespace("kernel.msgmax"), "ipc");
	CHECK_STR(ar_sysctl_namespace("kernel.shm_rmid_forced"), "ipc");
	CHECK_STR(ar_sysctl_namespace("fs.mqueue.msg_max"), "ipc");
	CHECK_STR(ar_sysctl_namespace("net.ipv4.ip_forward"), "network");
	CHECK_STR(ar_sysctl_namespace("net/ipv4/conf/eth0.1/forwarding"), "network");
	CHECK_STR(ar_sysctl_namespace("kernel.domainname"), "uts");
	CHECK_STR(ar_sysctl_namespace("user.max_user_namespaces"), "user");
	CHECK_STR(ar_sysctl_namespace("vm.memfd_noexec"), "pid");
}

TEST("parameters of the whole host have none")
{
	CHECK_STR(ar_sysctl_namespace("kernel.core_pattern"), NULL);
	CHECK_STR(ar_sysctl_namespace("vm.overcommit_memory"), NULL);
	CHECK_STR(ar_sysctl_namespace("kernel.msgmaxi"), NULL);
	CHECK_STR(ar_sysctl_namespace("network.x"), NULL);
	CHECK_STR(ar_sysctl_namespace(""), NULL);
}

TEST("a name that climbs out of its directory is no name of that directory")
{
	CHECK_STR(ar_sysctl_namespace("net/../kernel/core_pattern"), NULL);
	CHECK_STR(ar_sysctl_namespace("net.//.kernel.core_pattern"), NULL);
	CHECK_STR(ar_sysctl_namespace("net/./ipv4"), NULL);
	CHECK_STR(ar_sysctl_namespace("net//ipv4"), NULL);
	CHECK_STR(ar_sysctl_namespace("net.ipv4."), NULL);
	CHECK_STR(ar_sysctl_namespace("/net/ipv4"), NULL);
}

TEST("climbing out is refused at the write too")
{
	struct ar_error err;

	CHECK_INT(ar_sysctl_write(open_proc(), "net/../kernel/core_pattern", "|/x", &err), -EINVAL);
	CHECK_STR(err.text, "'net/../kernel/core_pattern' is not the name of a sysctl");
}

TEST("parameters of the host are refused")
{
	struct ar_error err;

	CHECK_INT(ar_sysctls_check(spec_of("kernel.core_pattern", "|/x"), &err), -EINVAL);
	CHECK_STR(err.text, "sysctl 'kernel.core_pattern' is not in a separate kernel namespace");
	CHECK_INT(ar_sysctls_apply(open_proc(), spec_of("kernel.core_pattern", "|/x"), &err),
		  -EINVAL);
}

TEST("a namespace that the container has not is needed")
{
	struct ar_pair pair = { "net.ipv4.ip_forward", "1" };
	struct ar_linux linux = { .sysctl = { &pair, 1 } };
	struct ar_spec spec = { .linux = &linux };
	struct ar_error err;

	CHECK_INT(ar_sysctls_check(&spec, &err), -EINVAL);
	CHECK_HAS(err.text,
		  "sysctl 'net.ipv4.ip_forward' needs a network namespace of the container's own");
}

TEST("a namespace that is joined must not be the host's")
{
	struct ar_namespace ns = { "network", "/proc/self/ns/net" };
	struct ar_pair pair = { "net.ipv4.ip_forward", "1" };
	struct ar_linux linux = { .sysctl = { &pair, 1 }, .namespaces = { &ns, 1 } };
	struct ar_spec spec = { .linux = &linux };
	struct ar_error err;

	CHECK_INT(ar_sysctls_check(&spec, &err), -EINVAL);
	CHECK_STR(err.text,
		  "sysctl 'net.ipv4.ip_forward' is not allowed in the host's network namespace");
}

TEST("the host name has a field of its own")
{
	struct ar_error err;

	CHECK_INT(ar_sysctls_check(spec_of("kernel.hostname", "x"), &err), -EINVAL);
	CHECK_STR(err.text,
		  "sysctl 'kernel.hostname' is not allowed as it conflicts with 'hostname'");
}

TEST("a parameter is written in the namespace of who writes")
{
	struct ar_error err;

	own_namespaces();
	CHECK_INT(ar_sysctls_apply(open_proc(), spec_of("kernel.msgmax", "12345"), &err), 0);
	CHECK_STR(read_sysctl("kernel/msgmax"), "12345");
	CHECK_INT(ar_sysctls_apply(open_proc(),
				   spec_of("net/ipv4/ip_unprivileged_port_start", "80"), &err),
		  0);
	CHECK_STR(read_sysctl("net/ipv4/ip_unprivileged_port_start"), "80");
}

TEST("several numbers come back with tabs and are the same")
{
	struct ar_error err;

	own_namespaces();
	CHECK_INT(ar_sysctls_apply(open_proc(),
				   spec_of("net.ipv4.ping_group_range", "0 2147483647"), &err),
		  0);
	CHECK_INT(ar_sysctls_apply(open_proc(), spec_of("kernel.sem", "300 32000 200"), &err), 0);
	CHECK_HAS(read_sysctl("kernel/sem"), "300\t32000\t200\t");
}

TEST("texts and hexadecimal numbers are written too")
{
	struct ar_error err;
	struct utsname name;

	own_namespaces();
	CHECK_INT(ar_sysctls_apply(open_proc(), spec_of("kernel.domainname", "unit.test"), &err),
		  0);
	CHECK_INT(uname(&name), 0);
	CHECK_STR(name.domainname, "unit.test");
	CHECK_INT(ar_sysctls_apply(open_proc(), spec_of("kernel.msgmax", "0x100"), &err), 0);
	CHECK_STR(read_sysctl("kernel/msgmax"), "256");
}

TEST("a value the kernel does not take is an error with key and value")
{
	struct ar_error err;

	own_namespaces();
	CHECK_INT(ar_sysctls_apply(open_proc(), spec_of("kernel.msgmax", "many"), &err), -EINVAL);
	CHECK_STR(err.text, "set sysctl 'kernel.msgmax' to 'many': invalid argument");
	CHECK_INT(ar_sysctls_apply(open_proc(), spec_of("net.no.such", "1"), &err), -ENOENT);
	CHECK_STR(err.text, "set sysctl 'net.no.such' to '1': not found");
}

TEST("nothing is written to a file that is mounted upon a parameter")
{
	struct ar_error err;
	char path[4096];

	own_namespaces();
	snprintf(path, sizeof(path), "%s/trap", test_dir());
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	CHECK_INT(mount(path, "/proc/sys/kernel/msgmax", NULL, MS_BIND, NULL), 0);
	CHECK_INT(ar_sysctls_apply(open_proc(), spec_of("kernel.msgmax", "12345"), &err), -EXDEV);
	CHECK_HAS(err.text, "(something is mounted over it in /proc)");
	CHECK_STR(read_sysctl("kernel/msgmax"), "");
}

int main(void)
{
	return test_main();
}
