/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/hostpaths.h"

#include <string.h>

#include "base/path.h"
#include "base/str.h"

#define LIST(...)                                                                \
	{                                                                        \
		(const char *[]){ __VA_ARGS__, NULL },                           \
			sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *) \
	}

static const char system_dir[] = "a directory of the host's system";
static const char engine_socket[] = "the socket of a container engine";
static const char engine_data[] = "the data of a container engine";
static const char system_secrets[] = "what the host's system keeps for root alone";
static const char init_socket[] = "a socket of the init system";

static const struct ar_host_path sensitive[] = {
	{ "/", "the host's root" },
	{ "/proc", "the host's /proc" },
	{ "/sys", "the host's /sys" },
	{ "/dev", "the host's devices" },
	{ "/boot", system_dir },
	{ "/etc", system_dir },
	{ "/root", "the home of root" },
	{ "/home", "everybody's home" },
	{ "/usr", system_dir },
	{ "/usr/bin", system_dir },
	{ "/usr/sbin", system_dir },
	{ "/usr/lib", system_dir },
	{ "/usr/lib64", system_dir },
	{ "/lib", system_dir },
	{ "/lib32", system_dir },
	{ "/lib64", system_dir },
	{ "/libx32", system_dir },
	{ "/bin", system_dir },
	{ "/sbin", system_dir },
	{ "/var", system_dir },
	{ "/run", "the sockets of the host's services" },
	{ "/tmp/.X11-unix", "the socket of a display" },
	{ "/run/docker.sock", engine_socket },
	{ "/run/docker", engine_socket },
	{ "/run/containerd", engine_socket },
	{ "/run/podman", engine_socket },
	{ "/run/crio", engine_socket },
	{ "/run/buildkit", engine_socket },
	{ "/run/agentrun", engine_data },
	{ "/run/systemd", init_socket },
	{ "/run/dbus", init_socket },
	{ "/run/user", "the sockets of users' services" },
	{ "/var/lib/docker", engine_data },
	{ "/var/lib/containerd", engine_data },
	{ "/var/lib/containers", engine_data },
	{ "/var/lib/crio", engine_data },
	{ "/var/lib/kubelet", engine_data },
	{ "/var/lib/etcd", engine_data },
	{ "/var/lib/rancher", engine_data },
	{ "/var/lib/nerdctl", engine_data },
	{ "/var/lib/buildkit", engine_data },
	{ "/var/lib/lxc", engine_data },
	{ "/var/lib/lxd", engine_data },
	{ "/var/lib/incus", engine_data },
	{ "/var/lib/machines", engine_data },
	{ "/var/snap", engine_data },
	{ "/var/lib/libvirt", "the data of virtual machines" },
	{ "/var/lib/systemd", system_secrets },
	{ "/var/lib/cloud", system_secrets },
	{ "/var/lib/sss", system_secrets },
	{ "/var/lib/private", system_secrets },
	{ "/var/backups", system_secrets },
	{ "/var/crash", system_secrets },
	{ "/var/log", "the logs of the host" },
	{ "/var/mail", "the mail of the host" },
	{ "/var/spool", "the jobs and mail of the host" },
};

const struct ar_strings ar_system_trees =
	LIST("/proc", "/sys", "/dev", "/boot", "/etc", "/run", "/var/backups", "/var/crash",
	     "/var/lib/cloud", "/var/lib/private", "/var/lib/sss", "/var/lib/systemd", "/var/log",
	     "/var/mail", "/var/spool");

const struct ar_strings ar_engine_trees =
	LIST("/var/lib/docker", "/var/lib/containerd", "/var/lib/containers", "/var/lib/crio",
	     "/var/lib/kubelet", "/var/lib/etcd", "/var/lib/rancher", "/var/lib/nerdctl",
	     "/var/lib/buildkit", "/var/lib/lxc", "/var/lib/lxd", "/var/lib/libvirt",
	     "/var/lib/incus", "/var/lib/machines", "/var/snap");

const struct ar_strings ar_engine_state =
	LIST("/run/docker", "/run/containerd", "/run/containers", "/run/crio", "/run/k3s");

/*
 * Names that projects use for something else (.docker, .config) stand here with the file that makes
 * them a store of credentials.
 */
