#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A CRIU that restores nothing, but writes down what it is asked: "criu swrk 3".

FAKE_CRIU          folder: each request becomes N.json there, with what was found in this process
FAKE_CRIU_VERSION  4.1.1
FAKE_CRIU_LACKS    features it says it lacks: "mem_track lazy_pages"
FAKE_CRIU_FAILS    "die", "late" (a restore, when its process stands), or the message of an error
FAKE_CRIU_TTY      a restore finds a terminal without a master

A dump ends the process; a restore makes one that sleeps, a child of who asked. The numbers are those of
images/rpc.proto of CRIU.
"""
import array, json, os, signal, socket, sys


def target(fd):
    try:
        return os.readlink(f"/proc/self/fd/{fd}")
    except OSError:
        return None


# What it was given, before a library opens a file of its own, as ctypes may.
GIVEN = {fd: target(fd) for fd in [0, 1, 2, *range(4, 32)] if target(fd)}

import ctypes  # noqa: E402

TYPES = {1: "DUMP", 2: "RESTORE", 4: "PRE_DUMP", 6: "NOTIFY", 9: "FEATURE_CHECK", 10: "VERSION"}
NUMBERS = {name: number for number, name in TYPES.items()}
PAIRS = {1: "key", 2: "value"}
INHERIT = {1: "key", 2: "#fd"}
SERVER = {1: "address", 2: "#port"}
# A '#' is a number, a dictionary a message; names in lists may be given again.
OPTS = {
    1: "#images_dir_fd", 2: "#pid", 3: "#leave_running", 4: "#ext_unix_sk", 5: "#tcp_established",
    6: "#evasive_devices", 7: "#shell_job", 8: "#file_locks", 9: "#log_level", 10: "log_file",
    11: ("ps", SERVER), 12: "#notify_scripts", 13: "root", 14: "parent_img", 15: "#track_mem",
    16: "#auto_dedup", 17: "#work_dir_fd", 18: "#link_remap", 23: ("ext_mnt", PAIRS),
    24: "#manage_cgroups", 25: ("cg_root", PAIRS), 26: "#rst_sibling", 27: ("inherit_fd", INHERIT),
    34: "#manage_cgroups_mode", 37: "external", 38: "#empty_ns", 39: ("join_ns", PAIRS),
    44: "freeze_cgroup", 46: "#tcp_skip_in_flight", 48: "#lazy_pages", 50: "#orphan_pts_master",
    51: "config_file", 53: "lsm_profile", 63: "lsm_mount_context",
}
FEATURES = {1: "#mem_track", 2: "#lazy_pages"}
REQUEST = {1: "#type", 2: ("opts", OPTS), 3: "#notify_success", 4: "#keep_open", 5: ("features", FEATURES)}
REPEATED = {"ext_mnt", "cg_root", "inherit_fd", "join_ns", "external"}


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def decode(data, names):
    message, at = {}, 0
    while at < len(data):
        key, at = varint(data, at)
        name = names[key >> 3]  # one that is not known ends us
        value, at = varint(data, at)
        if key & 7 == 2:
            value, at = data[at:at + value], at + value
        if isinstance(name, tuple):
            name, value = name[0], decode(value, name[1])
        elif name[0] == "#":
            assert key & 7 == 0, name
            name = name[1:]
        else:
            value = value.decode()
        if name in REPEATED:
            message.setdefault(name, []).append(value)
        else:
            assert name not in message, name
            message[name] = value
    return message


def number(field, value):
    return encode_varint(field << 3) + encode_varint(value)


def encode_varint(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def text(field, value):
    return encode_varint(field << 3 | 2) + encode_varint(len(value)) + value


def answer(kind, rest=b"", success=True, fds=()):
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    peer.sendmsg([number(1, NUMBERS[kind]) + number(2, int(success)) + rest], ancillary)


def notify(script, pid=None, fds=()):
    answer("NOTIFY", text(5, text(1, script.encode()) + (number(2, pid) if pid else b"")), fds=fds)
    reply = decode(peer.recv(65536), REQUEST)
    if reply.get("type") != NUMBERS["NOTIFY"] or not reply.get("notify_success"):
        sys.exit(1)


def write_down(kind, opts):
    folder = os.environ["FAKE_CRIU"]
    root = opts.get("root", "")
    asker = os.getppid()
    with open("/proc/self/mountinfo") as mounts, open("/proc/self/cgroup") as cgroups:
        found = {
            "type": kind, **opts,
            "cgroups": cgroups.read().split("\n")[:-1],
            "root_mounts": [line.split()[4] for line in mounts if (line.split()[4] + "/").startswith(root + "/")],
            "fds": GIVEN,
        }
    for name in "images_dir_fd", "work_dir_fd":
        if name in opts:
            found[name] = os.readlink(f"/proc/{asker}/fd/{opts[name]}")
    with open(os.path.join(folder, f"{len(os.listdir(folder))}.json"), "w") as file:
        json.dump(found, file, indent=1)


def restored():
    clone = {"x86_64": 56, "aarch64": 220}[os.uname().machine]
    libc = ctypes.CDLL(None)
    pid = libc.syscall(clone, 0x8000 | signal.SIGCHLD, None, None, None, None)  # CLONE_PARENT
    if pid == 0:
        try:
            os.execvp("sleep", ["sleep", "1000"])
        finally:
            os._exit(127)
    return pid


def serve(kind, opts):
    fails = os.environ.get("FAKE_CRIU_FAILS")
    write_down(kind, opts)
    if fails == "die":
        sys.exit(3)
    if fails and fails != "late":
        answer(kind, number(7, 22) + text(9, fails.encode()), success=False)
        sys.exit(1)
    if kind == "RESTORE":
        pid = restored()
        notify("setup-namespaces", pid)
        if os.environ.get("FAKE_CRIU_TTY"):
            notify("orphan-pts-master", fds=os.openpty()[:1])
        notify("post-restore", pid)
        if fails == "late":
            os.kill(pid, signal.SIGKILL)
            answer(kind, number(7, 22) + text(9, b"late"), success=False)
            sys.exit(1)
        answer(kind, text(4, number(1, pid)))
        return
    if opts.get("lazy_pages"):
        notify("status-ready")
    if kind == "DUMP" and not opts["leave_running"]:
        os.kill(opts["pid"], signal.SIGKILL)
    answer(kind)


def main():
    lacks = os.environ.get("FAKE_CRIU_LACKS", "").split()
    while True:
        data = peer.recv(65536)
        if not data:
            return
        request = decode(data, REQUEST)
        kind = TYPES[request["type"]]
        if kind == "VERSION":
            major, minor, sub = map(int, os.environ.get("FAKE_CRIU_VERSION", "4.1.1").split("."))
            answer(kind, text(10, number(1, major) + number(2, minor) + number(4, sub)))
        elif kind == "FEATURE_CHECK":
            answer(kind, text(8, b"".join(
                number(i, int(n[1:] in request["features"] and n[1:] not in lacks)) for i, n in FEATURES.items())))
        else:
            serve(kind, request["opts"])
            return


assert sys.argv[1:] == ["swrk", "3"], sys.argv
peer = socket.socket(fileno=3)
main()
