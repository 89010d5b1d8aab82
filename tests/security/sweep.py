#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Every system call of a command of agentrun fails once, or is the last one: what is left, and is a container
that starts nevertheless caged as it should be?

    sweep.py COMMAND MODE [--all] [--points N] [--profile NAME] [--sockets] [--only ROLE,CALL,NTH,ERROR]

COMMAND is run, create, start, exec, kill, delete or delete-stopped; MODE is error or kill. Without --all a fixed sample of
the points is taken. With --sockets the command is an engine's: detached, with a terminal and a pidfd that go to sockets, a
descriptor more, a service manager, and a seccomp listener if the bundle names one ($TEST_TMP/listener).
Called by sweep.sh with AGENTRUN, TEST_TMP, FAULT, WITNESS_WORDS, MARK, BUNDLE, SLEEPER, SRCDIR set.

After an error: no hang; nothing is left, unless the call was one of the clean-up itself; a message; and when
the command succeeded, its container sees what it sees without a fault. After a kill, and after an error of
the clean-up: nothing is left by "delete --force".

Left out is what cannot fail, or whose failure is a lie about the caller's own memory: close(2), which closes
whatever it answers; mmap, munmap, brk and the like; geteuid(2), umask(2) and their like, which cannot fail; exits; and what the
C library does before main().
"""
import argparse
import collections
import errno
import json
import os
import random
import re
import socket
import subprocess
import sys
import threading
import time

AGENTRUN = os.environ["AGENTRUN"]
TMP = os.environ["TEST_TMP"]
FAULT = os.environ["FAULT"]
MARK = os.environ["MARK"]
BUNDLE = os.environ["BUNDLE"]
STATE = os.path.join(TMP, "state")
NOT_HIT = 99
LIMIT = 15  # seconds; a run takes some hundredths
MISSED = 0.05, 6  # of the points, or so many: what a run in another order of calls may not come to

# What does not return, and what cannot fail or is the C library's.
NO_RETURN = {"exit", "exit_group", "rt_sigreturn", "restart_syscall"}
NO_ERROR = set("""
    close mmap munmap mprotect brk madvise mremap arch_prctl set_tid_address set_robust_list rseq getrandom
    sched_yield gettid getpid getuid geteuid getgid getegid umask rt_sigprocmask
