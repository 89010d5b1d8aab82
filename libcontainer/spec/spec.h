/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "spec/field.h"

#undef linux /* a macro in GNU C */

/* The newest runtime-spec that is implemented. */
#define AR_SPEC_VERSION "1.3.0"

/*
 * runtime-spec 1.3.0, config.md, config-linux.md and config-vm.md: what config.json says. Read-only
 * once decoded. Each structure has a class (table of fields) of the same name: ar_process ->
 * ar_process_class. An optional string that is given as "" counts as left out.
 */

/* --- process.c --- */
struct ar_console_size {
	struct ar_opt_u64 height, width;
};
struct ar_user {
	struct ar_opt_u64 uid, gid, umask; /* u32 */
	struct ar_u64s additional_gids;
	const char *username; /* Windows; kept, unused */
};
struct ar_capabilities {
	struct ar_strings effective, bounding, inheritable, permitted, ambient;
};
struct ar_rlimit {
	const char *type; /* RLIMIT_* */
	struct ar_opt_u64 soft, hard;
};
struct ar_scheduler {
	const char *policy; /* SCHED_* */
	struct ar_opt_i64 nice, priority;
	struct ar_strings flags; /* SCHED_FLAG_* */
	struct ar_opt_u64 runtime, deadline, period;
};
struct ar_io_priority {
	const char *class_name; /* "class": IOPRIO_CLASS_RT, _BE, _IDLE */
	struct ar_opt_i64 priority;
};
struct ar_exec_cpu_affinity {
	const char *initial, *final; /* cpu lists */
};
struct ar_process {
	enum ar_tri terminal;
	struct ar_console_size *console_size;
	struct ar_user *user;
	struct ar_strings args;
	const char *command_line; /* Windows */
	struct ar_strings env;
	const char *cwd;
	struct ar_capabilities *capabilities;
	struct ar_list rlimits; /* struct ar_rlimit */
	enum ar_tri no_new_privileges;
	const char *apparmor_profile;
	struct ar_opt_i64 oom_score_adj;
	struct ar_scheduler *scheduler;
	const char *selinux_label;
	struct ar_io_priority *io_priority;
	struct ar_exec_cpu_affinity *exec_cpu_affinity;
};
extern const struct ar_class ar_console_size_class, ar_user_class, ar_capabilities_class,
	ar_rlimit_class, ar_scheduler_class, ar_io_priority_class, ar_exec_cpu_affinity_class,
	ar_process_class;

/* --- root.c --- */
struct ar_root {
	const char *path;
	enum ar_tri readonly;
};
extern const struct ar_class ar_root_class;

/* --- mounts.c --- */
struct ar_id_mapping {
	struct ar_opt_u64 container_id, host_id, size; /* u32 */
};
struct ar_mount {
	unsigned int line;
	const char *destination, *type, *source;
	struct ar_strings options;
	struct ar_list uid_mappings, gid_mappings; /* struct ar_id_mapping */
};
extern const struct ar_class ar_id_mapping_class, ar_mount_class;

/* --- hooks.c --- */
struct ar_hook {
	unsigned int line;
	const char *path;
	struct ar_strings args, env;
	struct ar_opt_i64 timeout; /* seconds, > 0 */
};
struct ar_hooks {
	struct ar_list prestart, create_runtime, create_container, start_container, poststart,
		poststop; /* struct ar_hook */
};
extern const struct ar_class ar_hook_class, ar_hooks_class;

/* --- namespaces.c --- */
struct ar_namespace {
	const char *type; /* pid network mount ipc uts user cgroup time */
	const char *path; /* NULL: a new one */
};
struct ar_time_offset {
	const char *clock; /* "boottime", "monotonic" */
	struct ar_opt_i64 secs;
	struct ar_opt_u64 nanosecs;
};
extern const struct ar_class ar_namespace_class, ar_time_offset_class;

/* --- devices.c --- */
struct ar_device {
	const char *type, *path; /* c b u p */
	struct ar_opt_i64 major, minor;
	struct ar_opt_u64 file_mode, uid, gid;
};
struct ar_net_device {
	const char *host_name; /* the member's name */
	const char *name;      /* inside; NULL: the same */
};
extern const struct ar_class ar_device_class, ar_net_device_class;

