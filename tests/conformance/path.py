# SPDX-License-Identifier: GPL-2.0-or-later
"""Places in a JSON value: .process.args[0], .annotations."org.example/a", and .keys or .length at the end."""
import re

PART = re.compile(r'\.([A-Za-z_][\w-]*)|\."([^"]*)"|\[(-?\d+)\]')
NOTHING = object()


def parts(where):
    found, at = [], 0
    while at < len(where) and where != ".":
        m = PART.match(where, at)
        if not m:
            raise ValueError("'%s' is no place in a JSON value" % where)
        found.append(int(m.group(3)) if m.group(3) else m.group(2) if m.group(1) is None else m.group(1))
        at = m.end()
    return found


def step(value, part):
    if isinstance(part, int):
        return value[part] if isinstance(value, list) and -len(value) <= part < len(value) else NOTHING
    if isinstance(value, dict) and part in value:
        return value[part]
    if part == "keys" and isinstance(value, dict):
        return list(value)
    if part == "length" and isinstance(value, (dict, list, str)):
        return len(value)
    return NOTHING


def get(value, where):
    for part in parts(where):
        value = step(value, part)
    return value


def change(value, operator, where, new):
    """In place: "=", "+=" for lists, "-" takes away. Objects on the way are made."""
    *way, last = parts(where)
    for part in way:
        if isinstance(value, dict):
            value = value.setdefault(part, {})
        else:
            value = value[part]
    if operator == "-":
        del value[last]
    elif operator == "+=":
        value.setdefault(last, []).extend(new)
    else:
        value[last] = new
