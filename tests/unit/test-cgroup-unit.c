/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "kernel/cgroup-unit.h"
#include "kernel/variant.h"
#include "spec/spec.h"
#include "json/read.h"

#include "test.h"

static struct ar_arena *arena;
static struct ar_error err;

/* --- names ---------------------------------------------------------------------------------- */

/* "NAME in SLICE at PATH" */
static const char *unit_of(const char *cgroups_path, bool user)
{
	struct ar_unit unit;

	if (!arena)
		arena = ar_arena_new();
	if (ar_unit_choose(arena, cgroups_path, "id", user, &unit, &err) < 0)
		return err.text;
	return ar_printf(arena, "%s in %s at %s%s", unit.name, unit.slice, unit.path,
			 unit.is_slice ? " itself" : "");
}

TEST("slice, prefix and name give a scope in the slice")
{
	CHECK_STR(unit_of("system.slice:docker:abc", false),
		  "docker-abc.scope in system.slice at /system.slice/docker-abc.scope");
	CHECK_STR(unit_of("machine.slice:libpod:abc", true),
		  "libpod-abc.scope in machine.slice at /machine.slice/libpod-abc.scope");
}

TEST("what is not said is system.slice, the user's slice, and the id")
{
	static const char *const nothing[] = { NULL, "" };

	for (size_t i = 0; i < AR_COUNT(nothing); i++) {
		CHECK_STR(unit_of(nothing[i], false),
			  "agentrun-id.scope in system.slice at /system.slice/agentrun-id.scope");
		CHECK_STR(unit_of(nothing[i], true),
			  "agentrun-id.scope in user.slice at /user.slice/agentrun-id.scope");
	}
	CHECK_STR(unit_of(":p:n", false), "p-n.scope in system.slice at /system.slice/p-n.scope");
}

TEST("a slice lies in those that its dashes list, and '-' is the root")
{
	CHECK_STR(unit_of("a-b-c.slice:p:n", false),
		  "p-n.scope in a-b-c.slice at /a.slice/a-b.slice/a-b-c.slice/p-n.scope");
	CHECK_STR(unit_of("-:p:n", false), "p-n.scope in -.slice at /p-n.scope");
	CHECK_STR(unit_of("-.slice:p:n", false), "p-n.scope in -.slice at /p-n.scope");
}

TEST("a name that ends in .slice is the unit, and the prefix does not count")
{
	CHECK_STR(unit_of("kubepods.slice:p:kubepods-pod1.slice", false),
		  "kubepods-pod1.slice in kubepods.slice at "
		  "/kubepods.slice/kubepods-pod1.slice itself");
	CHECK_STR(unit_of("a.slice:p:-.slice", false),
		  "cgroupsPath: a container cannot be the root slice");
}

TEST("what is no slice, no name or not in three parts is refused")
{
	CHECK_STR(unit_of("/docker/abc", false),
		  "expected cgroupsPath to be of format \"slice:prefix:name\" for systemd cgroups, "
		  "got '/docker/abc' instead");
	CHECK_STR(unit_of("a:b", false),
		  "expected cgroupsPath to be of format \"slice:prefix:name\" for systemd cgroups, "
		  "got 'a:b' instead");
	CHECK_STR(unit_of("a:b:c:d", false),
		  "expected cgroupsPath to be of format \"slice:prefix:name\" for systemd cgroups, "
		  "got 'a:b:c:d' instead");
	CHECK_STR(unit_of("a:b:c", false), "cgroupsPath: invalid slice name: a");
	CHECK_STR(unit_of(".slice:b:c", false), "cgroupsPath: invalid slice name: .slice");
	CHECK_STR(unit_of("a--b.slice:b:c", false), "cgroupsPath: invalid slice name: a--b.slice");
	CHECK_STR(unit_of("-a.slice:b:c", false), "cgroupsPath: invalid slice name: -a.slice");
	CHECK_STR(unit_of("a-.slice:b:c", false), "cgroupsPath: invalid slice name: a-.slice");
	CHECK_STR(unit_of("a.slice:b:../c", false),
		  "cgroupsPath: 'b-../c.scope' is not the name of a systemd unit: '/' is not "
		  "allowed in it");
}

