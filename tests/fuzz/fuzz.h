/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* What libFuzzer calls; fuzz-main.c does it without libFuzzer, for each file of a corpus. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The folder below tests/fuzz/corpus with a target's own inputs. */
extern const char fuzz_corpus[];
