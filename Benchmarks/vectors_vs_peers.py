#!/usr/bin/env python3
"""SmartStore's vector index beside other libraries: one run, one machine, one core.

    python3 -m venv venv && venv/bin/pip install numpy hnswlib faiss-cpu scalable-vs scann
    swift build -c release --product smartstore-bench
    venv/bin/python Benchmarks/vectors_vs_peers.py --data ../shared/data/ann --out out/peers.json

The folder of --data holds base.f16.npy (n x d), queries.f32.npy (q x d) and truth.i32.npy (q x 100, the rows of the
exact cosine neighbours, best first). A peer that is not installed is left out, and the run says so.

How it is measured:

* Every job is a process of its own, pinned to one core, with one thread. A peer's index is built once and kept in the
  run's temporary folder; hnswlib, whose build rate ours is compared with, is built anew in every round, and so is ours.
* Rounds are interleaved: a round runs every index once, in an order that turns from round to round, so that a change
  of the machine's mood falls on all of them. Figures are medians over the rounds.
* An index is swept over its settings (search breadth, breadth and rerank, codes kept, leaves). Each setting answers all
  queries, one query a call, several passes over; the median pass counts. Rates are by the wall clock, with the cost of
  the call from Python (the peers) or Swift (ours) in them; rows "all queries in one call" show the former.
* Half of the queries tune, the other half report. On the even queries the settings are chosen: those that no other
  setting of that index beats in both recall and rate (the upper hull). Of these alone, recall and rate on the odd
  queries give the figures: interpolated log-linearly between the two chosen settings around a recall. Where the odd
  queries order two neighbours the other way round, the one that is beaten in both is dropped. The same code does this
  for the peers and for ours, with rates of the two halves timed apart.
* Sweeps go on until recall on all queries is complete or has ceased to rise; what ends a sweep is the same for all.

Several configurations of ours can be compared, with each other too:

    --ours "SmartStore=" --ours "AVX2=--kernels avx2" --ours "encrypted store=--encrypted --opens 1 --folder DIR"
"""

import argparse
import datetime
import importlib.util
import json
import os
import platform
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from peers.figures import HALVES, TARGETS, medians, reported

MARK = "RESULT "


# ----------------------------------------------------------------------------------------------------------------- run


class Run:
    def __init__(self, args, folder):
        self.args, self.folder = args, folder
        self.core = args.core if args.core is not None else min(os.sched_getaffinity(0))
        self.start = time.perf_counter()
        self.titles, self.failed = {}, {}
        self.points, self.builds, self.two_threads, self.loads = {}, {}, {}, []

    def say(self, text):
        print(f"[{time.perf_counter() - self.start:7.1f} s] {text}", file=sys.stderr, flush=True)

    def python(self, kind, row, folder):
        job = {"kind": kind, "row": row, "folder": folder, "data": os.path.abspath(self.args.data), "k": self.args.k}
        job |= {"passes": self.args.passes, "core": self.core}
        # One thread whatever the library's threads are called; workers that wait must not spin on the one core.
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
        environment = dict(os.environ, OMP_WAIT_POLICY="passive", TF_CPP_MIN_LOG_LEVEL="3", **{n: "1" for n in names})
        command = [sys.executable, os.path.abspath(__file__), "--job", json.dumps(job)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder, check=False)
        for line in reversed(done.stdout.splitlines()):
            if line.startswith(MARK):
                return json.loads(line[len(MARK) :])
        raise RuntimeError((done.stderr or done.stdout).strip()[-300:] or f"exit code {done.returncode}")

    def ours(self, flags, cores, extra=()):
        out = os.path.join(self.folder, "ours.json")
        command = [os.path.abspath(self.args.binary), "vectors", "--data", self.args.data]
        # The bare index, unless the flags ask for a store.
        command += [] if {"--encrypted", "--no-encrypted"} & set(flags) else ["--index-only"]
        command += ["--k", str(self.args.k), "--passes", str(self.args.passes), "--threads", str(len(cores))]
        command += ["--json", out, *flags, *extra]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, preexec_fn=lambda: os.sched_setaffinity(0, cores))
        if done.returncode != 0:
            raise RuntimeError((done.stderr or done.stdout).strip()[-300:])
        with open(out, encoding="utf-8") as file:
            return json.load(file)

    def attempt(self, title, action):
        """An index that fails is named and left out; the others go on."""
        if title in self.failed:
            return None
        try:
            return action()
        except (RuntimeError, OSError, KeyError, ValueError) as error:
            self.failed[title] = str(error)
            self.say(f"FAILED, left out from here on: {title}: {error}")
            return None

    def build(self, row, title, folder):
        def job():
            shutil.rmtree(folder, ignore_errors=True)
            os.makedirs(folder)
            return self.python("build", row, folder)["build_per_second"]

        rate = self.attempt(title, job)
        if rate is not None:
            self.builds.setdefault(title, []).append(rate)
            self.say(f"built {title}: {rate:,.0f} rows a second")

    def measure_peer(self, row, title, folder):
        result = self.attempt(title, lambda: self.python("search", row, folder))
        if result:
            self.points.setdefault(title, []).append(result["points"])
            self.say(f"searched {title}: {len(result['points'])} settings")

    def measure_ours(self, title, flags):
        def job():
            figures = self.ours(flags, {self.core})
            names = ("breadth", "rerank")
            points = [
                {"setting": {n: p[n] for n in names if p.get(n) is not None}, **{h: p[h] for h in HALVES}}
                for p in figures["results"]
            ]
            return points, figures["build_per_second"], figures

        result = self.attempt(title, job)
        if result:
            self.points.setdefault(title, []).append(result[0])
            self.builds.setdefault(title, []).append(result[1])
            self.about = {n: result[2].get(n) for n in ("machine", "commit", "file_bytes", "codes", "connectivity")}
            self.say(f"built and searched {title}: {result[1]:,.0f} rows a second, {len(result[0])} settings")

    def measure_two_threads(self, title, flags):
        cores = set(sorted(os.sched_getaffinity(0))[:2])
        if len(cores) < 2:
            return
        few = ["--limit-queries", "20", "--breadths", "16"]
        if title in self.failed:
            return
        result = self.attempt(title + ", two threads", lambda: self.ours(flags, cores, few)["build_per_second"])
        if result:
            self.two_threads.setdefault(title, []).append(result)

    def go(self, rows, ours):
        jobs, folder = [], None
        for index, (_, title, _, shape) in rows:
            if not shape.get("block"):
                folder = os.path.join(self.folder, str(index))
                self.build(index, title, folder)
                if title in self.failed:
                    continue
            jobs.append(lambda i=index, t=title, f=folder: self.measure_peer(i, t, f))
        jobs += [lambda t=title, f=flags: self.measure_ours(t, f) for title, flags in ours]
        # hnswlib's build is the measure of ours, so it is repeated as often.
        again = [(i, r[1]) for i, r in rows if r[0] == "hnswlib" and not r[3].get("block")]
        for number in range(self.args.rounds):
            self.loads.append(os.getloadavg()[0])
            self.say(f"round {number + 1} of {self.args.rounds}, load {self.loads[-1]:.2f}")
            for job in jobs[number % len(jobs) :] + jobs[: number % len(jobs)]:
                job()
            # Of the first configuration only: the others differ in how they search.
            for title, flags in ours[:1]:
                self.measure_two_threads(title, flags)
            for index, title in again if number > 0 else []:
                self.build(index, title, os.path.join(self.folder, str(index)))


