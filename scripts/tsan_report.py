#!/usr/bin/env python3
"""Sorts the reports of a Thread Sanitizer run: tsan_report.py LOG [JSON]

The sanitizer does not see the lock of Swift's `Mutex` when two threads contend for it (Swift 6.3: its slow path is not
instrumented), so two accesses that both stand inside `withLock` are reported although one waits for the other. Such
reports are counted apart. Any other report is printed and ends with status 1. What this cannot see: two accesses under
two different mutexes. Writes a row for `smartstore-prove report` to JSON.
"""
import json
import re
import sys


def accesses(report):
    """The stacks of the two accesses of a report."""
    parts = re.split(r"\n  (?=(?:Previous|Read|Write|Modifying|Atomic))", report)
    return [p.split("\n\n")[0] for p in parts if re.match(r"(Previous|Read|Write|Modifying|Atomic)", p)][:2]


def main():
    with open(sys.argv[1], errors="replace") as log:
        text = log.read()
    reports = [r for r in text.split("==================") if "WARNING: ThreadSanitizer" in r]
    # A closure given to `withLock` takes its value `inout sending`: Vz…Yu…TXE in a mangled name.
    def is_locked(report):
        found = accesses(report)
        return len(found) == 2 and all(re.search("zYuYT|withLock", access) for access in found)

    others = [report for report in reports if not is_locked(report)]
    snapshots = sum(int(n) for n in re.findall(r"(\d+) snapshots in", text))
    locked = len(reports) - len(others)
    note = f"{locked} reports inside Mutex.withLock, which the sanitizer cannot see; {len(others)} others"
    print(f"{snapshots} snapshots: {note}")
    for report in others:
        print(report)
    if len(sys.argv) > 2:
        row = {"row": "threads under the Thread Sanitizer", "cases": snapshots, "failures": [r[:300] for r in others],
               "seconds": 0, "note": note}
        with open(sys.argv[2], "w") as out:
            json.dump([row], out)
    sys.exit(1 if others else 0)


main()