TEST("a name is as long as systemd takes")
{
	char path[400] = "a.slice:b:";

	memset(path + strlen(path), 'x', 247);
	CHECK_INT(strlen(unit_of(path, false)) > 0 && err.code == 0, true);
	path[strlen(path)] = 'x';
	CHECK_HAS(unit_of(path, false), "is longer than the 255 characters");
}

/* --- values --------------------------------------------------------------------------------- */

static void show(struct ar_text *out, const struct ar_variant *v)
{
	if (v->type == 'a' || v->type == '(') {
		ar_text_add(out, v->type == 'a' ? "[" : "(");
		for (size_t i = 0; i < v->n; i++) {
			ar_text_add(out, i ? " " : "");
			show(out, &v->items[i]);
		}
		ar_text_add(out, v->type == 'a' ? "]" : ")");
	} else if (strchr("sog", v->type)) {
		ar_text_addf(out, "'%s'", v->s);
	} else if (v->type == 'd') {
		ar_text_addf(out, "%g", v->d);
	} else if (strchr("nix", v->type)) {
		ar_text_addf(out, "%" PRId64, v->i);
	} else {
		ar_text_addf(out, "%" PRIu64, v->u);
	}
}

/* "SIGNATURE VALUE" */
static const char *shown(const struct ar_variant *v)
{
	struct ar_text out = AR_TEXT_INIT;
	const char *text;

	ar_text_addf(&out, "%s ", ar_variant_signature(arena, v));
	show(&out, v);
	text = ar_strdup(arena, ar_text_str(&out));
	ar_text_done(&out);
	return text;
}

static const char *parsed(const char *text)
{
	struct ar_variant v;

	if (!arena)
		arena = ar_arena_new();
	if (ar_variant_parse(arena, text, &v, &err) < 0)
		return err.text;
	return shown(&v);
}

TEST("a value's type is what it looks like")
{
	CHECK_STR(parsed("true"), "b 1");
	CHECK_STR(parsed(" false "), "b 0");
	CHECK_STR(parsed("12"), "i 12");
	CHECK_STR(parsed("-12"), "i -12");
	CHECK_STR(parsed("0x1f"), "i 31");
	CHECK_STR(parsed("1.5"), "d 1.5");
	CHECK_STR(parsed("1e3"), "d 1000");
	CHECK_STR(parsed("'a \\'b\\' \\\\n'"), "s 'a 'b' \\n'");
	CHECK_STR(parsed("\"x\\ty\""), "s 'x\ty'");
}

TEST("a word before a value is its type")
{
	CHECK_STR(parsed("uint64 18446744073709551615"), "t 18446744073709551615");
	CHECK_STR(parsed("int64 -9223372036854775808"), "x -9223372036854775808");
	CHECK_STR(parsed("byte 255"), "y 255");
	CHECK_STR(parsed("boolean true"), "b 1");
	CHECK_STR(parsed("objectpath '/a'"), "o '/a'");
	CHECK_STR(parsed("@t 5"), "t 5");
	CHECK_STR(parsed("double 1"), "d 1");
}

TEST("arrays and structures hold values")
{
	CHECK_STR(parsed("['a', 'b']"), "as ['a' 'b']");
	CHECK_STR(parsed("@as []"), "as []");
	CHECK_STR(parsed("('a', uint64 1)"), "(st) ('a' 1)");
	CHECK_STR(parsed("[('/dev/null', 'rwm')]"), "a(ss) [('/dev/null' 'rwm')]");
	CHECK_STR(parsed("@a(st) [('a', 1), ('b', 2)]"), "a(st) [('a' 1) ('b' 2)]");
	CHECK_STR(parsed("[[1], [2, 3]]"), "aai [[1] [2 3]]");
}