# -------------------------------------------------------------------------------------------------------------- report


def number(value, digits=0):
    return "-" if value is None else f"{value:,.{digits}f}"


def table(head, rows):
    widths = [max(len(row[i]) for row in [head] + rows) for i in range(len(head))]
    lines = [head, ["-" * w for w in widths], *rows]
    for line in lines:
        cells = (c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(line, widths)))
        print("| " + " | ".join(cells) + " |")


def summarise(run, peers, ours, reference):
    """Every index's figures, the best peer at each recall, and the ratios."""
    indexes = {}
    for title, rounds in run.points.items():
        points = medians(rounds)
        indexes[title] = {"ours": title in ours, "points": points, **reported(points, run.args.clock)}
        indexes[title]["build_per_second"] = statistics.median(run.builds[title]) if title in run.builds else None
        indexes[title]["build_rounds"] = run.builds.get(title, [])
    single = [t for t, block in peers if t in indexes and not block]
    every = [t for t, _ in peers if t in indexes]

    def best(titles):
        known = {t: [r for r in (indexes[x]["at"][t] for x in titles) if r] for t in map(str, TARGETS)}
        return {t: max(rates) if rates else None for t, rates in known.items()}

    bests = {"one query a call": best(single), "any way of calling": best(every)}
    ratios = {}
    for title in ours:
        if title not in indexes:
            continue
        at = indexes[title]["at"]
        ratios[title] = {
            name: {t: at[t] / rate[t] if at[t] and rate[t] else None for t in at} for name, rate in bests.items()}
        built = indexes[title]["build_per_second"]
        if reference in indexes:
            ratios[title]["build over hnswlib"] = built / indexes[reference]["build_per_second"]
        if title in run.two_threads:
            indexes[title]["build_two_threads"] = statistics.median(run.two_threads[title])
            ratios[title]["two threads over one"] = indexes[title]["build_two_threads"] / built
    return {"indexes": indexes, "best": bests, "ratios": ratios}


