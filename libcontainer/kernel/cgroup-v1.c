/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/arena.h"
#include "base/log.h"
#include "kernel/cgroup.h"

/* What is left out of a structure is left out of a copy: the configuration stays as it is. */
struct leaving {
	struct ar_arena *arena;
	struct ar_resources *to;
};

/* Whether it was asked for, with a word in the log. */
static bool asks(bool asked, const char *field)
{
	if (asked)
		ar_debug("linux.resources.%s is ignored: cgroup v2 has no equivalent", field);
	return asked;
}

static void of_memory(const struct leaving *l)
{
	const struct ar_memory *m = l->to->memory;
	bool swappiness = asks(m->swappiness.set, "memory.swappiness");
	bool killer = asks(m->disable_oom_killer == AR_YES, "memory.disableOOMKiller");

	if (!swappiness && !killer)
		return;
	l->to->memory = ar_memdup(l->arena, m, sizeof(*m));
	l->to->memory->swappiness.set = false;
	l->to->memory->disable_oom_killer = AR_UNSET;
}

static void of_cpu(const struct leaving *l)
{
	const struct ar_cpu *c = l->to->cpu;
	bool runtime = asks(c->realtime_runtime.set, "cpu.realtimeRuntime");
	bool period = asks(c->realtime_period.set, "cpu.realtimePeriod");

	if (!runtime && !period)
		return;
	l->to->cpu = ar_memdup(l->arena, c, sizeof(*c));
	l->to->cpu->realtime_runtime.set = false;
	l->to->cpu->realtime_period.set = false;
}

static void of_devices(const struct leaving *l, struct ar_block_io *io)
{
	const size_t size = sizeof(struct ar_weight_device);
	struct ar_weight_device *devices =
		io->weight_device.n
			? ar_memdup(l->arena, io->weight_device.items, io->weight_device.n * size)
			: NULL;

	for (size_t i = 0; i < io->weight_device.n; i++)
		if (asks(devices[i].leaf_weight.set, "blockIO.weightDevice.leafWeight"))
			devices[i].leaf_weight.set = false;
	io->weight_device.items = devices;
}

static void of_io(const struct leaving *l)
{
	struct ar_block_io *io = ar_memdup(l->arena, l->to->block_io, sizeof(*io));

	if (asks(io->leaf_weight.set, "blockIO.leafWeight"))
		io->leaf_weight.set = false;
	of_devices(l, io);
	l->to->block_io = io;
}

const struct ar_resources *ar_resources_without_v1(struct ar_arena *arena,
						   const struct ar_resources *resources)
{
	struct leaving l = { .arena = arena };

	if (!resources)
		return NULL;
	l.to = ar_memdup(arena, resources, sizeof(*resources));
	if (l.to->memory)
		of_memory(&l);
	if (l.to->cpu)
		of_cpu(&l);
	if (l.to->block_io)
		of_io(&l);
	if (asks(l.to->network, "network"))
		l.to->network = NULL;
	return l.to;
}
