/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

#include "base/cbpf.h"

/* The architecture that this program and its containers' processes are of; 0: none with a built-in
 * list. */
#if defined(__x86_64__) && !defined(__ILP32__)
#define AR_ARCH_NAME "x86_64"
#define AR_ARCH_NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && !defined(__ILP32__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define AR_ARCH_NAME "aarch64"
#define AR_ARCH_NATIVE AUDIT_ARCH_AARCH64
#else
#define AR_ARCH_NAME "another architecture"
#define AR_ARCH_NATIVE 0
#endif

/* The list "agent" or "strict" for an AUDIT_ARCH_*, compiled while building. -ENOENT: there is
 * none. */
int ar_seccomp_builtin(const char *list, uint32_t arch, struct ar_cbpf *ret);
/* The number of a system call there, as the lists know it. -ENOENT: it has no such call. */
int ar_seccomp_number(const char *name, uint32_t arch, uint32_t *ret);