def show(summary, run):
    names = [str(t) for t in TARGETS]
    rows = []
    for title, figures in summary["indexes"].items():
        rates = [number(figures["at"][t]) for t in names]
        rows.append([title, number(figures["build_per_second"]), *rates])
    for name, rates in summary["best"].items():
        rows.append([f"best peer, {name}", "", *[number(rates[t]) for t in names]])
    first = next(iter(summary["ratios"]), None)
    for title in summary["ratios"]:
        if title != first:
            ours, base = (summary["indexes"][x]["at"] for x in (title, first))
            values = [f"{ours[t] / base[t]:.2f} ×" if ours[t] and base[t] else "-" for t in names]
            rows.append([f"{title} / {first}", "", *values])
    for title, ratios in summary["ratios"].items():
        for name in summary["best"]:
            build = ratios.get("build over hnswlib") if name == "one query a call" else None
            cell = f"{build:.2f} × hnswlib" if build else ""
            values = [f"{ratios[name][t]:.2f} ×" if ratios[name][t] else "-" for t in names]
            rows.append([f"{title} / best peer, {name}", cell, *values])
    rounds = f"medians of {run.args.rounds} rounds"
    print(f"\nQueries a second at a recall@{run.args.k} on the odd queries, one core, {rounds}\n")
    table(["index", "build/s, 1 thread"] + ["@" + n for n in names], rows)
    for title, ratios in summary["ratios"].items():
        if "two threads over one" in ratios:
            rate = summary["indexes"][title]["build_two_threads"]
            print(f"\n{title}, two threads: {rate:,.0f} rows a second, {ratios['two threads over one']:.2f} × one")
    for title, reason in run.failed.items():
        print(f"\nFAILED: {title}: {reason}")
    if max(run.loads, default=0) > 1.5:
        print(f"\nThe machine was busy (load up to {max(run.loads):.1f}): these figures say little.")


def versions(packages):
    from importlib import metadata

    return {name: metadata.version(name) for name in packages}


# ---------------------------------------------------------------------------------------------------------------- main


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder with the vectors")
    parser.add_argument("--rounds", type=int, default=5, help="rounds; medians count")
    parser.add_argument("--passes", type=int, default=3, help="passes over the queries in a round; the median counts")
    parser.add_argument("--k", type=int, default=10, help="neighbours a query asks for")
    parser.add_argument("--binary", default=".build/release/smartstore-bench", help="path of smartstore-bench")
    parser.add_argument("--ours", action="append", metavar="NAME=FLAGS",
                        help="a configuration of ours, with flags of `smartstore-bench vectors`; may be repeated")
    parser.add_argument("--peers", default="svs,faiss-flat,hnswlib,scann", help="which peers, separated by commas")
    parser.add_argument("--clock", choices=("qps", "qps_cpu"), default="qps", help="wall clock or processor time")
    parser.add_argument("--core", type=int, help="the core to pin to (default: the first one)")
    parser.add_argument("--out", default="peers.json", help="where the figures go as JSON")
    parser.add_argument("--plot", metavar="FILE.svg", help="also draw recall against queries a second")
    return parser.parse_args()


def main():
    if sys.argv[1:2] == ["--job"]:
        from peers import job

        job.main(sys.argv[2])
    args = parse()
    from peers import indexes

    wanted = args.peers.split(",") if args.peers else []
    unknown = set(wanted) - {row[0] for row in indexes.ROWS}
    if unknown:
        sys.exit(f"unknown peers: {', '.join(sorted(unknown))}")
    if not os.access(args.binary, os.X_OK):
        sys.exit(f"{args.binary} is not there: build it, or name it with --binary")
    rows, packages = [], ["numpy"]
    for index, row in enumerate(indexes.ROWS):
        if row[0] not in wanted:
            continue
        if importlib.util.find_spec(row[2].module) is None:
            print(f"NOT INSTALLED, left out: {row[1]} (pip install {row[2].package})", file=sys.stderr)
            continue
        rows.append((index, row))
        packages.append(row[2].package)
    ours = [(name or "SmartStore", shlex.split(flags)) for name, _, flags in
            (text.partition("=") for text in args.ours or ["SmartStore="])]
    folder = tempfile.mkdtemp(prefix="vectors-vs-peers-")
    try:
        run = Run(args, folder)
        run.go(rows, ours)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    peers = [(row[1], bool(row[3].get("block"))) for _, row in rows]
    reference = next((row[1] for _, row in rows if row[0] == "hnswlib"), None)
    summary = summarise(run, peers, [name for name, _ in ours], reference)
    show(summary, run)
    summary |= {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), "clock": args.clock,
        "rounds": args.rounds, "passes": args.passes, "k": args.k, "loads": run.loads, "failed": run.failed,
        "ours": {name: flags for name, flags in ours}, "about_ours": getattr(run, "about", None),
        "versions": versions(packages) | {"python": platform.python_version()}, "data": os.path.basename(args.data),
    }
    with open(args.out, "w", encoding="utf-8") as file:
        json.dump(summary, file, indent=1)
        file.write("\n")
    if args.plot:
        from peers import plot

        lines = {title: [(p["recall"], p["qps"]) for p in x["line"]] for title, x in summary["indexes"].items()}
        plot.write(args.plot, lines, [name for name, _ in ours])


if __name__ == "__main__":
    main()