""".split())

# What the kernel is likely to answer; ENOENT is not among them, since it says that there is nothing to do.
ERRORS = {
    "openat": ("EACCES", "EMFILE"), "openat2": ("EACCES", "ENOSYS"), "newfstatat": ("EACCES", "EIO"),
    "statx": ("EACCES", "ENOSYS"), "fstat": ("EIO",), "fstatfs": ("EIO",), "statfs": ("EACCES",),
    "readlinkat": ("EACCES",), "readlink": ("EACCES",), "read": ("EIO", "EINTR"), "write": ("EIO", "ENOSPC"),
    "getdents64": ("EIO",), "lseek": ("EIO",), "fcntl": ("EMFILE",), "dup3": ("EMFILE",), "ioctl": ("EIO", "EPERM"),
    "mkdir": ("ENOSPC", "EACCES"), "mkdirat": ("ENOSPC", "EACCES"), "mknodat": ("EPERM", "ENOSPC"),
    "symlinkat": ("ENOSPC", "EPERM"), "unlinkat": ("EIO", "EACCES"), "renameat": ("ENOSPC", "EIO"),
    "renameat2": ("ENOSPC", "EIO"), "fchmod": ("EPERM",), "fchmodat": ("EPERM",), "fchown": ("EPERM", "EIO"),
    "fchownat": ("EPERM", "EIO"), "fsync": ("EIO",), "flock": ("EINTR", "ENOLCK"), "ftruncate": ("EIO",),
    "mount": ("EPERM", "ENOMEM"), "umount2": ("EPERM", "EBUSY"), "pivot_root": ("EPERM", "EINVAL"),
    "open_tree": ("EPERM", "ENOMEM", "ENOSYS"), "move_mount": ("EPERM", "ENOMEM", "ENOSYS"),
    "fsopen": ("EPERM", "ENOMEM", "ENOSYS"), "fsconfig": ("EPERM", "EINVAL"), "fsmount": ("EPERM", "ENOMEM"),
    "mount_setattr": ("EPERM", "EINVAL", "ENOSYS"), "chdir": ("EACCES",), "fchdir": ("EACCES",), "chroot": ("EPERM",),
    "clone3": ("EAGAIN", "EPERM", "ENOSYS"), "clone": ("EAGAIN",), "vfork": ("EAGAIN",), "setns": ("EPERM",),
    "unshare": ("EPERM", "ENOSPC"), "wait4": ("ECHILD", "EINTR"), "waitid": ("ECHILD", "EINTR"),
    "poll": ("ENOMEM", "EINTR"), "socket": ("EACCES", "EMFILE"), "socketpair": ("EMFILE",), "connect": ("EACCES",),
    "sendmsg": ("EPIPE", "ENOMEM"), "recvmsg": ("ECONNRESET", "ENOMEM"), "sendfile": ("EIO",),
    "prctl": ("EPERM", "EINVAL"), "capset": ("EPERM",), "capget": ("EPERM",), "setgroups": ("EPERM",),
    "getgroups": ("EPERM",), "setresuid": ("EPERM", "EAGAIN"), "setresgid": ("EPERM",), "seccomp": ("EPERM", "ENOMEM"),
    "landlock_create_ruleset": ("EOPNOTSUPP", "ENOSYS"), "landlock_restrict_self": ("EPERM",),
    "landlock_add_rule": ("ENOMEM",), "keyctl": ("EDQUOT", "ENOSYS"), "bpf": ("EPERM", "ENOMEM"),
    "prlimit64": ("EPERM",), "setsid": ("EPERM",), "sethostname": ("EPERM",), "umask": ("EPERM",),
    "close_range": ("EPERM", "ENOSYS"), "pidfd_send_signal": ("EPERM", "ENOSYS"), "pidfd_open": ("EMFILE", "ENOSYS"),
    "signalfd4": ("EMFILE",), "memfd_create": ("EMFILE",), "execve": ("EACCES", "ENOMEM"), "execveat": ("EACCES",), "uname": ("EFAULT",),
}
OTHERWISE = ("EIO", "EACCES")

# Controls that a profile applies if they are available: what the witness sees when one is not, which the
# container's record then says (checked for create).
IF_AVAILABLE = {
    "home": re.compile(r"mount /root "),
    "memfd-noexec": re.compile(r"call memfd_create"),
}

# Where no node can be made the host's own is bound, read-only.
BOUND_NODE = re.compile(r"^\+ mount /dev/\w+ ro,nosuid,noexec,\w+ \w+$")

# A service manager that cannot be reached is warned of, and nobody hears what the payload tells it.
NOT_READY = re.compile(r'level=warning msg="(connect to NOTIFY_SOCKET|wait for the container to be ready)')
READY = re.compile(r"^[+-] ready /run/notify/")

def numbers():
    column = {"x86_64": 1, "aarch64": 2}[os.uname().machine]
    with open(os.path.join(os.environ["SRCDIR"], "libcontainer/policy/syscalls.tbl")) as table:
        rows = [line.split() for line in table if line.strip() and not line.startswith("#")]
    return {row[0]: int(row[column]) for row in rows if row[column] != "-"}

NUMBER = numbers()
NAME = {number: name for name, number in NUMBER.items()}

# What the caller hands down, beside its standard streams: the first descriptor that is free.
HANDED_DOWN = os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)

def environment():
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "AGENTRUN_TEST": MARK,
            "ASAN_OPTIONS": "detect_leaks=0", "UBSAN_OPTIONS": "halt_on_error=1"}

Result = collections.namedtuple("Result", "status out err seconds")

def run(command, out=None, more=(), pass_fds=()):
    """Files and no pipes: what a container leaves open keeps nobody waiting. more: variables of its environment."""
    out, err = out or os.path.join(TMP, "sweep.out"), os.path.join(TMP, "sweep.err")
    start = time.monotonic()
    with open(out, "wb") as o, open(err, "wb") as e:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=o, stderr=e, pass_fds=pass_fds,
                                 env=dict(environment(), **dict(more)))
        try:
            status = child.wait(LIMIT)
        except subprocess.TimeoutExpired:
            status = "hang"
            child.kill()  # the tracer: what it traces ends with it
            child.wait()
    with open(out, "rb") as o, open(err, "rb") as e:
        return Result(status, o.read().decode(errors="replace"), e.read().decode(errors="replace"),
                      time.monotonic() - start)

# --- what is there ---------------------------------------------------------------------------------------

def cgroup_root():
    with open("/proc/self/mountinfo") as table:
        for line in table:
            if " - cgroup2 " in line:
                return line.split()[4]
    return None

CGROUPS = cgroup_root()

def our_cgroups():
    """Only below the folders that a container of ours can be in: the whole tree is large."""
    found = []
    for top in (os.path.join(CGROUPS, "agentrun"),) if CGROUPS else ():
        try:
            found += [os.path.join(top, name) for name in os.listdir(top) if MARK in name]
        except FileNotFoundError:
            pass  # it goes with the last container in it
    return found

def our_processes():
    found = []
    needle = ("AGENTRUN_TEST=" + MARK).encode()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/environ" % pid, "rb") as environ:
                ours = needle in environ.read().split(b"\0")
            if ours and int(pid) != os.getpid():
                with open("/proc/%s/cmdline" % pid, "rb") as words:
                    found.append("%s %s" % (pid, words.read().replace(b"\0", b" ").decode(errors="replace")))
        except OSError:
            pass
    for folder in our_cgroups():
        try:
            with open(os.path.join(folder, "cgroup.procs")) as procs:
                found += procs.read().split()
        except OSError:
            pass
    return found

def mounts():
    """All that there are: sweep.sh gives a mount namespace in which nobody else mounts."""
    with open("/proc/self/mountinfo") as table:
        return set(table)

BEFORE = mounts()

def left():
    """What is there of a container; a killed process may take a moment to go."""
    for _ in range(40):
        if not our_processes():
            break
        time.sleep(0.05)
    found = ["process " + p for p in our_processes()]
    found += ["cgroup " + c for c in our_cgroups()]
    found += ["state " + s for s in (os.listdir(STATE) if os.path.isdir(STATE) else ())]
    found += ["mount " + m.strip() for m in mounts() - BEFORE]
    return found

def forget_root():
    """Every run makes it anew, so that every run makes the same calls."""
    if os.path.isdir(STATE) and not os.listdir(STATE):
        os.rmdir(STATE)

def forced_delete(cid):
    return run([AGENTRUN, "--root", STATE, "delete", "--force", cid])

# --- sockets of a caller ---------------------------------------------------------------------------------

class Sockets:
    """What an engine, its terminal and a service manager listen on. What comes is read and closed at once."""

    PATHS = {name: os.path.join(TMP, name) for name in ("console", "pidfd", "listener", "manager")}

    def __init__(self):
        self.lock = threading.Lock()
        self.terminals, self.text = 0, ""
        for name in ("console", "pidfd", "listener"):
            server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            server.bind(self.PATHS[name])
            server.listen(16)
            threading.Thread(target=self.accept, args=(server,), daemon=True).start()
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        manager.bind(self.PATHS["manager"])
        threading.Thread(target=self.manage, args=(manager,), daemon=True).start()

    def accept(self, server):
        while True:
            peer, _ = server.accept()
            with peer:
                try:
                    _, fds, _, _ = socket.recv_fds(peer, 65536, 8)
                except OSError:
                    continue  # who has connected was killed
            for fd in fds:
                if os.isatty(fd):
                    with self.lock:
                        self.terminals += 1
                    threading.Thread(target=self.read, args=(fd,), daemon=True).start()
                else:
                    os.close(fd)

    def read(self, terminal):
        """Until nobody has its other end."""
        text = b""
        while True:
            try:
                part = os.read(terminal, 65536)
            except OSError:
                part = b""
            if not part:
                break
            text += part
        os.close(terminal)
        with self.lock:
            self.text += text.decode(errors="replace").replace("\r\n", "\n")
            self.terminals -= 1

    @staticmethod
    def manage(manager):
        """Closing what comes with BARRIER=1 is the answer (sd_notify(3))."""
        while True:
            for fd in socket.recv_fds(manager, 4096, 4)[1]:
                os.close(fd)

    def forget(self):
        wait_for(lambda: not self.terminals)
        with self.lock:
            self.text = ""

    def said(self):
        """What has been written to terminals since forget(), when all have ended."""
        wait_for(lambda: self.text and not self.terminals)
        with self.lock:
            return self.text

# --- the commands ----------------------------------------------------------------------------------------

class Command:
    """How a command is set up, called and looked at. cid is the container."""

    keeps_container = False  # also when it fails
    out = None  # where its output goes, which its container writes to as well

    def __init__(self, profile, sockets):
        self.global_options = ["--root", STATE, "--profile", profile]
        self.sockets = sockets  # None: it is called by hand

    def tool(self, *words):
        return [AGENTRUN] + self.global_options + list(words)

    def sent(self):
        """The options that name sockets."""
        if not self.sockets:
            return []
        return ["--console-socket", Sockets.PATHS["console"], "--pidfd-socket", Sockets.PATHS["pidfd"],
                "--preserve-fds", "1"]

    def run(self, words, out=None):
        if not self.sockets:
            return run(words, out)
        return run(words, out, {"NOTIFY_SOCKET": Sockets.PATHS["manager"]}, (HANDED_DOWN,))

    def begin(self, cid):
        """Nothing of the container before is left, nor of what it said."""
        forget_root()
        if self.sockets:
            self.sockets.forget()
        self.setup(cid)

    def setup(self, cid):
        pass

    def call(self, cid):
        raise NotImplementedError

    def witness(self, cid, result):
        """What the payload said of its cage, once the command succeeded. None: it has not run."""
        return result.out

    def ends_with(self, cid):
        """Whether after a success the container is gone."""
        return True

class Run(Command):
    def call(self, cid):
        return self.tool("run", *(["--detach"] if self.sockets else []), *self.sent(), "--bundle", BUNDLE, cid)

    def witness(self, cid, result):
        if not self.sockets:
            return result.out
        wait_for(lambda: not container_lives(cid))
        return self.sockets.said()

    def ends_with(self, cid):
        return not self.sockets

class Create(Command):
    out = os.path.join(TMP, "created.out")

    def call(self, cid):
        return self.tool("create", *self.sent(), "--bundle", BUNDLE, cid)

    def witness(self, cid, result):
        started = run(self.tool("start", cid))
        if started.status != 0:
            return "start failed: " + started.err
        return self.said(cid)

    def said(self, cid):
        wait_for(lambda: not container_lives(cid))
        if self.sockets:
            return self.sockets.said()
        with open(self.out, errors="replace") as out:
            return out.read()

    def ends_with(self, cid):
        return False

class Start(Create):
    def setup(self, cid):
        created = self.run(super().call(cid), self.out)
        if created.status != 0:
            raise RuntimeError("no container to start: " + created.err)

    def call(self, cid):
        return self.tool("start", cid)

    def witness(self, cid, result):
        return self.said(cid)

class Exec(Command):
    keeps_container = True

    def setup(self, cid):
        started = run(self.tool("run", "--detach", "--bundle", os.environ["SLEEPER"], cid))
        if started.status != 0:
            raise RuntimeError("no container to exec in: " + started.err)

    def call(self, cid):
        return self.tool("exec", *(["--detach", "--tty"] if self.sockets else []), *self.sent(),
                         cid, "/bin/witness", *os.environ["WITNESS_WORDS"].split())

    def witness(self, cid, result):
        return self.sockets.said() if self.sockets else result.out

    def ends_with(self, cid):
        return False

class Kill(Exec):
    keeps_container = False

    def call(self, cid):
        return self.tool("kill", cid, "KILL")

    def witness(self, cid, result):
        wait_for(lambda: not container_lives(cid))
        return "still running" if container_lives(cid) else "killed"

class Delete(Exec):
    keeps_container = False

    def call(self, cid):
        return self.tool("delete", "--force", cid)

    def witness(self, cid, result):
        return "deleted"

    def ends_with(self, cid):
        return True

class DeleteStopped(Delete):
    """What engines call when a container has ended."""

    def setup(self, cid):
        super().setup(cid)
        run(self.tool("kill", cid, "KILL"))
        wait_for(lambda: not container_lives(cid))

    def call(self, cid):
        return self.tool("delete", cid)

COMMANDS = {"run": Run, "create": Create, "start": Start, "exec": Exec, "kill": Kill, "delete": Delete,
            "delete-stopped": DeleteStopped}

def wait_for(condition):
    for _ in range(100):
        if condition():
            return
        time.sleep(0.02)

def state_of(cid):
    try:
        with open(os.path.join(STATE, cid, "state.json")) as f:
            return json.load(f)
    except (OSError, ValueError):
        return None

def container_lives(cid):
    record = state_of(cid)
    pid = record.get("init_process_pid") if record else None
    if not pid:
        return False
    try:
        with open("/proc/%d/stat" % pid) as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False

# --- points ----------------------------------------------------------------------------------------------

Point = collections.namedtuple("Point", "role call nth error")

def plain(text):
    """What differs from run to run whatever happens."""
    text = re.sub(r"(status NSpid:\s)[\d\s]*\n", r"\1\n", text)
    return re.sub(re.escape(MARK) + r"-[\w-]*", "ID", text)

def traced_out(command):
    return command.out if type(command) is Create else None

def reference(command):
    """All calls in order, and what the payload says: of the shortest of three runs, for one that is kept waiting asks again."""
    return min((reference_run(command) for _ in range(3)), key=lambda reference: len(reference[0]))

def reference_run(command):
    cid = MARK + "-reference"
    listing = os.path.join(TMP, "sweep.list")
    command.begin(cid)
    result = command.run([FAULT, "-l", listing, "--"] + command.call(cid), traced_out(command))
    if result.status != 0:
        raise RuntimeError("the reference fails: %s" % (result,))
    said = plain(command.witness(cid, result))
    record = state_of(cid)
    forced_delete(cid)
    with open(listing) as f:
        calls = [tuple(map(int, line.split())) for line in f]
    return calls, said, outcomes(record)

def decisions(cid):
    with open(os.path.join(STATE, cid, "effective.json")) as f:
        return json.dumps(json.load(f)["decisions"])

def outcomes(record):
    return {o["control"]: (o["result"], o.get("why", "")) for o in (record or {}).get("outcomes", ())}

def before_main(calls):
    """The C library's part: up to the first descriptor that main() looks at."""
    for i, (role, number) in enumerate(calls):
        if role == 0 and NAME.get(number) == "fcntl":
            return i
    return 0

