"""One job of the comparison, in a process of its own: builds a peer's index, or opens it and sweeps its settings."""

import gc
import importlib
import json
import os
import statistics
import time

import numpy as np

from peers import indexes

HALVES = ("even", "odd")
MARK = "RESULT "


def main(text):
    job = json.loads(text)
    # Before the library is loaded, so that every thread it starts is pinned as well.
    os.sched_setaffinity(0, {job["core"]})
    result = build(job) if job["kind"] == "build" else search(job)
    print("\n" + MARK + json.dumps(result), flush=True)
    os._exit(0)  # a library's own tear-down is not measured, and some do not end


def load(folder, name):
    return np.load(os.path.join(folder, name), mmap_mode="r")


def unit_base(folder):
    base = load(folder, "base.f16.npy").astype(np.float32)
    return base / np.linalg.norm(base, axis=1, keepdims=True)


def index_of(job, dimension):
    _, _, kind, shape = indexes.ROWS[job["row"]]
    return kind(job["folder"], dimension, job["k"], shape)


def build(job):
    """Builds the index, keeps it, and says how many rows a second that took."""
    base = unit_base(job["data"])
    peer = index_of(job, base.shape[1])
    importlib.import_module(peer.module)
    start, processor = time.perf_counter(), time.process_time()
    peer.build(base)
    seconds, processor = time.perf_counter() - start, time.process_time() - processor
    peer.save()
    return {"build_per_second": len(base) / seconds, "build_per_cpu_second": len(base) / processor}


def search(job):
    """Sweeps the settings; for each, recall and rate of the even queries and of the odd ones."""
    queries = load(job["data"], "queries.f32.npy").astype(np.float32)
    truth = load(job["data"], "truth.i32.npy")[:, : job["k"]]
    halves = {name: (np.ascontiguousarray(queries[i::2]), truth[i::2]) for i, name in enumerate(HALVES)}
    peer = index_of(job, queries.shape[1])
    peer.open(len(load(job["data"], "base.f16.npy")))
    points, ended = [], set()
    gc.disable()
    for setting in peer.settings():
        # A sweep of rising breadth ends by itself; where two things are set, each value of the second has its sweep.
        sweep = setting.get("kept") if "leaves" in setting else None
        if sweep in ended:
            continue
        peer.use(setting)
        points.append({"setting": setting, **measure(peer, halves, job["passes"])})
        same = [p for p in points if sweep is None or p["setting"].get("kept") == sweep]
        if is_complete([(p["even"]["recall"] + p["odd"]["recall"]) / 2 for p in same]):
            ended.add(sweep)
    return {"points": points}


def measure(peer, halves, passes):
    """All queries, several passes over; the halves take turns, and the median pass of each counts."""
    peer.answer(halves["even"][0][:50])
    found, walls, processors = {}, {name: [] for name in halves}, {name: [] for name in halves}
    for _ in range(passes):
        for name, (asked, _) in halves.items():
            start, processor = time.perf_counter(), time.process_time()
            found[name] = peer.answer(asked)
            walls[name].append(time.perf_counter() - start)
            processors[name].append(time.process_time() - processor)
    return {
        name: {
            "recall": recall(found[name], nearest),
            "qps": len(asked) / statistics.median(walls[name]),
            "qps_cpu": len(asked) / max(1e-9, statistics.median(processors[name])),
        }
        for name, (asked, nearest) in halves.items()
    }


def recall(found, nearest):
    """The share of the true neighbours among the answers. Blocks of answers have a row for each of their queries."""
    found = np.concatenate([np.atleast_2d(block) for block in found])
    hits = sum(len({int(i) for i in ids} & {int(i) for i in true}) for ids, true in zip(found, nearest))
    return hits / nearest.size


def is_complete(recalls):
    """Whether a sweep may end: recall is complete, or the last four steps brought nothing."""
    return recalls[-1] >= 0.999 or (len(recalls) > 5 and recalls[-1] - recalls[-5] < 0.0003)
