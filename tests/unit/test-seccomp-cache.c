/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compiled filters on disk: the cache of bundles' profiles, and those that exec installs again. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "kernel/seccomp-cache.h"
#include "kernel/seccomp-file.h"
#include "profiles.h"
#include "test.h"

static const struct sock_filter code[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 1, 0),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
};
static const struct ar_filters some = {
	.item = { { code, 4, SECCOMP_FILTER_FLAG_LOG, true }, { code + 2, 2, 0, false } },
	.n = 2,
};
static const char key[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static void check_same(const struct ar_filters *got, const struct ar_filters *want)
{
	CHECK_UINT(got->n, want->n);
	for (size_t i = 0; i < want->n; i++) {
		CHECK_UINT(got->item[i].n, want->item[i].n);
		CHECK_UINT(got->item[i].flags, want->item[i].flags);
		CHECK_INT(got->item[i].notifies, want->item[i].notifies);
		CHECK(memcmp(got->item[i].code, want->item[i].code,
			     want->item[i].n * sizeof(*code)) == 0);
	}
}

/* A folder for a cache; its files stand in for libseccomp too. */
static int folder(void)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/cache.XXXXXX", test_dir());
	CHECK(mkdtemp(path));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0);
	return fd;
}

static const char *library(void)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/libseccomp.so.2", test_dir());
	CHECK_INT(ar_file_replace(AT_FDCWD, path, "1", 1, 0644, NULL), 0);
	return path;
}

static bool is_there(int dirfd)
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_filters got;

	if (!ar_seccomp_cache_get(arena, dirfd, key, &got))
		return false;
	check_same(&got, &some);
	return true;
}

TEST("what was put into the cache comes out again")
{
	int dirfd = folder();
	struct stat st;

	CHECK(!is_there(dirfd));
	ar_seccomp_cache_put(dirfd, key, library(), &some);
	CHECK(is_there(dirfd));
	CHECK_INT(fstatat(dirfd, key, &st, 0), 0);
	CHECK_UINT(st.st_mode & 07777, 0600);
}

TEST("a profile compiled by another libseccomp is compiled again")
{
	int dirfd = folder();

	ar_seccomp_cache_put(dirfd, key, library(), &some);
	CHECK(is_there(dirfd));
	CHECK_INT(unlink(library()), 0);
	CHECK(!is_there(dirfd));
	(void)library(); /* an update puts a new file there */
	CHECK(!is_there(dirfd));
}

TEST("a file that is torn or was changed is not used, whatever was changed")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	int dirfd = folder();
	char *text;
	size_t len;

	ar_seccomp_cache_put(dirfd, key, library(), &some);
	CHECK_INT(ar_file_read(arena, dirfd, key, 1 << 20, &text, &len, NULL), 0);
	for (size_t i = 0; i < len; i += 7) {
		text[i] ^= 1;
		CHECK_INT(ar_file_replace(dirfd, key, text, len, 0600, NULL), 0);
		CHECK(!is_there(dirfd));
		text[i] ^= 1;
		CHECK_INT(ar_file_replace(dirfd, key, text, i, 0600, NULL), 0);
		CHECK(!is_there(dirfd));
	}
	CHECK_INT(ar_file_replace(dirfd, key, text, len, 0600, NULL), 0);
	CHECK(is_there(dirfd));
}

TEST("a file made from another profile is not used under this one's name")
{
	int dirfd = folder();
	char other[65];

	memset(other, 'f', 64);
	other[64] = '\0';
	ar_seccomp_cache_put(dirfd, other, library(), &some);
	CHECK_INT(renameat(dirfd, other, dirfd, key), 0);
	CHECK(!is_there(dirfd));
}

TEST("a link, a file that others may write and one that is no file are not used")
{
	int dirfd = folder();

	ar_seccomp_cache_put(dirfd, key, library(), &some);
	CHECK_INT(fchmodat(dirfd, key, 0620, 0), 0);
	CHECK(!is_there(dirfd));
	CHECK_INT(fchmodat(dirfd, key, 0600, 0), 0);
	CHECK(is_there(dirfd));
	CHECK_INT(renameat(dirfd, key, dirfd, "elsewhere"), 0);
	CHECK_INT(symlinkat("elsewhere", dirfd, key), 0);
	CHECK(!is_there(dirfd));
	CHECK_INT(unlinkat(dirfd, key, 0), 0);
	CHECK_INT(mkfifoat(dirfd, key, 0600), 0);
	CHECK(!is_there(dirfd));
}

