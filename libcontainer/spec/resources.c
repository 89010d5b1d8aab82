/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/spec.h"

/* config-linux.md, "Allowed Device list"; -1 is what engines write for any number */
static const struct ar_name rule_types[] = {
	{ .name = "a" },
	{ .name = "c" },
	{ .name = "b" },
};
static const struct ar_field device_rule_fields[] = {
	AR_FIELD_TRI(ar_device_rule, allow, "allow", 0),
	AR_FIELD_NAME(ar_device_rule, type, "type", AR_F_BLANK, rule_types),
	AR_FIELD_I64(ar_device_rule, major, "major", 0, -1, UINT32_MAX),
	AR_FIELD_I64(ar_device_rule, minor, "minor", 0, -1, UINT32_MAX),
	AR_FIELD_STRING(ar_device_rule, access, "access", AR_F_BLANK),
};
const struct ar_class ar_device_rule_class =
	AR_CLASS(ar_device_rule, "device rule", device_rule_fields);

static const struct ar_field memory_fields[] = {
	AR_FIELD_I64(ar_memory, limit, "limit", 0, -1, INT64_MAX),
	AR_FIELD_I64(ar_memory, reservation, "reservation", 0, -1, INT64_MAX),
	AR_FIELD_I64(ar_memory, swap, "swap", 0, -1, INT64_MAX),
	AR_FIELD_I64(ar_memory, kernel, "kernel", 0, -1, INT64_MAX),
	AR_FIELD_I64(ar_memory, kernel_tcp, "kernelTCP", 0, -1, INT64_MAX),
	AR_FIELD_U64(ar_memory, swappiness, "swappiness", 0, 100),
	AR_FIELD_TRI(ar_memory, disable_oom_killer, "disableOOMKiller", 0),
	AR_FIELD_TRI(ar_memory, use_hierarchy, "useHierarchy", 0),
	AR_FIELD_TRI(ar_memory, check_before_update, "checkBeforeUpdate", 0),
};
const struct ar_class ar_memory_class = AR_CLASS(ar_memory, "memory", memory_fields);

static const struct ar_field cpu_fields[] = {
	AR_FIELD_U64(ar_cpu, shares, "shares", 0, 0),
	AR_FIELD_I64(ar_cpu, quota, "quota", 0, 0, 0),
	AR_FIELD_U64(ar_cpu, burst, "burst", 0, 0),
	AR_FIELD_U64(ar_cpu, period, "period", 0, 0),
	AR_FIELD_I64(ar_cpu, realtime_runtime, "realtimeRuntime", 0, 0, 0),
	AR_FIELD_U64(ar_cpu, realtime_period, "realtimePeriod", 0, 0),
	AR_FIELD_STRING(ar_cpu, cpus, "cpus", AR_F_BLANK),
	AR_FIELD_STRING(ar_cpu, mems, "mems", AR_F_BLANK),
	AR_FIELD_I64(ar_cpu, idle, "idle", 0, 0, 0),
};
const struct ar_class ar_cpu_class = AR_CLASS(ar_cpu, "cpu", cpu_fields);

static const struct ar_field pids_fields[] = {
	AR_FIELD_I64(ar_pids, limit, "limit", 0, 0, 0),
};
const struct ar_class ar_pids_class = AR_CLASS(ar_pids, "pids", pids_fields);

static const struct ar_field weight_device_fields[] = {
	AR_FIELD_I64(ar_weight_device, major, "major", AR_F_REQUIRED, 0, UINT32_MAX),
	AR_FIELD_I64(ar_weight_device, minor, "minor", AR_F_REQUIRED, 0, UINT32_MAX),
	AR_FIELD_U64(ar_weight_device, weight, "weight", 0, UINT16_MAX),
	AR_FIELD_U64(ar_weight_device, leaf_weight, "leafWeight", 0, UINT16_MAX),
};
const struct ar_class ar_weight_device_class =
	AR_CLASS(ar_weight_device, "weightDevice", weight_device_fields);

