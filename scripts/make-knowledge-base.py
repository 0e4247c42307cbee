#!/usr/bin/env python3
"""Makes the files of Examples/knowledge-base from a folder that holds the full data set.

    scripts/make-knowledge-base.py DATA_FOLDER [OUT_FOLDER]

DATA_FOLDER holds base.f16.npy, queries.f32.npy and texts.jsonl.gz as the README beside the made files
describes them. The first NOTE_COUNT base rows become the notes; the queries are those of QUERY_ROWS.
The script needs nothing outside the standard library, and makes the same bytes on every run, up to
the version of zlib that deflates the notes.
"""

import gzip
import io
import json
import pathlib
import sys

NOTE_COUNT = 2000
DIMENSION = 384
NPY_HEADER_BYTES = 128

# Rows of the full set's queries that have a near neighbour among the first 2,000 base rows.
QUERY_ROWS = [73, 93, 195, 246, 332, 450, 489, 598, 722, 897, 920, 990]


def npy_header(kind: str, rows: int) -> bytes:
    """The npy 1.0 header of a C-order matrix: 128 bytes, padded with spaces, ended by a newline."""
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': ({rows}, {DIMENSION}), }}"
    length = NPY_HEADER_BYTES - 10
    return b"\x93NUMPY\x01\x00" + length.to_bytes(2, "little") + text.ljust(length - 1).encode() + b"\n"


def rows_of(path: pathlib.Path, kind: str, rows: list[int]) -> bytes:
    """The bytes of the given rows, after a look at the header: a wrong type or width must not pass."""
    width = DIMENSION * int(kind[-1])
    with path.open("rb") as file:
        header = file.read(NPY_HEADER_BYTES)
        if header[:8] != b"\x93NUMPY\x01\x00" or f"'{kind}'".encode() not in header:
            raise SystemExit(f"{path}: not an npy 1.0 matrix of {kind}")
        if f", {DIMENSION})".encode() not in header:
            raise SystemExit(f"{path}: rows are not {DIMENSION} wide")
        parts = []
        for row in rows:
            file.seek(NPY_HEADER_BYTES + row * width)
            part = file.read(width)
            if len(part) != width:
                raise SystemExit(f"{path}: row {row} is missing")
            parts.append(part)
    return b"".join(parts)


def json_line(fields: dict) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")) + "\n"


def main() -> None:
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    source = pathlib.Path(sys.argv[1])
    default = pathlib.Path(__file__).resolve().parent.parent / "Examples" / "knowledge-base"
    target = pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else default
    target.mkdir(parents=True, exist_ok=True)

    texts: dict[str, dict[int, str]] = {"b": {}, "q": {}}
    with gzip.open(source / "texts.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            texts[record["kind"]][record["row"]] = record["text"]

    notes = "".join(json_line({"_id": row, "text": texts["b"][row]}) for row in range(NOTE_COUNT))
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=9, filename="", mtime=0) as file:
        file.write(notes.encode())
    (target / "notes.jsonl.gz").write_bytes(packed.getvalue())

    queries = "".join(
        json_line({"row": place, "text": texts["q"][row]}) for place, row in enumerate(QUERY_ROWS))
    (target / "queries.jsonl").write_text(queries, encoding="utf-8")

    for name, source_name, kind, rows in [
        ("embeddings.f16.npy", "base.f16.npy", "<f2", list(range(NOTE_COUNT))),
        ("queries.f32.npy", "queries.f32.npy", "<f4", QUERY_ROWS),
    ]:
        data = rows_of(source / source_name, kind, rows)
        (target / name).write_bytes(npy_header(kind, len(rows)) + data)


if __name__ == "__main__":
    main()