TEST("a program that the kernel would not take is not taken from a file, though its digest is right")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	_cleanup_text_ struct ar_text text = AR_TEXT_INIT;
	static const struct sock_filter endless[] = { BPF_STMT(BPF_JMP | BPF_JA, 0xffffffff) };
	const struct ar_filters filters = { .item = { { endless, 1, 0, false } }, .n = 1 };
	struct ar_filters got;
	const char *maker;

	ar_filters_encode(&filters, key, "", &text);
	CHECK_INT(ar_filters_decode(arena, text.s, text.len, key, &got, &maker), -EBADMSG);
}

TEST("the cache keeps 64 files, the newest")
{
	int dirfd = folder();
	const char *lib = library();
	struct dirent *entry;
	unsigned int n = 0;
	char name[65];
	DIR *dir;

	for (unsigned int i = 0; i < AR_SECCOMP_CACHE_MAX + 10; i++) {
		const struct timespec times[2] = { { 1000000 + i, 0 }, { 1000000 + i, 0 } };

		snprintf(name, sizeof(name), "%064u", i);
		ar_seccomp_cache_put(dirfd, name, lib, &some);
		if (faccessat(dirfd, name, F_OK, 0) == 0)
			CHECK_INT(utimensat(dirfd, name, times, 0), 0);
	}
	dir = fdopendir(dirfd);
	CHECK(dir);
	while ((entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	CHECK_UINT(n, AR_SECCOMP_CACHE_MAX);
	snprintf(name, sizeof(name), "%064u", 9u);
	CHECK_INT(faccessat(dirfd, name, F_OK, 0), -1);
	snprintf(name, sizeof(name), "%064u", 10u);
	CHECK_INT(faccessat(dirfd, name, F_OK, 0), 0);
	closedir(dir);
}

/* --- keys ------------------------------------------------------------------------------------- */

static const char *key_of(const char *json)
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	static char keys[2][65];
	static int turn;

	turn = !turn;
	ar_seccomp_cache_key(profile_parse(arena, json), keys[turn]);
	return keys[turn];
}

TEST("profiles that differ in anything that counts have different keys")
{
	static const char base[] =
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"a\",\"b\"],"
		"\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":1,\"value\":12,\"op\":"
		"\"SCMP_CMP_EQ\"}]}]}";
	static const struct {
		const char *was, *is;
	} changes[] = {
		{ "SCMP_ACT_ERRNO\"", "SCMP_ACT_LOG\"" },
		{ "SCMP_ACT_ERRNO\"", "SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1" },
		{ "SCMP_ACT_ERRNO\"", "SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86\"]" },
		{ "SCMP_ACT_ERRNO\"", "SCMP_ACT_ERRNO\",\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"]" },
		{ "\"a\",\"b\"", "\"a\"" },
		{ "\"a\",\"b\"", "\"ab\"" },
		{ "\"a\",\"b\"", "\"a\",\"1:b\"" },
		{ "\"a\",\"b\"", "\"b\",\"a\"" },
		{ "SCMP_ACT_ALLOW\"", "SCMP_ACT_TRACE\"" },
		{ "SCMP_ACT_ALLOW\"", "SCMP_ACT_ALLOW\",\"errnoRet\":1" },
		{ "\"index\":1", "\"index\":2" },
		{ "\"value\":12", "\"value\":13" },
		{ "\"value\":12", "\"value\":1,\"valueTwo\":2" },
		{ "SCMP_CMP_EQ", "SCMP_CMP_NE" },
	};

	for (size_t i = 0; i < AR_COUNT(changes); i++) {
		char changed[1024];
		const char *at = strstr(base, changes[i].was);

		CHECK(at);
		snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - base), base,
			 changes[i].is, at + strlen(changes[i].was));
		CHECK(strcmp(key_of(base), key_of(changed)) != 0);
	}
	CHECK_STR(key_of(base), key_of(base));
}

TEST("the listener's path does not make another key")
{
	CHECK_STR(
		key_of("{\"defaultAction\":\"SCMP_ACT_ALLOW\"}"),
		key_of("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/run/x\",\"listenerMetadata\":\"id\"}"));
}

/* --- the folder ------------------------------------------------------------------------------- */

/* Become a user with a cache folder of its own, root or not; a descriptor of $XDG_CACHE_HOME. */
static int become_user(void)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/xdg.XXXXXX", test_dir());
	CHECK(mkdtemp(path));
	CHECK_INT(chown(path, getuid() ? getuid() : 65534, (gid_t)-1), 0);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	CHECK(fd >= 0);
	if (getuid() == 0) {
		CHECK_INT(setresgid(65534, 65534, 65534), 0);
		CHECK_INT(setresuid(65534, 65534, 65534), 0);
		CHECK_INT(prctl(PR_SET_DUMPABLE, 1), 0); /* /proc/self stays ours */
	}
	/* the folders above may be root's alone */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHECK_INT(setenv("XDG_CACHE_HOME", path, 1), 0);
	return fd;
}

