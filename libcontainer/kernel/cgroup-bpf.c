/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "kernel/cgroup-devices.h"
#include "kernel/cgroup.h"

/* as many as the kernel lets be attached to one cgroup: BPF_CGROUP_MAX_PROGS */
#define PROGRAMS_MAX 64

static int sys_bpf(int cmd, union bpf_attr *attr)
{
	int r = (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return r < 0 ? -errno : r;
}

static uint64_t address(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

/*
 * No rise of RLIMIT_MEMLOCK: since 5.11 the memory of programs is charged to the cgroup, and the
 * right to raise the limit is one that a confined engine does not have.
 */
static int load(const struct ar_device_program *program, struct ar_error *err)
{
	union bpf_attr attr = { 0 };
	int fd;

	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = address(program->code);
	attr.insn_cnt = (uint32_t)program->n;
	attr.license = address("LGPL-2.1-or-later"); /* no helper that asks for GPL is called */
	memcpy(attr.prog_name, "agentrun_dev", sizeof("agentrun_dev"));
	fd = sys_bpf(BPF_PROG_LOAD, &attr);
	if (fd == -ENOSYS)
		return ar_refuse(err, ENOSYS, "device rules need a kernel with BPF");
	return fd < 0 ? ar_fail(err, -fd, "load the program of the device rules") : fd;
}

struct attached {
	uint32_t id[PROGRAMS_MAX];
	uint32_t n, flags;
};

static int query(int cgroup, struct attached *ret, struct ar_error *err)
{
	union bpf_attr attr = { 0 };
	int r;

	attr.query.target_fd = (uint32_t)cgroup;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = address(ret->id);
	attr.query.prog_cnt = PROGRAMS_MAX;
	r = sys_bpf(BPF_PROG_QUERY, &attr);
	if (r < 0)
		return ar_fail(err, -r, "inspect the device rules of the cgroup");
	ret->n = attr.query.prog_cnt;
	ret->flags = attr.query.attach_flags;
	return 0;
}

static int open_program(uint32_t id)
{
	union bpf_attr attr = { 0 };

	attr.prog_id = id;
	return sys_bpf(BPF_PROG_GET_FD_BY_ID, &attr);
}

static int detach(int cgroup, uint32_t id, struct ar_error *err)
{
	union bpf_attr attr = { 0 };
	int r;
	_cleanup_fd_ int fd = open_program(id);

	if (fd == -ENOENT)
		return 0; /* it went by itself */
	if (fd < 0)
		return ar_fail(err, -fd, "open an old program of device rules");
	attr.target_fd = (uint32_t)cgroup;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_bpf_fd = (uint32_t)fd;
	r = sys_bpf(BPF_PROG_DETACH, &attr);
	return r < 0 && r != -ENOENT ? ar_fail(err, -r, "detach an old program of device rules")
				     : 0;
}

static int attach(int cgroup, int program, int replaced, struct ar_error *err)
{
	union bpf_attr attr = { 0 };
	int r;

	attr.target_fd = (uint32_t)cgroup;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	/*
	 * with others: what is attached above or below is asked as well, and nobody below can
	 * override it
	 */
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (replaced >= 0) {
		attr.attach_flags |= BPF_F_REPLACE; /* 5.6 */
		attr.replace_bpf_fd = (uint32_t)replaced;
	}
	r = sys_bpf(BPF_PROG_ATTACH, &attr);
	if (r == -EINVAL && replaced >= 0)
		return r; /* a kernel without it */
	return r < 0 ? ar_fail(err, -r, "attach the device rules to the cgroup") : 0;
}

/* In the place of the old ones, with no moment between without rules. */
static int replace(int cgroup, int program, const struct attached *old, struct ar_error *err)
{
	bool single = old->n == 1 && old->flags == BPF_F_ALLOW_MULTI;
	int r = -EINVAL;
	_cleanup_fd_ int first = single ? open_program(old->id[0]) : -1;

	if (first >= 0)
		r = attach(cgroup, program, first, err);
	if (r != -EINVAL)
		return r;
	/* A program that is attached to be the only one lets no other in: it goes first. */
	for (uint32_t i = 0; i < old->n && old->flags != BPF_F_ALLOW_MULTI; i++) {
		r = detach(cgroup, old->id[i], err);
		if (r < 0)
			return r;
	}
	r = attach(cgroup, program, -1, err);
	for (uint32_t i = 0; r == 0 && i < old->n && old->flags == BPF_F_ALLOW_MULTI; i++)
		r = detach(cgroup, old->id[i], err);
	return r;
}

/* That ours, and ours alone, is attached: what cannot be seen in force is not in force. */
static int verify(int cgroup, int program, uint32_t *ret_id, struct ar_error *err)
{
	struct bpf_prog_info info = { 0 };
	union bpf_attr attr = { 0 };
	struct attached now;
	int r;

	attr.info.bpf_fd = (uint32_t)program;
	attr.info.info = address(&info);
	attr.info.info_len = sizeof(info);
	r = sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr);
	if (r < 0)
		return ar_fail(err, -r, "read back the program of the device rules");
	r = query(cgroup, &now, err);
	if (r < 0)
		return r;
	if (now.n != 1 || now.id[0] != info.id)
		return ar_refuse(err, EIO, "the device rules are not in force in the cgroup");
	*ret_id = info.id;
	return 0;
}

static int apply(int cgroup, const struct ar_device_program *program, uint32_t *ret_id,
		 struct ar_error *err)
{
	struct attached old;
	int r;
	_cleanup_fd_ int fd = -1;

	*ret_id = 0;
	r = query(cgroup, &old, err);
	if (program->allows_all && (r < 0 || old.n == 0)) {
		ar_debug("all devices are allowed: no program is attached");
		return 0;
	}
	if (r < 0)
		return r;
	fd = load(program, err);
	if (fd < 0)
		return fd;
	r = replace(cgroup, fd, &old, err);
	return r < 0 ? r : verify(cgroup, fd, ret_id, err);
}

int ar_cgroup_devices_held(const struct ar_cgroup *cgroup, uint32_t program, struct ar_error *err)
{
	struct attached now;
	int r = query(cgroup->fd, &now, err);

	return r < 0 ? ar_prefix(err, r, "cgroup '%s'", cgroup->path)
		     : now.n == 1 && now.id[0] == program;
}

int ar_cgroup_devices_apply(const struct ar_cgroup *cgroup, const struct ar_list *rules,
			    uint32_t *ret_program, struct ar_error *err)
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_device_program program;
	int r = ar_device_program(arena, rules, &program, err);

	if (r == 0)
		r = apply(cgroup->fd, &program, ret_program, err);
	return ar_prefix(err, r, "cgroup '%s'", cgroup->path);
}
