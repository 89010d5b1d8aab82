/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "bytes.h"
#include "command.h"
#include "creation.h"
#include "spec/spec.h"

#define RESOURCES_MAX (16u << 20)

struct options {
	const char *resources;
	struct ar_opt_u64 blkio_weight;
	struct ar_opt_i64 pids_limit;
	const char *cpu_period, *cpu_burst, *cpu_share, *cpu_rt_period;
	const char *cpu_quota, *cpu_rt_runtime, *cpu_idle;
	const char *cpuset_cpus, *cpuset_mems;
	const char *memory, *memory_reservation, *memory_swap;
	const char *l3_cache_schema, *mem_bw_schema;
	const char *kernel_memory, *kernel_memory_tcp;
};

#define AT(member) offsetof(struct options, member)
#define TEXT(name, member, help)                                         \
	{                                                                \
		name, 0, AR_OPTION_STRING, false, AT(member), NULL, help \
	}
#define U64(name, member, help)                                       \
	{                                                             \
		name, 0, AR_OPTION_U64, false, AT(member), NULL, help \
	}
#define I64(name, member, help)                                       \
	{                                                             \
		name, 0, AR_OPTION_I64, false, AT(member), NULL, help \
	}
#define HIDDEN(name, member)                                          \
	{                                                             \
		name, 0, AR_OPTION_STRING, true, AT(member), NULL, "" \
	}

static const struct ar_option options[] = {
	{ "resources", 'r', AR_OPTION_STRING, false, AT(resources), NULL,
	  "file with the resources object of config.json, '-' for standard input; other "
	  "options are then ignored" },
	U64("blkio-weight", blkio_weight, "I/O weight, 10 to 1000"),
	TEXT("cpu-period", cpu_period, "period of the CPU limit in microseconds"),
	TEXT("cpu-quota", cpu_quota, "CPU time per period in microseconds, -1: no limit"),
	TEXT("cpu-burst", cpu_burst, "CPU time that may be saved up, in microseconds"),
	TEXT("cpu-share", cpu_share, "CPU weight"),
	TEXT("cpu-rt-period", cpu_rt_period, "period of the real-time limit in microseconds"),
	TEXT("cpu-rt-runtime", cpu_rt_runtime, "real-time CPU time per period in microseconds"),
	TEXT("cpuset-cpus", cpuset_cpus, "CPUs to use, such as 0-3,7"),
	TEXT("cpuset-mems", cpuset_mems, "memory nodes to use"),
	TEXT("cpu-idle", cpu_idle, "1: run only when nothing else needs the CPU; 0: normally"),
	TEXT("memory", memory, "memory limit in bytes or like 512m, -1: no limit"),
	TEXT("memory-reservation", memory_reservation, "memory that is reclaimed last"),
	TEXT("memory-swap", memory_swap, "limit on memory and swap together, -1: no limit"),
	I64("pids-limit", pids_limit, "largest number of processes, -1: no limit"),
	TEXT("l3-cache-schema", l3_cache_schema,
	     "share of the L3 cache by Intel RDT, such as L3:0=ff; "
	     "only where the profile allows it"),
	TEXT("mem-bw-schema", mem_bw_schema,
	     "share of memory bandwidth by Intel RDT, such as MB:0=50; "
	     "only where the profile allows it"),
	HIDDEN("kernel-memory", kernel_memory),
	HIDDEN("kernel-memory-tcp", kernel_memory_tcp),
};
static const struct ar_option_table table = AR_OPTIONS(AR_OPTIONS_ANYWHERE, options);

static int read_resources(struct ar_arena *arena, const char *path, struct ar_update_args *ret,
			  struct ar_error *err)
{
	bool from_input = strcmp(path, "-") == 0;
	char *text;
	int r;

	ret->name = from_input ? "standard input" : path;
	if (from_input)
		r = ar_file_read_fd(arena, STDIN_FILENO, ret->name, RESOURCES_MAX, &text, &ret->len,
				    err);
	else
		r = ar_file_read_given(arena, AT_FDCWD, path, RESOURCES_MAX, &text, &ret->len, err);
	if (r == 0)
		ret->text = text;
	return r;
}

/* Empty: not asked. */
static int take_size(const char *name, const char *value, struct ar_opt_i64 *to,
		     struct ar_error *err)
{
	int r = 0;

	if (!value || *value == '\0')
		return 0;
	*to = (struct ar_opt_i64){ true, -1 };
	if (strcmp(value, "-1") != 0)
		r = ar_bytes_parse(value, &to->value, err);
	return r < 0 ? ar_prefix(err, r, "invalid value for %s", name) : 0;
}

