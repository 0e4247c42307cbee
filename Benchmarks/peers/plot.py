"""Recall against queries a second as an SVG: rates on a log scale, recall stretched towards 1, where indexes differ."""

import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 860, 520
LEFT, RIGHT, TOP, BOTTOM = 78, 250, 24, 56
RECALLS = [0.80, 0.90, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999]
COLOURS = ["#4477aa", "#66ccee", "#228833", "#ccbb44", "#aa3377", "#777777", "#88ccaa", "#994455"]
OUR_COLOURS = ["#d62728", "#ff7f0e", "#8c564b", "#e377c2"]


def write(path, lines, emphasised):
    """`lines` maps a title to points (recall, rate); those of `emphasised` are drawn thicker."""
    rates = [rate for points in lines.values() for recall, rate in points if recall >= RECALLS[0]]
    if not rates:
        return
    low = 10 ** math.floor(math.log10(min(rates)))
    high = 10 ** math.ceil(math.log10(max(rates) * 1.01))

    def stretch(recall):
        return -math.log10(1 - min(recall, 0.9992) + 0.0005)

    def x(recall):
        share = (stretch(recall) - stretch(RECALLS[0])) / (stretch(RECALLS[-1]) - stretch(RECALLS[0]))
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(rate):
        share = math.log10(rate / low) / math.log10(high / low)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for recall in RECALLS:
        out.append(f'<path d="M{x(recall):.1f} {TOP}V{bottom}" stroke="#dddddd"/>')
        out.append(f'<text x="{x(recall):.1f}" y="{bottom + 18}" text-anchor="middle">{recall:g}</text>')
    rate = low
    while rate <= high:
        for step in (1, 2, 5) if rate < high else (1,):
            place = y(rate * step)
            out.append(f'<path d="M{LEFT} {place:.1f}H{right}" stroke="#dddddd"/>')
            out.append(f'<text x="{LEFT - 6}" y="{place + 4:.1f}" text-anchor="end">{rate * step:,.0f}</text>')
        rate *= 10
    out.append(f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 14}" text-anchor="middle">recall</text>')
    middle = (TOP + bottom) / 2
    out.append(
        f'<text x="16" y="{middle}" text-anchor="middle" transform="rotate(-90 16 {middle})">queries a second</text>')
    peers = ours = 0
    for place, (title, points) in enumerate(lines.items()):
        if title in emphasised:
            colour, width = OUR_COLOURS[ours % len(OUR_COLOURS)], 3
            ours += 1
        else:
            colour, width = COLOURS[peers % len(COLOURS)], 1.5
            peers += 1
        drawn = [(x(r), y(q)) for r, q in points if r >= RECALLS[0]]
        if drawn:
            shape = "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in drawn)
            out.append(f'<path d="{shape}" fill="none" stroke="{colour}" stroke-width="{width}"/>')
            out += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="{width + 0.5}" fill="{colour}"/>' for a, b in drawn]
        row = TOP + 14 + place * 19
        out.append(f'<path d="M{right + 14} {row - 4}h18" stroke="{colour}" stroke-width="{width}"/>')
        out.append(f'<text x="{right + 38}" y="{row}" font-size="11">{escape(title)}</text>')
    out.append("</svg>")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(out) + "\n")
