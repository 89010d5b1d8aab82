# SPDX-License-Identifier: GPL-2.0-or-later
"""Case files: what README.md says of them, as objects."""
import json
import re
import shlex


class Case:
    """What is set up, and the steps."""

    def __init__(self, title):
        self.title = title
        self.since = []     # (runtime, (1, 2))
        self.excepted = []  # (runtime, where: a feature or "", why)
        self.needs, self.tags = [], []
        self.given = "none"
        self.args = None    # of the container's process
        self.config = []    # (operator, path, value)
        self.sockets = []   # names of files in the case's folder
        self.steps = []


class Step:
    """One command and what is expected of it."""

    def __init__(self, kind, words, text):
        self.kind, self.words, self.text = kind, words, text
        self.status = None
        self.env, self.cwd, self.stdin = [], None, ""
        self.checks = []  # Check


class Check:
    """subject: stdout, stderr, error, log, json, file, received, docker ...; what: its path or name."""

    def __init__(self, subject, what, mode, text):
        self.subject, self.what, self.mode, self.text = subject, what, mode, text


class Wrong(Exception):
    """A case file that cannot be read."""


STEPS = {"$": "runtime", "$$": "bare", "!": "shell", "wait": "wait"}
MODES = ("has", "lacks", "~", "bare", "is", "any", "absent", "=", "!=")


def version(text):
    return tuple(int(n) for n in re.findall(r"\d+", text)[:3])


def header(case, word, rest):
    if word == "since":
        name, number = rest.split()
        case.since.append((name, version(number)))
    elif word == "except":
        which, why = rest.split(": ", 1)
        name, _, where = which.partition(" where ")
        case.excepted.append((name, where, why))
    elif word == "needs":
        case.needs += rest.split()
    elif word == "tag":
        case.tags += rest.split()
    elif word == "given":
        case.given = rest
    elif word == "args":
        case.args = shlex.split(rest)
    elif word == "config":
        found = re.match(r"(-) (\S+)$|(\S+) (\+?=) (.*)$", rest)
        if not found:
            raise Wrong("config PATH = JSON, PATH += JSON or - PATH, not '%s'" % rest)
        if found.group(1):
            case.config.append(("-", found.group(2), None))
        else:
            case.config.append((found.group(4), found.group(3), json.loads(found.group(5))))
    elif word == "listen":
        case.sockets.append(rest)
    else:
        return False
    return True


def check(word, rest):
    """The line of a check taken apart; the text of "is" follows in the next lines."""
    what = None
    if word in ("json", "file", "received"):
        what, _, rest = rest.partition(" ")
    mode, _, text = rest.partition(" ")
    if mode not in MODES:
        mode, text = "=", rest
    return Check(word, what, mode, text)


def expectation(step, word, rest):
    if word == "status":
        step.status = rest if rest == "any" else int(rest)
    elif word == "env":
        step.env.append(rest)
    elif word == "in":
        step.cwd = rest
    elif word == "stdin":
        step.stdin = rest
    elif word in ("stdout", "stderr", "error", "log", "json", "file", "received", "docker", "dockerd", "podman", "kill"):
        step.checks.append(check(word, rest))
    else:
        return False
    return True


def read_line(cases, line):
    word, _, rest = line.partition(" ")
    if word == "==":
        cases.append(Case(rest))
        return
    if not cases:
        raise Wrong("a line before the first case")
    case = cases[-1]
    if line.startswith("| ") or line == "|":
        case.steps[-1].checks[-1].text += line[2:] + "\n"
    elif word in STEPS:
        words = rest if word == "!" else shlex.split(rest)
        case.steps.append(Step(STEPS[word], words, line))
    elif case.steps:
        if not expectation(case.steps[-1], word, rest):
            raise Wrong("unknown word '%s'" % word)
    elif not header(case, word, rest):
        raise Wrong("unknown word '%s' before the first step" % word)


def read(path):
    cases = []
    with open(path) as lines:
        for number, line in enumerate(lines, 1):
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                continue
            try:
                read_line(cases, line)
            except (Wrong, ValueError, IndexError) as why:
                raise SystemExit("%s:%d: %s" % (path, number, why))
    for one in cases:
        if not one.steps:
            raise SystemExit("%s: the case '%s' has no step" % (path, one.title))
    return cases