TEST("what is no value is refused with the reason")
{
	static const char *const bad[][2] = {
		{ "", "it is not a number" },
		{ "inactive", "it is not a number" },
		{ "'a", "an unterminated string" },
		{ "'a\\", "an unterminated string" },
		{ "1 2", "it is followed by something else" },
		{ "2147483648", "the number is out of range for its type" },
		{ "byte -1", "the number is out of range for its type" },
		{ "byte 256", "the number is out of range for its type" },
		{ "int64 9223372036854775808", "the number is out of range for its type" },
		{ "uint64 'a'", "a string where another type is expected" },
		{ "uint64 true", "a boolean where another type is expected" },
		{ "string 5", "a number where another type is expected" },
		{ "[]", "an empty array needs a type" },
		{ "['a', 1]", "a number where another type is expected" },
		{ "['a' 'b']", "',' or an end is expected" },
		{ "['a'", "',' or an end is expected" },
		{ "()", "an empty structure" },
		{ "@(st) ('a',)", "it has fewer members than its type" },
		{ "@(s) ('a', 1)", "it has more members than its type" },
		{ "@z 1", "'@' without a known type" },
		{ "@as 1", "its type expects brackets" },
		{ "<1>", "it is not a number" },
		{ "{'a': 1}", "it is not a number" },
		{ "[[[[[[[[[[1]]]]]]]]]]", "it is nested too deeply" },
	};

	for (size_t i = 0; i < AR_COUNT(bad); i++)
		CHECK_HAS(parsed(bad[i][0]), bad[i][1]);
}

/* --- properties ----------------------------------------------------------------------------- */

/* "NAME SIGNATURE VALUE; ..." */
static const char *listed(const struct ar_properties *p)
{
	const char *out = "";

	for (size_t i = 0; i < p->n; i++)
		out = ar_printf(arena, "%s%s%s %s", out, i ? "; " : "", p->item[i].name,
				shown(&p->item[i].value));
	return out;
}

/* linux.resources as JSON, written with ' for ". */
static const char *properties_at(const char *quoted, unsigned int version,
				 enum ar_unit_moment moment)
{
	const struct ar_json *json;
	struct ar_resources resources = { 0 };
	struct ar_properties p = { 0 };
	char *text;

	if (!arena)
		arena = ar_arena_new();
	text = ar_strdup(arena, quoted);
	for (char *q = text; (q = strchr(q, '\'')); q++)
		*q = '"';
	if (ar_json_parse(arena, "test", text, strlen(text), &ar_json_limits_default, &json, &err) <
		    0 ||
	    ar_decode(arena, &ar_resources_class, "test", "", json, &resources, &err) < 0 ||
	    ar_properties_of_resources(arena, &resources, version, moment, &p, &err) < 0)
		return err.text;
	return listed(&p);
}

static const char *properties(const char *quoted, unsigned int version)
{
	return properties_at(quoted, version, AR_UNIT_START);
}

TEST("limits have the names that systemd gives them")
{
	CHECK_STR(properties("{'memory': {'limit': 4096, 'reservation': 2048, 'swap': 8192}}", 252),
		  "MemorySwapMax t 4096; MemoryMax t 4096; MemoryLow t 2048");
	CHECK_STR(properties("{'memory': {'limit': -1}}", 252),
		  "MemorySwapMax t 18446744073709551615; MemoryMax t 18446744073709551615");
	CHECK_STR(properties("{'pids': {'limit': 7}}", 252), "TasksMax t 7");
	CHECK_STR(properties("{'cpu': {'shares': 1024}}", 252), "CPUWeight t 100");
	CHECK_STR(properties("{'blockIO': {'weight': 500}}", 252), "IOWeight t 4950");
}

TEST("a quota is rounded up to hundredths of a processor")
{
	CHECK_STR(properties("{'cpu': {'quota': 50000, 'period': 100000}}", 252),
		  "CPUQuotaPeriodUSec t 100000; CPUQuotaPerSecUSec t 500000");
	CHECK_STR(properties("{'cpu': {'quota': 33333, 'period': 100000}}", 252),
		  "CPUQuotaPeriodUSec t 100000; CPUQuotaPerSecUSec t 340000");
	CHECK_STR(properties("{'cpu': {'period': 50000}}", 252),
		  "CPUQuotaPeriodUSec t 50000; CPUQuotaPerSecUSec t 18446744073709551615");
}

