/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/spec.h"

static const struct ar_field hypervisor_fields[] = {
	AR_FIELD_STRING(ar_vm_hypervisor, path, "path", AR_F_REQUIRED | AR_F_NONEMPTY),
	AR_FIELD_STRINGS(ar_vm_hypervisor, parameters, "parameters", 0),
};
const struct ar_class ar_vm_hypervisor_class =
	AR_CLASS(ar_vm_hypervisor, "hypervisor", hypervisor_fields);

static const struct ar_field kernel_fields[] = {
	AR_FIELD_STRING(ar_vm_kernel, path, "path", AR_F_REQUIRED | AR_F_NONEMPTY),
	AR_FIELD_STRINGS(ar_vm_kernel, parameters, "parameters", 0),
	AR_FIELD_STRING(ar_vm_kernel, initrd, "initrd", AR_F_BLANK),
};
const struct ar_class ar_vm_kernel_class = AR_CLASS(ar_vm_kernel, "kernel", kernel_fields);

/* "Unset values for format will default to" raw; others than these may be used. */
static const struct ar_field image_fields[] = {
	AR_FIELD_STRING(ar_vm_image, path, "path", AR_F_REQUIRED | AR_F_NONEMPTY),
	AR_FIELD_STRING(ar_vm_image, format, "format", AR_F_BLANK),
};
const struct ar_class ar_vm_image_class = AR_CLASS(ar_vm_image, "image", image_fields);

static const struct ar_field iomem_fields[] = {
	AR_FIELD_U64(ar_vm_iomem, first_gfn, "firstGFN", 0, 0),
	AR_FIELD_U64(ar_vm_iomem, first_mfn, "firstMFN", AR_F_REQUIRED, 0),
	AR_FIELD_U64(ar_vm_iomem, nr_mfns, "nrMFNs", AR_F_REQUIRED, 0),
};
const struct ar_class ar_vm_iomem_class = AR_CLASS(ar_vm_iomem, "iomem", iomem_fields);

static const struct ar_field hw_config_fields[] = {
	AR_FIELD_STRING(ar_vm_hw_config, device_tree, "deviceTree", AR_F_BLANK),
	AR_FIELD_U64(ar_vm_hw_config, vcpus, "vcpus", 0, UINT32_MAX),
	AR_FIELD_U64(ar_vm_hw_config, memory, "memory", 0, 0),
	AR_FIELD_STRINGS(ar_vm_hw_config, dtdevs, "dtdevs", 0),
	AR_FIELD_LIST(ar_vm_hw_config, iomems, "iomems", 0, ar_vm_iomem),
	AR_FIELD_U64S(ar_vm_hw_config, irqs, "irqs", 0, UINT32_MAX),
};
const struct ar_class ar_vm_hw_config_class =
	AR_CLASS(ar_vm_hw_config, "hwConfig", hw_config_fields);

/* config-vm.md */
static const struct ar_field vm_fields[] = {
	AR_FIELD_OBJECT(ar_vm, hypervisor, "hypervisor", 0, ar_vm_hypervisor),
	AR_FIELD_OBJECT(ar_vm, kernel, "kernel", AR_F_REQUIRED, ar_vm_kernel),
	AR_FIELD_OBJECT(ar_vm, image, "image", 0, ar_vm_image),
	AR_FIELD_OBJECT(ar_vm, hw_config, "hwConfig", 0, ar_vm_hw_config),
};
const struct ar_class ar_vm_class = AR_CLASS(ar_vm, "vm", vm_fields);