def points(command, calls, mode):
    found, seen = [], collections.Counter()
    first = before_main(calls)
    for i, (role, number) in enumerate(calls):
        name = NAME.get(number, str(number))
        seen[role, number] += 1
        # the tool executes itself again from a protected copy: its loader comes a second time
        if i < first or name in NO_RETURN or (mode == "error" and name in NO_ERROR):
            continue
        for error in ERRORS.get(name, OTHERWISE) if mode == "error" else ("kill",):
            found.append(Point(role, name, seen[role, number], error))
    return found

def sample(found, wanted):
    """Spread over all calls, the same in every run: each call that there is at least once."""
    chooser = random.Random(1)
    groups = collections.defaultdict(list)
    for point in found:
        groups[point.role, point.call].append(point)
    chosen = [chooser.choice(group) for group in groups.values()]
    rest = [p for p in found if p not in set(chosen)]
    chosen += chooser.sample(rest, max(0, min(len(rest), wanted - len(chosen))))
    return chosen

# --- judgement -------------------------------------------------------------------------------------------

def differences(said, wanted):
    a, b = said.splitlines(), wanted.splitlines()
    return ["+ " + x for x in a if x not in b] + ["- " + x for x in b if x not in a]

def filters(said):
    found = re.search(r"status Seccomp_filters:\s*(\d+)", said)
    return int(found.group(1)) if found else 0

