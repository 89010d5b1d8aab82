#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""bundle.py DIR [PROFILE]: write the bundles of the benchmark.

DIR/true and DIR/sleep differ in their program alone. The configuration is that of "runc spec" without limits,
rlimits and a terminal. PROFILE is a seccomp profile as engines ship it (with includes and excludes) or as
config.json has it; it is resolved for this machine and the capabilities of the bundle.
"""
import json
import os
import platform
import shutil
import sys

CAPABILITIES = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
MACHINES = {"x86_64": ("amd64", "SCMP_ARCH_X86_64"), "aarch64": ("arm64", "SCMP_ARCH_AARCH64")}
PROGRAMS = {"true": ["true"], "sleep": ["sleep", "1000"]}
APPLETS = ["true", "sleep", "sh", "cat", "ls"]

MOUNTS = [
    ("/proc", "proc", "proc", []),
    ("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
    ("/dev/pts", "devpts", "devpts",
     ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
    ("/dev/shm", "tmpfs", "shm", ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
    ("/dev/mqueue", "mqueue", "mqueue", ["nosuid", "noexec", "nodev"]),
    ("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", "ro"]),
    ("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "relatime", "ro"]),
]
MASKED = ["/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
          "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/proc/scsi"]
READONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]


def applies(rule, arch):
    """Whether a rule of an engine's profile holds here."""
    wanted, unwanted = rule.get("includes") or {}, rule.get("excludes") or {}
    if wanted.get("arches") and arch not in wanted["arches"]:
        return False
    if any(cap not in CAPABILITIES for cap in wanted.get("caps") or []):
        return False
    if arch in (unwanted.get("arches") or []):
        return False
    return not any(cap in CAPABILITIES for cap in unwanted.get("caps") or [])


def resolve(profile):
    """An engine's profile as config.json has it."""
    if "archMap" not in profile:
        return profile
    arch, native = MACHINES[platform.machine()]
    architectures = [native]
    for entry in profile["archMap"]:
        if entry["architecture"] == native:
            architectures += entry.get("subArchitectures") or []
    rules = []
    for rule in profile["syscalls"]:
        if not applies(rule, arch):
            continue
        plain = {"names": rule.get("names") or [rule["name"]], "action": rule["action"]}
        if rule.get("args"):
            plain["args"] = rule["args"]
        if rule.get("errnoRet") is not None:
            plain["errnoRet"] = rule["errnoRet"]
        rules.append(plain)
    resolved = {"defaultAction": profile["defaultAction"], "architectures": architectures, "syscalls": rules}
    if profile.get("defaultErrnoRet") is not None:
        resolved["defaultErrnoRet"] = profile["defaultErrnoRet"]
    return resolved


def config(program, seccomp):
    """One config.json."""
    linux = {
        "cgroupsPath": "/agentrun-bench/c",
        "namespaces": [{"type": t} for t in ("pid", "network", "ipc", "uts", "mount", "cgroup")],
        "maskedPaths": MASKED,
        "readonlyPaths": READONLY,
    }
    if seccomp:
        linux["seccomp"] = seccomp
    return {
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": 0, "gid": 0},
            "args": PROGRAMS[program],
            "env": ["PATH=/bin", "TERM=xterm"],
            "cwd": "/",
            "capabilities": {s: CAPABILITIES for s in ("bounding", "effective", "permitted")},
            "noNewPrivileges": True,
        },
        "root": {"path": "rootfs", "readonly": True},
        "hostname": "bench",
        "mounts": [{"destination": d, "type": t, "source": s, **({"options": o} if o else {})}
                   for d, t, s, o in MOUNTS],
        "linux": linux,
    }


def main():
    """Write both bundles."""
    top = sys.argv[1]
    seccomp = None
    if len(sys.argv) > 2:
        with open(sys.argv[2], encoding="utf-8") as file:
            seccomp = resolve(json.load(file))
    for name in PROGRAMS:
        root = os.path.join(top, name, "rootfs")
        for folder in ("bin", "proc", "sys", "dev", "tmp", "run", "etc", "var/tmp", "root"):
            os.makedirs(os.path.join(root, folder))
        shutil.copy("/bin/busybox", os.path.join(root, "bin/busybox"))
        for applet in APPLETS:
            os.symlink("busybox", os.path.join(root, "bin", applet))
        with open(os.path.join(root, "etc/passwd"), "w", encoding="utf-8") as file:
            file.write("root:x:0:0:root:/root:/bin/sh\n")
        with open(os.path.join(top, name, "config.json"), "w", encoding="utf-8") as file:
            json.dump(config(name, seccomp), file, indent=1)


main()
