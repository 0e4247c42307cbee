"""From measured points to figures: the upper hull, rates at fixed recalls, medians over rounds."""

import json
import math
import statistics

TARGETS = [0.90, 0.95, 0.98, 0.99, 0.995]
HALVES = ("even", "odd")


def hull(points):
    """The points that no other beats in both recall and rate, by rising recall: [(recall, rate, which)]."""
    kept = []
    for point in sorted(points, key=lambda p: (p[0], p[1]), reverse=True):
        if not kept or point[1] > kept[-1][1]:
            kept.append(point)
    return kept[::-1]


def rate_at(target, line):
    """Log-linear between the points around the target; the first's rate when all reach it; None when none does."""
    above = next((p for p in line if p[0] >= target), None)
    if above is None:
        return None
    below = [p for p in line if p[0] < target]
    if not below:
        return above[1]
    share = (target - below[-1][0]) / (above[0] - below[-1][0])
    return math.exp(math.log(below[-1][1]) * (1 - share) + math.log(above[1]) * share)


def reported(points, clock):
    """The figures of one index: settings chosen on the even queries, recall and rate from the odd ones."""
    chosen = [p[2] for p in hull([(p["even"]["recall"], p["even"][clock], i) for i, p in enumerate(points)])]
    line = hull([(points[i]["odd"]["recall"], points[i]["odd"][clock], i) for i in chosen])
    return {
        "at": {str(t): rate_at(t, line) for t in TARGETS},
        "line": [{"recall": r, "qps": q, "setting": points[i]["setting"]} for r, q, i in line],
    }


def medians(rounds):
    """One list of points from the rounds' lists: medians of the rates, setting by setting; recall is that of all."""
    merged = {}
    for points in rounds:
        for point in points:
            merged.setdefault(json.dumps(point["setting"], sort_keys=True), []).append(point)
    out = []
    for key, same in merged.items():
        point = {"setting": json.loads(key), "rounds": len(same)}
        for half in HALVES:
            names = ("recall", "qps", "qps_cpu")
            point[half] = {name: statistics.median(p[half][name] for p in same) for name in names}
        out.append(point)
    return out