static int take_sizes(const struct options *asked, struct ar_memory *memory, struct ar_error *err)
{
	struct ar_opt_i64 kernel = { 0 };
	const struct {
		const char *name, *value;
		struct ar_opt_i64 *to;
	} sizes[] = {
		{ "memory", asked->memory, &memory->limit },
		{ "memory-reservation", asked->memory_reservation, &memory->reservation },
		{ "memory-swap", asked->memory_swap, &memory->swap },
		{ "kernel-memory", asked->kernel_memory, &kernel },
		{ "kernel-memory-tcp", asked->kernel_memory_tcp, &kernel },
	};
	int r = 0;

	for (size_t i = 0; i < AR_COUNT(sizes) && r == 0; i++)
		r = take_size(sizes[i].name, sizes[i].value, sizes[i].to, err);
	if (r == 0 && kernel.set)
		ar_log(AR_LOG_WARN,
		       "kernel memory has no limit of its own any more: the option is ignored");
	return r;
}

/* Empty: not asked. What is no number is told as runc tells it, not as a wrong command line. */
static int take_number(const char *name, const char *value, struct ar_opt_i64 *i,
		       struct ar_opt_u64 *u, struct ar_error *err)
{
	int r;

	if (!value || *value == '\0')
		return 0;
	r = i ? ar_parse_i64(value, &i->value) : ar_parse_u64(value, &u->value);
	if (r < 0)
		return ar_refuse(err, EINVAL, "invalid value for %s: parsing \"%s\": %s", name,
				 value, r == -ERANGE ? "value out of range" : "invalid syntax");
	*(i ? &i->set : &u->set) = true;
	return 0;
}

static int take_cpu(struct options *asked, struct ar_cpu *cpu, struct ar_error *err)
{
	const struct {
		const char *name, *value;
		struct ar_opt_i64 *i;
		struct ar_opt_u64 *u;
	} numbers[] = {
		{ "cpu-idle", asked->cpu_idle, &cpu->idle, NULL },
		{ "cpu-burst", asked->cpu_burst, NULL, &cpu->burst },
		{ "cpu-period", asked->cpu_period, NULL, &cpu->period },
		{ "cpu-rt-period", asked->cpu_rt_period, NULL, &cpu->realtime_period },
		{ "cpu-share", asked->cpu_share, NULL, &cpu->shares },
		{ "cpu-quota", asked->cpu_quota, &cpu->quota, NULL },
		{ "cpu-rt-runtime", asked->cpu_rt_runtime, &cpu->realtime_runtime, NULL },
	};
	int r = 0;

	for (size_t i = 0; i < AR_COUNT(numbers) && r == 0; i++)
		r = take_number(numbers[i].name, numbers[i].value, numbers[i].i, numbers[i].u, err);
	ar_drop_empty(&asked->cpuset_cpus);
	ar_drop_empty(&asked->cpuset_mems);
	cpu->cpus = asked->cpuset_cpus;
	cpu->mems = asked->cpuset_mems;
	return r;
}

static int take_options(struct ar_arena *arena, struct options *asked, struct ar_resources *ret,
			struct ar_error *err)
{
	int r;

	ret->memory = ar_alloc(arena, sizeof(*ret->memory));
	ret->cpu = ar_alloc(arena, sizeof(*ret->cpu));
	r = take_cpu(asked, ret->cpu, err);
	if (r < 0)
		return r;
	if (asked->pids_limit.set) {
		ret->pids = ar_alloc(arena, sizeof(*ret->pids));
		ret->pids->limit = asked->pids_limit;
	}
	/* 0 leaves the weight alone, as with runc */
	if (asked->blkio_weight.set && asked->blkio_weight.value > 0) {
		ret->block_io = ar_alloc(arena, sizeof(*ret->block_io));
		ret->block_io->weight = asked->blkio_weight;
	}
	return take_sizes(asked, ret->memory, err);
}

static int run(struct ar_call *call, struct ar_error *err)
{
	struct ar_resources resources = { 0 };
	struct ar_intel_rdt rdt = { 0 };
	struct options *asked = call->options;
	struct ar_update_args args = { .id = call->words.argv[0], .resources = &resources };
	int r;

	ar_drop_empty(&asked->l3_cache_schema);
	ar_drop_empty(&asked->mem_bw_schema);
	rdt.l3_cache_schema = asked->l3_cache_schema;
	rdt.mem_bw_schema = asked->mem_bw_schema;
	if (asked->resources && *asked->resources)
		r = read_resources(call->arena, asked->resources, &args, err);
	else
		r = take_options(call->arena, asked, &resources, err);
	if (rdt.l3_cache_schema || rdt.mem_bw_schema)
		args.rdt = &rdt;
	return r < 0 ? r : ar_life_update(&call->context, &args, err);
}

const struct ar_command ar_command_update = {
	.name = "update",
	.summary = "change the limits of a container",
	.arguments = "<container-id>",
	.text = "Limits that are not named stay as they are. The hardening profile's ceilings apply.\n",
	.table = &table,
	.options_size = sizeof(struct options),
	.min_words = 1,
	.max_words = 1,
	.flags = AR_COMMAND_POLICY | AR_COMMAND_LOOKS_FIRST,
	.run = run,
};