def explained(lines, excused, more_filters):
    """Without what a control that is not applied explains; one more filter takes nothing away."""
    return [line for line in lines if not any(IF_AVAILABLE[c].search(line) for c in excused if c in IF_AVAILABLE)
            and not (more_filters and "Seccomp_filters" in line) and not BOUND_NODE.search(line)]

def judge_success(command, cid, result, wanted, normal):
    """It went on in spite of the fault: is the container as strong as it should be?"""
    said = plain(command.witness(cid, result))
    now = outcomes(state_of(cid))
    excused = set(IF_AVAILABLE)
    problems = []
    if said.startswith("start failed: ") and len(said) > 30:
        return []  # init ended while it waited
    if type(command) is Create:
        # init says what it could not apply, policy what it did not try
        excused = {c for c, (r, _) in normal.items() if r == "enforced" and now.get(c, ("",))[0] != "enforced"}
        problems += ["control '%s' is not applied, and nothing says why" % c for c in excused
                     if not (now.get(c, ("", ""))[1] or c.split("-")[0] in decisions(cid))]
    lines = explained(differences(said, wanted), excused, filters(said) > filters(wanted))
    if NOT_READY.search(result.err):
        lines = [line for line in lines if not READY.search(line)]
    if lines:
        problems.append("WEAKER OR OTHERWISE DIFFERENT:\n      " + "\n      ".join(lines[:12]))
    return problems