static const struct ar_field throttle_device_fields[] = {
	AR_FIELD_I64(ar_throttle_device, major, "major", AR_F_REQUIRED, 0, UINT32_MAX),
	AR_FIELD_I64(ar_throttle_device, minor, "minor", AR_F_REQUIRED, 0, UINT32_MAX),
	AR_FIELD_U64(ar_throttle_device, rate, "rate", AR_F_REQUIRED, 0),
};
const struct ar_class ar_throttle_device_class =
	AR_CLASS(ar_throttle_device, "throttleDevice", throttle_device_fields);

static const struct ar_field block_io_fields[] = {
	AR_FIELD_U64(ar_block_io, weight, "weight", 0, UINT16_MAX),
	AR_FIELD_U64(ar_block_io, leaf_weight, "leafWeight", 0, UINT16_MAX),
	AR_FIELD_LIST(ar_block_io, weight_device, "weightDevice", 0, ar_weight_device),
	AR_FIELD_LIST(ar_block_io, throttle_read_bps, "throttleReadBpsDevice", 0,
		      ar_throttle_device),
	AR_FIELD_LIST(ar_block_io, throttle_write_bps, "throttleWriteBpsDevice", 0,
		      ar_throttle_device),
	AR_FIELD_LIST(ar_block_io, throttle_read_iops, "throttleReadIOPSDevice", 0,
		      ar_throttle_device),
	AR_FIELD_LIST(ar_block_io, throttle_write_iops, "throttleWriteIOPSDevice", 0,
		      ar_throttle_device),
};
const struct ar_class ar_block_io_class = AR_CLASS(ar_block_io, "blockIO", block_io_fields);

static const struct ar_field hugepage_limit_fields[] = {
	AR_FIELD_STRING(ar_hugepage_limit, page_size, "pageSize", AR_F_REQUIRED),
	AR_FIELD_U64(ar_hugepage_limit, limit, "limit", AR_F_REQUIRED, 0),
};
const struct ar_class ar_hugepage_limit_class =
	AR_CLASS(ar_hugepage_limit, "hugepageLimit", hugepage_limit_fields);

static const struct ar_field if_priority_fields[] = {
	AR_FIELD_STRING(ar_if_priority, name, "name", AR_F_REQUIRED | AR_F_NONEMPTY),
	AR_FIELD_U64(ar_if_priority, priority, "priority", AR_F_REQUIRED, UINT32_MAX),
};
const struct ar_class ar_if_priority_class =
	AR_CLASS(ar_if_priority, "interface priority", if_priority_fields);

static const struct ar_field network_fields[] = {
	AR_FIELD_U64(ar_network, class_id, "classID", 0, UINT32_MAX),
	AR_FIELD_LIST(ar_network, priorities, "priorities", 0, ar_if_priority),
};
const struct ar_class ar_network_class = AR_CLASS(ar_network, "network", network_fields);

static const struct ar_field rdma_fields[] = {
	AR_FIELD_STRING(ar_rdma, device, "device", AR_F_KEY),
	AR_FIELD_U64(ar_rdma, hca_handles, "hcaHandles", 0, UINT32_MAX),
	AR_FIELD_U64(ar_rdma, hca_objects, "hcaObjects", 0, UINT32_MAX),
};
const struct ar_class ar_rdma_class = AR_CLASS(ar_rdma, "rdma", rdma_fields);

/* config-linux.md, "Control groups" */
static const struct ar_field resources_fields[] = {
	AR_FIELD_LIST(ar_resources, devices, "devices", 0, ar_device_rule),
	AR_FIELD_OBJECT(ar_resources, memory, "memory", 0, ar_memory),
	AR_FIELD_OBJECT(ar_resources, cpu, "cpu", 0, ar_cpu),
	AR_FIELD_OBJECT(ar_resources, pids, "pids", 0, ar_pids),
	AR_FIELD_OBJECT(ar_resources, block_io, "blockIO", 0, ar_block_io),
	AR_FIELD_LIST(ar_resources, hugepage_limits, "hugepageLimits", 0, ar_hugepage_limit),
	AR_FIELD_OBJECT(ar_resources, network, "network", 0, ar_network),
	AR_FIELD_OBJECT_MAP(ar_resources, rdma, "rdma", 0, ar_rdma),
	AR_FIELD_MAP(ar_resources, unified, "unified", 0),
};
const struct ar_class ar_resources_class = AR_CLASS(ar_resources, "resources", resources_fields);