TEST("processors and memory nodes are bits")
{
	CHECK_STR(properties("{'cpu': {'cpus': '0-2,9', 'mems': '0'}}", 252),
		  "AllowedCPUs ay [7 2]; AllowedMemoryNodes ay [1]");
}

TEST("keys of unified are translated, and those without a name left to the files")
{
	CHECK_STR(properties("{'unified': {'memory.high': 'max', 'cpu.max': 'max 50000', "
			     "'io.max': '8:0 rbps=1', 'misc.max': 'x 1', 'memory.min': '4096'}}",
			     252),
		  "MemoryHigh t 18446744073709551615; CPUQuotaPeriodUSec t 50000; "
		  "CPUQuotaPerSecUSec t 18446744073709551615; MemoryMin t 4096");
	CHECK_STR(properties("{'unified': {'memory.high': 'much'}}", 252),
		  "unified[memory.high]: 'much' is not a number");
}

TEST("what a release of systemd does not know yet is left to the files")
{
	CHECK_STR(properties("{'cpu': {'idle': 1}}", 252), "CPUWeight t 0");
	CHECK_STR(properties("{'cpu': {'idle': 1}}", 251), "");
	CHECK_STR(properties("{'cpu': {'idle': 0}}", 252), "");
	CHECK_STR(properties("{'unified': {'memory.oom.group': '1'}}", 253), "OOMPolicy s 'kill'");
	CHECK_STR(properties("{'unified': {'memory.oom.group': '1'}}", 252), "");
}

TEST("a slice is told no policy for when memory runs out")
{
	CHECK_STR(properties_at("{'unified': {'memory.oom.group': '1', 'pids.max': '5'}}", 253,
				AR_SLICE_START),
		  "TasksMax t 5");
}

TEST("what is fixed at the start is not told to a unit that runs")
{
	CHECK_STR(properties_at("{'unified': {'memory.oom.group': '1', 'pids.max': '5'}}", 253,
				AR_UNIT_CHANGE),
		  "TasksMax t 5");
}

static const char *of_annotation(const char *key, const char *value)
{
	struct ar_pair pair = { key, value };
	const struct ar_map map = { &pair, 1 };
	struct ar_properties p = { 0 };

	if (!arena)
		arena = ar_arena_new();
	if (ar_properties_of_annotations(arena, &map, &p, &err) < 0)
		return err.text;
	return listed(&p);
}

TEST("an annotation is a property, others are not looked at")
{
	CHECK_STR(of_annotation("org.systemd.property.CollectMode", "'inactive'"),
		  "CollectMode s 'inactive'");
	CHECK_STR(of_annotation("com.example.property.CollectMode", "nothing"), "");
	CHECK_STR(of_annotation("org.systemd.property.Ab", "1"),
		  "annotation 'org.systemd.property.Ab' names no property of systemd");
	CHECK_STR(of_annotation("org.systemd.property.Not.One", "1"),
		  "annotation 'org.systemd.property.Not.One' names no property of systemd");
}

TEST("a time in seconds becomes one in microseconds")
{
	CHECK_STR(of_annotation("org.systemd.property.TimeoutStopSec", "1.5"),
		  "TimeoutStopUSec t 1500000");
	CHECK_STR(of_annotation("org.systemd.property.TimeoutStopSec", "uint64 2"),
		  "TimeoutStopUSec t 2000000");
	CHECK_STR(of_annotation("org.systemd.property.TimeoutStopUSec", "uint64 2"),
		  "TimeoutStopUSec t 2");
	CHECK_STR(of_annotation("org.systemd.property.TimeoutStopSec", "'soon'"),
		  "annotation 'org.systemd.property.TimeoutStopSec': a time must be a number");
	CHECK_STR(of_annotation("org.systemd.property.TimeoutStopSec", "-1"),
		  "annotation 'org.systemd.property.TimeoutStopSec': a time must be from 0 to "
		  "10^12 seconds");
}

int main(void)
{
	return test_main();
}
