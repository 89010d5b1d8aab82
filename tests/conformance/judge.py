# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether a step did what its case expects, and what engines make of its message."""
import json
import re

import path as paths
import world

RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")
LINE = re.compile(r'time="([^"]*)" level=(\w+) msg="((?:[^"\\]|\\.)*)"( .*)?$')


# --- messages ------------------------------------------------------------------------------------

def logged(result):
    """The log as Docker reads it: a stream of JSON values. Problems and the values."""
    values, problems = [], []
    for line in result.log.splitlines():
        try:
            values.append(json.loads(line))
        except ValueError:
            problems.append("the log has a line that is no JSON value: " + line)
    for value in values:
        if not isinstance(value, dict) or not all(isinstance(value.get(k), str) for k in ("level", "msg", "time")):
            problems.append("the log has a value without level, msg and time: %r" % value)
        elif not RFC3339.match(value["time"]):
            problems.append("the log has a time that RFC 3339 has not: " + value["time"])
    return problems, [v for v in values if isinstance(v, dict)]


def message(step, result):
    """The one error of a step, which must be where it belongs: problems and the text."""
    if step.kind == "bare":
        lines = result.err.splitlines()
        found = [LINE.match(line) for line in lines]
        if len(lines) != 1 or not found[0]:
            return ["standard error is not one line of a text log: %r" % result.err], None
        if found[0].group(2) != "error" or not RFC3339.match(found[0].group(1)):
            return ["the line on standard error is no error with a time: %r" % result.err], None
        return [], json.loads('"%s"' % found[0].group(3)).strip()
    problems, values = logged(result)
    if problems:
        return problems, None
    if len(values) != 1:
        # podman takes the whole file for one value
        return ["the log has %d values, not one: %r" % (len(values), result.log)], None
    text = values[0]["msg"].strip()
    if values[0]["level"] != "error":
        return ["the level in the log is %s" % values[0]["level"]], text
    if result.err.strip() != text:
        return ["standard error and the log differ: %r, %r" % (result.err, text)], text
    return [], text


def as_docker(text):
    """Docker's exit status of "docker run" by what the message has."""
    text = text.lower()
    if "executable file not found" in text or "no such file or directory" in text:
        return "127"
    if "permission denied" in text or "is a directory" in text:
        return "126"
    return "125"


def as_dockerd(text):
    """The exit status that Docker's daemon gives the container, and that "docker inspect" shows."""
    if "not a directory" in text.lower():
        return "127"  # and asks whether a directory was to be mounted on a file
    return {"125": "128"}.get(as_docker(text), as_docker(text))


def as_podman(text):
    """podman's exit status."""
    text = text.lower()
    if "permission denied" in text or "operation not permitted" in text:
        return "126"
    if "executable file not found in" in text or "no such file or directory" in text or "open executable" in text:
        return "127"
    return "125"


def as_killer(text):
    """What containerd makes of a kill that failed."""
    if any(part in text for part in ("os: process already finished", "container not running", "no such process")):
        return "process gone"
    return "container gone" if "does not exist" in text else "unknown"


READERS = {"docker": as_docker, "dockerd": as_dockerd, "podman": as_podman, "kill": as_killer}


# --- checks --------------------------------------------------------------------------------------

def compare(name, got, mode, text):
    if mode == "any":
        return []
    good = {
        "=": lambda: got == text or got == text + "\n",
        "bare": lambda: got == text,
        "is": lambda: got == text,
        "has": lambda: text in got,
        "lacks": lambda: text not in got,
        "~": lambda: re.search(text, got, re.MULTILINE) is not None,
    }[mode]()
    return [] if good else ["%s:\n     got: %s\nexpected: %s %r" % (name, world.short(got), mode, text)]


def check_json(check, result, here):
    try:
        value = paths.get(json.loads(result.out), check.what)
    except ValueError:
        return ["standard output is no JSON value: %r" % result.out]
    if check.mode == "absent":
        return [] if value is paths.NOTHING else ["%s is there: %r" % (check.what, value)]
    if value is paths.NOTHING:
        return ["%s is not there: %r" % (check.what, result.out)]
    if check.mode == "any":
        return []
    wanted = here.filled(check.text)
    if check.mode == "has":
        good = json.loads(wanted) in value
    elif check.mode == "lacks":
        good = json.loads(wanted) not in value
    elif check.mode == "~":
        good = re.search(wanted, value if isinstance(value, str) else json.dumps(value)) is not None
    else:
        good = value == json.loads(wanted)
    return [] if good else ["%s:\n     got: %s\nexpected: %s %s" % (check.what, json.dumps(value), check.mode, wanted)]


def check_file(check, here):
    place = here.filled(check.what)
    try:
        with open(place) as f:
            text = f.read()
    except OSError as why:
        return [] if check.mode == "absent" else [str(why)]
    if check.mode == "absent":
        return ["%s is there" % place]
    # to the byte, so that a newline at the end is told from none
    mode = "bare" if check.mode == "=" else check.mode
    return compare("file " + place, text, mode, here.filled(check.text))


def check_received(check, here):
    listener = here.listeners[check.what]
    listener.wait()
    if check.mode != "=":
        return compare("sent to " + check.what, listener.data.decode(errors="replace"), check.mode, check.text)
    got = ", ".join(listener.kinds) or "nothing"
    problems = compare("received by " + check.what, got, "=", check.text)
    if not problems and listener.kinds and not (1 <= len(listener.data) < 4096 and listener.fds == 1):
        problems.append("%s: %d bytes and %d descriptors, not some bytes and one descriptor" % (
            check.what, len(listener.data), listener.fds))
    return problems


def check_message(check, step, result, here):
    problems, text = message(step, result)
    if problems:
        return problems
    if check.subject == "error":
        return compare("error", text, check.mode, here.filled(check.text))
    got = READERS[check.subject](text)
    return [] if got == check.text else ["%s reads %s in '%s', not %s" % (check.subject, got, text, check.text)]


def check_one(check, step, result, here):
    if check.subject == "json":
        return check_json(check, result, here)
    if check.subject == "file":
        return check_file(check, here)
    if check.subject == "received":
        return check_received(check, here)
    if check.subject in ("error",) + tuple(READERS):
        return check_message(check, step, result, here)
    got = {"stdout": result.out, "stderr": result.err, "log": result.log}[check.subject]
    return compare(check.subject, got, check.mode, here.filled(check.text))


def judge(step, result, here):
    """What is wrong with it, one text each. What a case does not speak of must be empty, and the status 0."""
    subjects = {check.subject for check in step.checks}
    failing = subjects & ({"error"} | set(READERS))
    wanted = step.status if step.status is not None else 1 if failing else 0
    problems = [p for check in step.checks for p in check_one(check, step, result, here)]
    if wanted != "any" and result.status != wanted:
        problems.append("status %s, not %s" % (result.status, wanted))
    if result.out and not subjects & {"stdout", "json"}:
        problems.append("standard output: " + world.short(result.out))
    if result.err and not failing and "stderr" not in subjects:
        problems.append("standard error: " + world.short(result.err))
    if result.log and not failing and "log" not in subjects:
        problems.append("the log: " + world.short(result.log))
    if problems and step.kind != "wait":
        problems.append("     all: %r" % result)
    return problems