/* --- resources.c --- */
struct ar_device_rule {
	enum ar_tri allow;
	const char *type; /* a c b; NULL: a */
	struct ar_opt_i64 major, minor;
	const char *access; /* of "rwm"; NULL: all */
};
struct ar_memory {
	struct ar_opt_i64 limit, reservation, swap, kernel, kernel_tcp; /* bytes, -1: unlimited */
	struct ar_opt_u64 swappiness;
	enum ar_tri disable_oom_killer, use_hierarchy, check_before_update;
};
struct ar_cpu {
	struct ar_opt_u64 shares;
	struct ar_opt_i64 quota;
	struct ar_opt_u64 burst, period;
	struct ar_opt_i64 realtime_runtime;
	struct ar_opt_u64 realtime_period;
	const char *cpus, *mems;
	struct ar_opt_i64 idle;
};
struct ar_weight_device {
	struct ar_opt_i64 major, minor;
	struct ar_opt_u64 weight, leaf_weight;
};
struct ar_throttle_device {
	struct ar_opt_i64 major, minor;
	struct ar_opt_u64 rate;
};
struct ar_block_io {
	struct ar_opt_u64 weight, leaf_weight;
	struct ar_list weight_device; /* struct ar_weight_device */
	struct ar_list throttle_read_bps, throttle_write_bps, throttle_read_iops,
		throttle_write_iops; /* struct ar_throttle_device */
};
struct ar_hugepage_limit {
	const char *page_size; /* "2MB" */
	struct ar_opt_u64 limit;
};
struct ar_if_priority {
	const char *name;
	struct ar_opt_u64 priority;
};
struct ar_network {
	struct ar_opt_u64 class_id;
	struct ar_list priorities;
};
struct ar_rdma {
	const char *device; /* the member's name */
	struct ar_opt_u64 hca_handles, hca_objects;
};
struct ar_pids {
	struct ar_opt_i64 limit;
};
struct ar_resources {
	struct ar_list devices; /* struct ar_device_rule */
	struct ar_memory *memory;
	struct ar_cpu *cpu;
	struct ar_pids *pids;
	struct ar_block_io *block_io;
	struct ar_list hugepage_limits;
	struct ar_network *network;
	struct ar_list rdma; /* struct ar_rdma */
	struct ar_map unified;
};
extern const struct ar_class ar_device_rule_class, ar_memory_class, ar_cpu_class,
	ar_weight_device_class, ar_throttle_device_class, ar_block_io_class,
	ar_hugepage_limit_class, ar_if_priority_class, ar_network_class, ar_rdma_class,
	ar_pids_class;
extern const struct ar_class ar_resources_class; /* also the document of "update --resources" */

/* --- seccomp.c --- */
struct ar_seccomp_arg {
	struct ar_opt_u64 index, value, value_two;
	const char *op; /* SCMP_CMP_* */
};
struct ar_syscall_rule {
	unsigned int line;
	struct ar_strings names;
	const char *action; /* SCMP_ACT_* */
	struct ar_opt_u64 errno_ret;
	struct ar_list args; /* struct ar_seccomp_arg */
};
struct ar_seccomp {
	const char *default_action;
	struct ar_opt_u64 default_errno_ret;
	struct ar_strings architectures;
	struct ar_strings flags; /* left out is not the same as none: then the runtime chooses */
	const char *listener_path, *listener_metadata;
	struct ar_list syscalls; /* struct ar_syscall_rule */
};
extern const struct ar_class ar_seccomp_arg_class, ar_syscall_rule_class, ar_seccomp_class;

/* --- linux.c --- */
struct ar_intel_rdt {
	const char *clos_id;
	struct ar_strings schemata;
	const char *l3_cache_schema, *mem_bw_schema;
	enum ar_tri enable_cmt, enable_mbm; /* removed in 1.3, still read */
	enum ar_tri enable_monitoring;
};
struct ar_memory_policy {
	const char *mode; /* MPOL_* */
	const char *nodes;
	struct ar_strings flags; /* MPOL_F_* */
};
struct ar_personality {
	const char *domain; /* LINUX, LINUX32 */
	struct ar_strings flags;
};
struct ar_linux {
	struct ar_list uid_mappings, gid_mappings; /* struct ar_id_mapping */
	struct ar_map sysctl;
	struct ar_resources *resources;
	const char *cgroups_path;
	struct ar_list namespaces;   /* struct ar_namespace */
	struct ar_list time_offsets; /* struct ar_time_offset */
	struct ar_list devices;	     /* struct ar_device */
	struct ar_list net_devices;  /* struct ar_net_device */
	struct ar_seccomp *seccomp;
	const char *rootfs_propagation;
	struct ar_strings masked_paths, readonly_paths;
	const char *mount_label;
	struct ar_intel_rdt *intel_rdt;
	struct ar_memory_policy *memory_policy;
	struct ar_personality *personality;
};
extern const struct ar_class ar_intel_rdt_class, ar_memory_policy_class, ar_personality_class,
	ar_linux_class;

