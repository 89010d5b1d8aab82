# SPDX-License-Identifier: GPL-2.0-or-later
"""The world of a case: a bundle, a state root, sockets that listen; and what is left of them at the end."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import case as cases
import path as paths

HERE = os.path.dirname(os.path.abspath(__file__))
SECONDS = int(os.environ.get("CONFORMANCE_SECONDS") or os.environ.get("AGENTRUN_RUN_SECONDS", "60"))  # of a step

# What a line of shell has: the runtime, and waiting until the container's program handles SIGTERM.
SHELL = r"""
rt() {
	"$RUNTIME" $OPTIONS --root "$ROOT" --log "$LOG" --log-format json "$@"
}
traps_set() {
	for i in $(seq 300); do
		pid=$(rt state "$ID" | sed -nE 's/.*"pid": *([0-9]+).*/\1/p')
		! grep -qs '^SigCgt:.*[4-7c-f]...$' "/proc/$pid/status" || break
		sleep 0.1
	done
}
"""
APPLETS = """sh sleep true false cat echo env id ls pwd kill printenv tty stty head tail wc test grep ps mkdir
    touch readlink seq""".split()


def removed(cgroup):
    """Whether it was empty, and is gone."""
    try:
        os.rmdir(cgroup)
    except OSError:
        return False
    return True


class Broken(Exception):
    """The case cannot go on."""


class Runtime:
    """The program that is tested."""

    def __init__(self, path, options, verbose):
        # steps run in folders of their own
        self.path = os.path.abspath(shutil.which(path) or path)
        self.options, self.verbose = options, verbose
        self.name = os.path.basename(self.path)
        said = subprocess.run([self.path, "--version"], capture_output=True, text=True).stdout
        found = re.match(r"(\S+) version (\S+)", said)
        # by what it says it is, so that a copy of another name is known too
        self.kind = found.group(1) if found else self.name
        self.version = cases.version(found.group(2)) if found else (0,)


def has(feature):
    if feature.startswith("!"):
        return not has(feature[1:])
    kind, _, what = feature.partition(":")
    if kind == "command":
        return shutil.which(what) is not None
    if kind == "kernel":
        return cases.version(os.uname().release) >= cases.version(what)
    if kind == "file":
        return os.path.exists(what)
    if kind == "cgroup2":
        root = cgroup2_root()
        return root is not None and os.access(os.path.join(root, "cgroup.procs"), os.W_OK)
    if kind == "unified":
        return cgroup2_root() == "/sys/fs/cgroup"
    if kind == "controller":
        root = cgroup2_root()
        if not root:
            return False
        with open(os.path.join(root, "cgroup.controllers")) as f:
            return what in f.read().split()
    raise SystemExit("unknown feature '%s'" % feature)


def cgroup2_root():
    with open("/proc/self/mountinfo") as table:
        for line in table:
            if " - cgroup2 " in line:
                return line.split()[4]
    return None


def cgroup_roots():
    with open("/proc/self/mountinfo") as table:
        return [line.split()[4] for line in table if re.search(r" - cgroup2? ", line)]


def make_rootfs(folder):
    for name in ("bin", "dev", "etc", "proc", "sys", "tmp", "root", "run", "var/tmp", "home/user", "mnt"):
        os.makedirs(os.path.join(folder, name), exist_ok=True)
    busybox = shutil.which("busybox")
    if not busybox:
        raise SystemExit("busybox (linked statically) is needed for the containers' root filesystems")
    shutil.copy(busybox, os.path.join(folder, "bin/busybox"))
    for name in APPLETS:
        os.symlink("busybox", os.path.join(folder, "bin", name))
    with open(os.path.join(folder, "etc/passwd"), "w") as f:
        f.write("root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/sh\n")
    with open(os.path.join(folder, "etc/group"), "w") as f:
        f.write("root:x:0:\nuser:x:1000:\nextra:x:2000:user\n")
    with open(os.path.join(folder, "etc/not-executable"), "w") as f:
        f.write("#!/bin/sh\n")
    with open(os.path.join(folder, "bin/no-interpreter"), "w") as f:
        f.write("#!/nonexistent/interpreter\n")
    os.chmod(os.path.join(folder, "bin/no-interpreter"), 0o755)


class Listener:
    """A socket of the case, and what was sent to it."""

    def __init__(self, path):
        self.data, self.fds, self.kinds = b"", 0, []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(path)
        self.socket.listen(4)
        self.kept = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer, _ = self.socket.accept()
                data, fds, _, _ = socket.recv_fds(peer, 4096, 8)
            except OSError:
                return
            self.kept += [peer] + list(fds)
            self.data += data
            self.fds += len(fds)
            for fd in fds:
                link = os.readlink("/proc/self/fd/%d" % fd)
                kind = ("a terminal" if os.isatty(fd) else "a pidfd" if "pidfd" in link else
                        "a seccomp listener" if "seccomp" in link else link)
                self.kinds.append(kind)

    def wait(self):
        """What was sent may be read a little after the runtime has ended."""
        for _ in range(100):
            if self.kinds:
                return
            time.sleep(0.05)

    def close(self):
        self.socket.close()
        for one in self.kept:
            if isinstance(one, int):
                os.close(one)
            else:
                one.close()


def short(text):
    return repr(text if len(text) < 400 else text[:400] + "...")


class Result:
    def __init__(self, status, out, err, log):
        self.status, self.out, self.err, self.log = status, out, err, log

    def __repr__(self):
        return "status %s, stdout %s, stderr %s, log %s" % (
            self.status, short(self.out), short(self.err), short(self.log))


class World:
    count = 0

    def __init__(self, runtime, one, top):
        World.count += 1
        self.runtime, self.case = runtime, one
        self.id = "conformance-%d-%d" % (os.getpid(), World.count)
        self.dir = os.path.join(top, str(World.count))
        self.bundle, self.root = os.path.join(self.dir, "bundle"), os.path.join(self.dir, "state")
        self.template = os.path.join(top, "rootfs")
        self.log = os.path.join(self.dir, "log.json")
        self.listeners = {}

    def __enter__(self):
        return self

    # --- set up ---

    def prepare(self):
        os.makedirs(self.bundle)
        os.mkdir(self.root, 0o711)
        if not os.path.isdir(self.template):
            make_rootfs(self.template)
        shutil.copytree(self.template, os.path.join(self.bundle, "rootfs"), symlinks=True, copy_function=os.link)
        with open(os.path.join(HERE, "config.json")) as f:
            config = json.load(f)
        if self.case.args:
            config["process"]["args"] = self.case.args
        for operator, where, value in self.case.config:
            paths.change(config, operator, where, self.filled(value))
        config["process"]["env"].append("CONFORMANCE=" + self.id)
        with open(os.path.join(self.bundle, "config.json"), "w") as f:
            json.dump(config, f)
        for name in self.case.sockets:
            self.listeners[name] = Listener(os.path.join(self.dir, name))
        self.reach(self.case.given)

    def reach(self, state):
        steps = {
            "none": [],
            "created": ["create"],
            "running": ["create", "start"],
            "paused": ["create", "start", "pause"],
            "stopped": ["create", "start", "kill"],
        }[state]
        for verb in steps:
            words = {"create": ["--bundle", self.bundle, self.id], "kill": [self.id, "KILL"]}.get(verb, [self.id])
            done = self.call(self.words([verb] + words))
            if done.status != 0:
                raise Broken("%s fails: %r" % (verb, done))
        if state == "stopped":
            self.wait_for("stopped")

    def filled(self, value):
        """Names of the world in a text, or in a JSON value."""
        if isinstance(value, str):
            return re.sub(r"\$(ID|BUNDLE|DIR|ROOT|NAME|ARGV0|PID)\b", lambda m: self.value(m.group(1)), value)
        if isinstance(value, list):
            return [self.filled(v) for v in value]
        if isinstance(value, dict):
            return {k: self.filled(v) for k, v in value.items()}
        return value

    def value(self, name):
        if name == "PID":
            return str(self.pid())
        return {"ID": self.id, "BUNDLE": self.bundle, "DIR": self.dir, "ROOT": self.root,
                "NAME": self.runtime.kind, "ARGV0": self.runtime.path}[name]

    def state(self):
        said = subprocess.run([self.runtime.path, "--root", self.root, "state", self.id], capture_output=True)
        return json.loads(said.stdout) if said.returncode == 0 else {}

    def pid(self):
        return self.state().get("pid", "none")

    def wait_for(self, status):
        for _ in range(200):
            if self.state().get("status", "none") == status:
                return True
            time.sleep(0.05)
        return False

    # --- steps ---

    def words(self, words, log=True):
        front = [self.runtime.path] + self.runtime.options
        if log:
            front += ["--root", self.root, "--log", self.log, "--log-format", "json"]
        return front + words

    def environment(self, step):
        env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C",
               "CONFORMANCE": self.id, "RUNTIME": self.runtime.path, "LOG": self.log,
               "OPTIONS": " ".join(self.runtime.options)}
        for name in os.environ:
            if name.endswith("SAN_OPTIONS"):
                env[name] = os.environ[name]
        for name in ("ID", "BUNDLE", "DIR", "ROOT", "NAME"):
            env[name] = self.value(name)
        for line in step.env if step else ():
            name, _, value = line.partition("=")
            env[name] = self.filled(value)
        return env

    def call(self, argv, step=None):
        """With files and no pipes: what a container leaves open keeps nobody waiting."""
        out, err = os.path.join(self.dir, "stdout"), os.path.join(self.dir, "stderr")
        if os.path.exists(self.log):
            os.unlink(self.log)
        stdin = os.path.join(self.dir, "stdin")
        with open(stdin, "w") as f:
            f.write(step.stdin if step else "")
        with open(stdin) as i, open(out, "wb") as o, open(err, "wb") as e:
            child = subprocess.Popen(argv, stdin=i, stdout=o, stderr=e, env=self.environment(step),
                                     cwd=self.filled(step.cwd) if step and step.cwd else self.dir)
            try:
                status = child.wait(SECONDS)
            except subprocess.TimeoutExpired:
                status = "hangs"
                child.kill()
                child.wait()
        return Result(status, text_of(out), text_of(err), text_of(self.log))

    def play(self, step):
        if step.kind == "wait":
            reached = self.wait_for(step.words[0])
            return Result(0 if reached else "never " + step.words[0], "", "", "")
        if step.kind == "shell":
            return self.call(["sh", "-c", SHELL + step.words], step)
        return self.call(self.words([self.filled(w) for w in step.words], step.kind == "runtime"), step)

    # --- the end ---

    def left(self):
        found = []
        needle = ("CONFORMANCE=" + self.id).encode()
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/environ" % pid, "rb") as f:
                    if needle in f.read().split(b"\0"):
                        found.append(("process", pid))
            except OSError:
                pass
        with open("/proc/self/mountinfo") as table:
            found += [("mount", line.split()[4]) for line in table if line.split()[4].startswith(self.dir + "/")]
        for name in os.listdir(self.root) if os.path.isdir(self.root) else ():
            if os.path.isdir(os.path.join(self.root, name)) and name.startswith(self.id):
                found.append(("state", name))
        for top in cgroup_roots():
            for folder, names, _ in os.walk(top):
                found += [("cgroup", os.path.join(folder, n)) for n in names if n.startswith(self.id)]
                if folder.count("/") - top.count("/") >= 1:
                    names.clear()
        return found

    def close(self):
        """Delete the container; what is left nevertheless is ended, and told."""
        if not os.path.isdir(self.dir):
            return []
        for name in os.listdir(self.root) if os.path.isdir(self.root) else ():
            if name.startswith("conformance-"):
                self.call([self.runtime.path, "--root", self.root, "delete", "--force", name])
        for listener in self.listeners.values():
            listener.close()
        for _ in range(40):
            left = self.left()
            if not left:
                break
            time.sleep(0.05)
        for kind, what in reversed(left):
            if kind == "process":
                kill(int(what))
            elif kind == "mount":
                subprocess.run(["umount", "-l", what])
            elif kind == "cgroup" and removed(what) and self.runtime.kind == "runc":
                # it tries for less than a second, and on a slow machine the processes may live longer
                left.remove((kind, what))
        return ["left after delete --force: %s %s" % one for one in left]

    def __exit__(self, *_):
        shutil.rmtree(self.dir, ignore_errors=True)


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def text_of(path):
    try:
        with open(path, "rb") as f:
            return f.read().decode(errors="replace")
    except OSError:
        return ""