# A call that failed was the sanitizer's: while it starts, or before it looks for leaks.
SANITIZERS_OWN = re.compile(r"AddressSanitizer: CHECK failed|AddressSanitizer getrlimit\(\) failed"
                            r"|LeakSanitizer has encountered a fatal error")

def judge_message(point, result):
    text = result.err.strip()
    # whoever is killed when it becomes the program ends as the program
    if not text and point.error == "kill" and point.call == "execve" and point.role > 0 and result.status == 137:
        return []
    if not text:
        return ["no message, status %s" % result.status]
    if "runtime error" in text or "ERROR: AddressSanitizer: " in text:
        return ["sanitizer: " + text[:2000]]
    if SANITIZERS_OWN.search(text):
        return []
    if "AddressSanitizer" in text:
        return ["sanitizer: " + text[:2000]]
    if "loading shared libraries" in text:
        return []
    # "agentrun run failed: unable to ...: STEP: what": the name of the call's error alone says nothing
    message = re.search(r'msg="(.*)"', text)
    if not message or len(message.group(1)) < 12:
        return ["a message that says nothing: " + text[:300]]
    return []

def hit_cleanup(command, cid, result):
    """Whether the tool itself says that it could not clean up; kill and delete do nothing else."""
    if isinstance(command, (Kill, Delete)):
        return result.status != 0
    return 'level=warning msg="container %s: ' % cid in result.err

