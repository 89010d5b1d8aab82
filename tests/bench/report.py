#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""report.py DIR: DIR/raw.tsv and DIR/calls.tsv become DIR/bench.tsv, tables, and DIR/bench.gp for gnuplot.

raw.tsv: SERIES STEP ROUND WALL-us USER-us SYSTEM-us PEAK-KiB. calls.tsv: SERIES STEP COUNT.
A series is BUNDLE/RUNTIME.
"""
import collections
import os
import statistics
import sys

RUNTIMES = {  # in the order of columns, each with its colour
    "floor": "#999999", "agentrun-compat": "#2a78c2", "agentrun-agent": "#1b4f82", "crun": "#e0912f", "runc": "#b5473c",
}
STEPS = ["run", "create", "start", "state", "exec", "delete", "init"]
BUNDLES = {"plain": "no seccomp profile", "engine": "the engines' default seccomp profile"}
MEASURES = [
    ("wall time, median (minimum), ms", lambda c: c["wall"] and f"{c['wall']:.2f} ({c['wall_min']:.2f})"),
    ("user + system time, median, ms", lambda c: f"{c['cpu']:.2f}"),
    ("peak resident memory, median, KiB", lambda c: f"{c['rss']:.0f}"),
    ("system calls, of children too", lambda c: c["calls"] and str(c["calls"])),
]


def read(path, width):
    """The lines of a table."""
    with open(path, encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    return [row for row in rows if len(row) == width]


def cells(folder):
    """(series, step) -> measures, and the series in their order."""
    samples = collections.defaultdict(list)
    for name, step, _, wall, user, system, peak in read(os.path.join(folder, "raw.tsv"), 7):
        samples[name, step].append((int(wall) / 1000, (int(user) + int(system)) / 1000, int(peak)))
    calls = {(n, s): int(c) for n, s, c in read(os.path.join(folder, "calls.tsv"), 3)}
    table = {}
    for key, values in samples.items():
        walls, cpus, peaks = zip(*values)
        table[key] = {
            "wall": statistics.median(walls), "wall_min": min(walls), "cpu": statistics.median(cpus),
            "rss": statistics.median(peaks), "calls": calls.get(key, 0), "n": len(values),
        }
    names = {name for name, _ in table}
    return table, [f"{b}/{r}" for b in BUNDLES for r in RUNTIMES if f"{b}/{r}" in names]


def print_tables(table, series):
    """One table a measure and bundle."""
    for bundle, title in BUNDLES.items():
        names = [s for s in series if s.startswith(bundle + "/")]
        if not names:
            continue
        print(f"\n== {title}")
        for measure, show in MEASURES:
            rows = [[measure] + [n.split("/")[1] for n in names]]
            for step in STEPS:
                row = [show(table[n, step]) if (n, step) in table else "" for n in names]
                if any(row):
                    rows.append([f"  {step}"] + [cell or "-" for cell in row])
            widths = [max(len(r[i]) for r in rows) for i in range(len(rows[0]))]
            for row in rows:
                print(row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:])), sep="  ")
            print()


def write_tsv(folder, table, series):
    """All measures, one line a series and step."""
    with open(os.path.join(folder, "bench.tsv"), "w", encoding="utf-8") as out:
        print("bundle", "runtime", "step", "samples", "wall_median_ms", "wall_min_ms", "cpu_median_ms",
              "peak_rss_kib", "system_calls", sep="\t", file=out)
        for name in series:
            for step in STEPS:
                cell = table.get((name, step))
                if cell:
                    print(*name.split("/"), step, cell["n"], f"{cell['wall']:.3f}", f"{cell['wall_min']:.3f}",
                          f"{cell['cpu']:.3f}", f"{cell['rss']:.0f}", cell["calls"], sep="\t", file=out)


def write_plot(folder, table, series):
    """Bars of the median wall time, one panel a bundle."""
    panels = []
    for bundle, title in BUNDLES.items():
        names = [s for s in series if s.startswith(bundle + "/")]
        if not names:
            continue
        with open(os.path.join(folder, f"{bundle}.dat"), "w", encoding="utf-8") as out:
            print("step", *(n.split("/")[1] for n in names), file=out)
            for step in STEPS[:-1]:
                print(step, *(f"{table[n, step]['wall']:.3f}" if (n, step) in table else "nan" for n in names),
                      file=out)
        bars = [f"'{bundle}.dat' using {i}:xtic(1) title columnheader({i}) linecolor rgb '{RUNTIMES[n.split('/')[1]]}'"
                for i, n in enumerate(names, 2)]
        panels.append(f'set title "{title}"\nplot {", ".join(bars)}\n')
    with open(os.path.join(folder, "bench.gp"), "w", encoding="utf-8") as out:
        out.write("set style data histograms\nset style histogram clustered gap 1\n"
                  "set style fill solid 0.8 border -1\nset key top left\nset grid ytics\n"
                  "set logscale y\nset yrange [0.1:*]\nset ylabel 'wall time, median, ms'\n")
        for terminal, file in (("svg size 1000,800 dynamic", "bench.svg"), ("pngcairo size 1000,800", "bench.png")):
            out.write(f"set terminal {terminal}\nset output '{file}'\nset multiplot layout {len(panels)},1\n")
            out.writelines(panels)
            out.write("unset multiplot\nset output\n")


def main():
    """Report on one folder."""
    folder = sys.argv[1]
    table, series = cells(folder)
    print_tables(table, series)
    write_tsv(folder, table, series)
    write_plot(folder, table, series)


main()