TEST("the folder is made for its owner alone")
{
	int xdg = become_user(), fd = ar_seccomp_cache_open();
	struct stat st;

	CHECK(fd >= 0);
	CHECK_INT(fstatat(xdg, "agentrun/seccomp", &st, AT_SYMLINK_NOFOLLOW), 0);
	CHECK_UINT(st.st_mode & 07777, 0700);
}

TEST("a folder that others may write, and a link to one, are no cache")
{
	int xdg = become_user(), fd = ar_seccomp_cache_open();

	CHECK(fd >= 0);
	CHECK_INT(fchmod(fd, 0770), 0);
	CHECK_INT(ar_seccomp_cache_open(), -1);
	CHECK_INT(fchmod(fd, 0700), 0);
	CHECK(ar_seccomp_cache_open() >= 0);
	CHECK_INT(renameat(xdg, "agentrun/seccomp", xdg, "agentrun/moved"), 0);
	CHECK_INT(symlinkat("moved", xdg, "agentrun/seccomp"), 0);
	CHECK_INT(ar_seccomp_cache_open(), -1);
}

static struct ar_filters build(struct ar_arena *arena, const struct ar_seccomp *profile)
{
	struct ar_linux config = { .seccomp = (struct ar_seccomp *)profile };
	const struct ar_spec spec = { .linux = &config };
	const struct ar_effective effective = { .profile = AR_PROFILE_COMPAT, .spec = &spec };
	struct ar_filters filters;
	struct ar_error err = { 0 };

	if (ar_filters_build(arena, &effective, &filters, &err) < 0)
		test_fail(__FILE__, __LINE__, "%s", err.text);
	return filters;
}

TEST("a bundle's profile is the same from the cache as compiled, and compiled where there is no cache")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	const struct ar_seccomp *profile = profile_read(arena, "engine");
	struct ar_filters compiled = profile_compile(arena, profile), got;
	int xdg = become_user();
	char name[65], path[256];
	struct stat before, after;

	got = build(arena, profile);
	check_same(&got, &compiled);
	ar_seccomp_cache_key(profile, name);
	snprintf(path, sizeof(path), "agentrun/seccomp/%s", name);
	CHECK_INT(fstatat(xdg, path, &before, 0), 0);
	got = build(arena, profile);
	check_same(&got, &compiled);
	CHECK_INT(fstatat(xdg, path, &after, 0), 0);
	CHECK_UINT(before.st_ino, after.st_ino); /* read, not written again */

	CHECK_INT(setenv("XDG_CACHE_HOME", "/proc/no/such/folder", 1), 0);
	got = build(arena, profile);
	check_same(&got, &compiled);
}

/* --- the state directory ---------------------------------------------------------------------- */

TEST("a container's filters are loaded as they were saved")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	int dirfd = folder();
	struct ar_filters got;
	struct ar_error err = { 0 };
	struct stat st;

	CHECK_INT(ar_filters_load(arena, dirfd, &got, &err), -ENOENT);
	CHECK_INT(ar_filters_save(dirfd, &some, &err), 0);
	CHECK_INT(fstatat(dirfd, "seccomp.bpf", &st, 0), 0);
	CHECK_UINT(st.st_mode & 07777, 0600);
	CHECK_INT(ar_filters_load(arena, dirfd, &got, &err), 0);
	check_same(&got, &some);
}

TEST("a container's filters that are damaged are an error, not none")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	int dirfd = folder();
	struct ar_filters got;
	struct ar_error err = { 0 };

	CHECK_INT(ar_file_replace(dirfd, "seccomp.bpf", "", 0, 0600, &err), 0);
	CHECK_INT(ar_filters_load(arena, dirfd, &got, &err), -EBADMSG);
	CHECK_HAS(err.text, "damaged");
}

TEST("no filters are saved and loaded as no filters")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	const struct ar_filters none = { .n = 0 };
	struct ar_filters got = { .n = 9 };
	struct ar_error err = { 0 };
	int dirfd = folder();

	CHECK_INT(ar_filters_save(dirfd, &none, &err), 0);
	CHECK_INT(ar_filters_load(arena, dirfd, &got, &err), 0);
	CHECK_UINT(got.n, 0);
}

int main(void)
{
	return test_main();
}