/* --- vm.c --- */
struct ar_vm_hypervisor {
	const char *path;
	struct ar_strings parameters;
};
struct ar_vm_kernel {
	const char *path;
	struct ar_strings parameters;
	const char *initrd;
};
struct ar_vm_image {
	const char *path, *format;
};
struct ar_vm_iomem {
	struct ar_opt_u64 first_gfn, first_mfn, nr_mfns; /* page frame numbers */
};
struct ar_vm_hw_config {
	const char *device_tree;
	struct ar_opt_u64 vcpus, memory; /* memory in bytes */
	struct ar_strings dtdevs;
	struct ar_list iomems; /* struct ar_vm_iomem */
	struct ar_u64s irqs;
};
struct ar_vm {
	struct ar_vm_hypervisor *hypervisor;
	struct ar_vm_kernel *kernel;
	struct ar_vm_image *image;
	struct ar_vm_hw_config *hw_config;
};
extern const struct ar_class ar_vm_hypervisor_class, ar_vm_kernel_class, ar_vm_image_class,
	ar_vm_iomem_class, ar_vm_hw_config_class, ar_vm_class;

/* --- spec.c --- */
struct ar_spec {
	const char *oci_version;
	struct ar_process *process;
	struct ar_root *root;
	const char *hostname, *domainname;
	struct ar_list mounts; /* struct ar_mount */
	struct ar_hooks *hooks;
	struct ar_map annotations;
	struct ar_linux *linux;
	struct ar_vm *vm;
	const struct ar_json *windows, *solaris, *zos, *freebsd; /* other platforms': read past */
};
extern const struct ar_class ar_spec_class;

/* How a text is read: by the rules, or with all that runc overlooks (spec/lenient.h, and
 * ar_json_limits.lenient). */
enum ar_reading { AR_READ_STRICT, AR_READ_LENIENT };

/*
 * Decode and validate the text of a config.json, which must live as long as the arena. Messages
 * name the file, line and field. Two things are put in order: mounts[].destination is made absolute
 * and clean, and a seccomp section that says nothing counts as left out.
 */
int ar_spec_parse(struct ar_arena *arena, const char *file, const char *text, size_t len,
		  enum ar_reading reading, struct ar_spec **ret, struct ar_error *err);
/* The same for a process.json, a file at dirfd. */
int ar_process_read(struct ar_arena *arena, int dirfd, const char *file, enum ar_reading reading,
		    struct ar_process *ret, struct ar_error *err);
/* The same for a resources.json, a text that is read already. */
int ar_resources_parse(struct ar_arena *arena, const char *file, const char *text, size_t len,
		       enum ar_reading reading, struct ar_resources *ret, struct ar_error *err);
/*
 * What the tables of fields cannot express: absolute paths, and what goes with what. Messages name
 * the file and the field. The parts alone are for process.json ("exec --process") and
 * resources.json
 * ("update --resources").
 */
int ar_spec_validate(const struct ar_spec *spec, const char *file, enum ar_reading reading,
		     struct ar_error *err);
int ar_process_validate(const struct ar_process *process, const char *file, struct ar_error *err);
int ar_resources_validate(const struct ar_resources *resources, const char *file,
			  struct ar_error *err);

/* By its type or by an option. */
bool ar_mount_wants_bind(const struct ar_mount *mount);
/* Whether two lists of struct ar_id_mapping have the same lines; the kernel sorts long ones. */
bool ar_mappings_equal(const struct ar_list *a, const struct ar_list *b);
/* The namespace entry of that type, or NULL. */
const struct ar_namespace *ar_spec_namespace(const struct ar_spec *spec, const char *type);
/* Whether that one is there already, and no new one is made. */
static inline bool ar_namespace_is_joined(const struct ar_namespace *ns)
{
	return ns->path && *ns->path;
}