def judge(command, point, cid, result, wanted, normal):
    problems = []
    if result.status == "hang":
        forced_delete(cid)
        left()
        return ["HANG"]
    if result.status == NOT_HIT:
        forced_delete(cid)
        return None
    if result.status == 0 and point.error != "kill":
        problems += judge_success(command, cid, result, wanted, normal)
        if not command.ends_with(cid):
            forced_delete(cid)
    elif result.status == 0:
        forced_delete(cid)  # init was killed when create was done already
    elif point.error != "kill" or point.role != 0:
        problems += judge_message(point, result)
        if command.keeps_container:
            if not container_lives(cid):
                problems.append("the container is gone")
            forced_delete(cid)
        elif isinstance(command, (Start, Kill, Delete)):
            forced_delete(cid)
    # a killed tool leaves its container to "delete --force"
    remains = [] if point.error == "kill" and point.role == 0 else left()
    if remains and not hit_cleanup(command, cid, result):
        problems.append("LEFT: " + "; ".join(remains))
    done = forced_delete(cid)
    remains = left()
    if done.status != 0:
        problems.append("delete --force fails: " + done.err.strip())
    if remains:
        problems.append("LEFT AFTER delete --force: " + "; ".join(remains))
    return problems

def one(command, point, cid, wanted, normal):
    command.begin(cid)
    words = ["-r", str(point.role), "-s", str(NUMBER[point.call]), "-n", str(point.nth)]
    words += ["-k"] if point.error == "kill" else ["-e", str(getattr(errno, point.error))]
    result = command.run([FAULT] + words + ["--"] + command.call(cid), traced_out(command))
    return result, judge(command, point, cid, result, wanted, normal)

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("mode", choices=("error", "kill"))
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--points", type=int, default=100)
    parser.add_argument("--profile", default="agent")
    parser.add_argument("--sockets", action="store_true")
    parser.add_argument("--only")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    command = COMMANDS[options.command](options.profile, Sockets() if options.sockets else None)
    calls, wanted, normal = reference(command)
    every = points(command, calls, options.mode)
    chosen = every if options.all else sample(every, options.points)
    if options.only:
        role, call, nth, error = options.only.split(",")
        chosen = [p for p in every if (str(p.role), p.call, str(p.nth), p.error) == (role, call, nth, error)]
    counts, missed, bad = collections.Counter(), [], 0
    for i, point in enumerate(chosen):
        cid = "%s-%d" % (MARK, i)
        result, problems = one(command, point, cid, wanted, normal)
        if problems is None:
            counts["not reached"] += 1
            missed.append("role %d, %s #%d" % (point.role, point.call, point.nth))
            continue
        counts["went on" if result.status == 0 else "hang" if result.status == "hang" else
               "killed" if point.error == "kill" else "failed"] += 1
        if options.verbose or problems:
            print("%s: role %d, %s #%d: %s: status %s, %.1f s: %s" % (
                options.command, point.role, point.call, point.nth, point.error, result.status, result.seconds,
                result.err.strip()[-300:]))
        for problem in problems:
            print("    " + problem)
        bad += bool(problems)
        sys.stdout.flush()
    print("%s, %s: %d of %d points (%s), %d wrong" % (options.command, options.mode, len(chosen), len(every),
          ", ".join("%d %s" % (n, what) for what, n in sorted(counts.items())), bad))
    # a point that no run comes to has tried nothing
    too_many = len(missed) > max(MISSED[0] * len(chosen), min(MISSED[1], len(chosen) // 4))
    if too_many:
        print("too many that are not reached: " + "; ".join(dict.fromkeys(missed)))
    return 1 if bad or not chosen or too_many else 0

if __name__ == "__main__":
    sys.exit(main())