const struct ar_strings ar_credential_paths =
	LIST(".ssh", ".aws", ".kube", ".gnupg", ".azure", ".netrc", ".git-credentials",
	     ".password-store", ".pypirc", ".vault-token", ".docker/config.json", ".pgpass",
	     ".my.cnf", ".s3cfg", ".boto", ".bash_history", ".cargo/credentials",
	     ".cargo/credentials.toml", ".gem/credentials", ".terraform.d/credentials.tfrc.json",
	     ".config/gcloud", ".config/gh/hosts.yml", ".config/glab-cli", ".config/rclone",
	     ".config/git/credentials", ".claude/.credentials.json", ".codex/auth.json",
	     ".gemini/oauth_creds.json", ".config/containers/auth.json", ".local/share/keyrings",
	     ".docker/run", ".docker/desktop", ".colima", ".lima", ".rd");

const struct ar_strings ar_writable_trees =
	LIST("/home", "/srv", "/mnt", "/opt", "/workspace", "/tmp");

const struct ar_strings ar_root_programs =
	LIST("/opt/bin", "/opt/sbin", "/opt/cni", "/opt/containerd", "/opt/nvidia");

const struct ar_strings ar_programs = LIST("/opt");

const struct ar_strings ar_root_denied = LIST("/proc", "/sys", "/dev", "/boot", "/etc", "/usr",
					      "/bin", "/sbin", "/lib", "/lib32", "/lib64",
					      "/libx32", "/var/backups", "/var/crash", "/var/log",
					      "/var/mail", "/var/spool");

const struct ar_strings ar_root_engines = LIST("/run", "/root", "/var/lib");

const struct ar_strings ar_container_system =
	LIST("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc");

const struct ar_strings ar_privileged_groups = LIST("disk", "docker", "kvm", "shadow", "sudo",
						    "adm", "wheel", "lxd", "incus-admin", "libvirt",
						    "podman", "containerd", "kmem");

static const struct {
	uint64_t type;
	const char *name;
} kernel_fs[] = {
	{ 0x9fa0, "it is a procfs of the host" },
	{ 0x62656572, "it is a sysfs of the host" },
	{ 0x63677270, "it is the cgroup tree of the host" },
	{ 0x27e0eb, "it is the cgroup tree of the host" },
	{ 0x64626720, "it is the kernel's debugfs" },
	{ 0x74726163, "it is the kernel's tracefs" },
	{ 0x73636673, "it is the kernel's securityfs" },
	{ 0xcafe4a11, "it is the kernel's bpf file system" },
	{ 0xde5e81e4, "it holds the firmware's variables" },
	{ 0x6165676c, "it is the kernel's pstore" },
	{ 0x42494e4d, "it is the kernel's binfmt_misc" },
	{ 0x62656570, "it is the kernel's configfs" },
	{ 0xf97cff8c, "it is the kernel's selinuxfs" },
	{ 0x6e736673, "it is a namespace of the host" },
	{ 0x50494446, "it is a process of the host" },
	{ 0x1cd1, "it holds terminals of the host" },
	{ 0x19800202, "it holds message queues of the host" },
	{ 0x65735543, "it controls file systems of the host" },
	{ 0x67596969, "it controls file systems of the host" },
};

const struct ar_host_path *ar_sensitive_paths(size_t *ret_n)
{
	*ret_n = AR_COUNT(sensitive);
	return sensitive;
}

const struct ar_host_path *ar_sensitive_held(const char *path)
{
	for (size_t i = 0; i < AR_COUNT(sensitive); i++)
		if (ar_path_within(sensitive[i].path, path))
			return &sensitive[i];
	return NULL;
}

const char *ar_sensitive_what(const char *path)
{
	for (size_t i = 0; i < AR_COUNT(sensitive); i++)
		if (ar_streq(path, sensitive[i].path))
			return sensitive[i].what;
	if (path[0] != '/')
		return "a store of credentials";
	return engine_data; /* one of the configuration's engine_roots, or our own */
}

const char *ar_kernel_fs(uint64_t f_type)
{
	for (size_t i = 0; i < AR_COUNT(kernel_fs); i++)
		if (kernel_fs[i].type == f_type)
			return kernel_fs[i].name;
	return NULL;
}

bool ar_path_in(const char *path, const struct ar_strings *trees)
{
	for (size_t i = 0; i < trees->n; i++)
		if (ar_path_within(path, trees->items[i]))
			return true;
	return false;
}

bool ar_path_holds(const char *path, const struct ar_strings *trees)
{
	for (size_t i = 0; i < trees->n; i++)
		if (ar_path_within(trees->items[i], path))
			return true;
	return false;
}

const char *ar_credential_in(const char *path)
{
	for (size_t i = 0; i < ar_credential_paths.n; i++) {
		const char *name = ar_credential_paths.items[i];
		size_t len = strlen(name);

		for (const char *at = strstr(path, name); at; at = strstr(at + 1, name))
			if (at > path && at[-1] == '/' && (at[len] == '\0' || at[len] == '/'))
				return name;
	}
	return NULL;
}
