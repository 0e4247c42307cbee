#!/usr/bin/env python3
"""Checks the secondary indexes of a SmartStore file, from FORMAT.md alone, and prints one line of JSON for each.

Every entry that the documents demand, with its forms, and no other; the counters; what `multikey`, `unique` and
`building` promise.

    check_indexes.py FILE [--key-file FILE | --passphrase-file FILE]
"""
import json
import re
import struct
import unicodedata

from check_segments import Contents, field, key
from read_store import Broken, arguments, document, fields, require, run

# A value is (type byte, its bytes, where it stands in its document).
NULL, UNDEFINED = (10, b"", None), (6, b"", None)
KEPT = {16, 18, 2, 14, 8, 9, 17, 7, 5, 10, 6, 255, 127}
MISSING, LOST = 0x00, 0x20
NUMBERS = {1, 16, 18, 19}


def children(value):
    """Fields of a document or elements of an array."""
    kind, raw, place = value
    return [(name.decode(), (k, r, place + (i,))) for i, (name, k, r) in enumerate(fields(raw))]


def child(value, name):
    return next((found for known, found in children(value) if known == name), None)


class Collation:
    """Section 17, folding."""

    def __init__(self, doc):
        self.strength = doc["strength"]
        self.ignores_case = self.strength < 3 and not doc.get("caseLevel", False)

    def fold(self, text):
        if text.isascii():
            return text.lower() if self.ignores_case else text
        if self.strength == 1:
            kept = ""
            for letter in text:
                parts = unicodedata.normalize("NFD", letter)
                parts = parts if is_mark(parts[0]) or ord(parts[0]) < 0x510 else letter
                for part in parts:
                    kept += part if not is_mark(part) or not kept else ""
            text = kept
        return unicodedata.normalize("NFC", text.casefold() if self.ignores_case else text)

    def folded(self, kind, raw):
        """The bytes of a value with its strings folded."""
        if kind in (2, 14):
            text = self.fold(raw[4:-1].decode()).encode() + b"\0"
            return struct.pack("<I", len(text)) + text
        if kind in (3, 4):
            body = b"".join(bytes([k]) + name + b"\0" + self.folded(k, r) for name, k, r in fields(raw)) + b"\0"
            return struct.pack("<I", len(body) + 4) + body
        return raw


def is_mark(letter):
    return unicodedata.category(letter)[0] == "M"


def form(kind, raw):
    if kind == 1:
        number = struct.unpack("<d", raw)[0]
        return LOST if number != number or raw == bytes(7) + b"\x80" else kind
    return kind if kind in KEPT else LOST


class Index:
    def __init__(self, name, raw):
        self.name, entry = name, document(raw)
        self.root, self.pending, self.building = entry["root"], entry.get("pending"), entry.get("building", False)
        self.unique, self.sparse = entry.get("unique", False), entry.get("sparse", False)
        self.multikey, self.partial = entry.get("multikey", False), entry.get("partial")
        self.collation = Collation(entry["collation"]) if "collation" in entry else None
        known = {"keys", "root", "pending", "unique", "sparse", "partial", "expireAfterSeconds", "collation", "hidden",
                 "multikey", "building"}
        require(set(entry) <= known, f"index {name} has fields that FORMAT.md does not name")
        require(self.building == (self.pending is not None), f"index {name}: building and pending do not agree")
        require(not (self.sparse and self.partial), f"index {name} is sparse and partial")
        self.parts = [(path.split("."), direction < 0) for path, direction in entry["keys"].items()]
        self.wildcard = None
        last = next(iter(entry["keys"]))
        if last == "$**" or last.endswith(".$**"):
            require(len(self.parts) == 1 and not self.unique, f"index {name} is no wildcard that there can be")
            self.wildcard = self.parts[0][0][:-1]
        require(1 <= len(self.parts) <= 32, f"index {name} has no parts, or too many")
        if "expireAfterSeconds" in entry:
            require(len(self.parts) == 1 and self.wildcard is None, f"index {name} cannot expire anything")

    def component(self, value, descending=False):
        kind, raw = value[0], value[1]
        found = key(kind, self.collation.folded(kind, raw) if self.collation else raw)
        return bytes(byte ^ 0xFF for byte in found) if descending else found

    def entries(self, doc):
        """({index key: forms of the parts}, whether an array was opened) of a document."""
        whole = (3, doc, ())
        if self.partial is not None and not matches(whole, self.partial):
            return {}, False
        if self.wildcard is not None:
            walk = Wildcard(self)
            walk.begin(whole, self.wildcard)
            return {found: bytes([LOST, LOST]) for found in walk.keys}, walk.multikey
        walk = Expansion(self)
        walk.expand([(0, whole)] * len(self.parts))
        if self.sparse and not walk.found:
            return {}, False
        if walk.met_array:
            return {found: bytes([LOST] * len(self.parts)) for found, _ in walk.keys}, walk.multikey
        (found, values), = walk.keys
        return {found: bytes(self.form(value) for value in values)}, False

    def form(self, value):
        if value is None:
            return MISSING
        folds = self.collation and value[0] in (2, 3, 4, 14)
        return LOST if folds else form(value[0], value[1])


class Expansion:
    """Section 17: index keys of a document. A part is (step, value) on its way, or ("done", value)."""

    def __init__(self, index):
        self.index, self.keys, self.multikey, self.met_array, self.found = index, [], False, False, False

    def follow(self, path, step, value):
        """To the path's end, an array that is to be opened, or nothing."""
        while True:
            if value[0] == 4:
                self.met_array = True
                elements = [element for _, element in children(value)]
                number = int(path[step]) if step < len(path) and re.fullmatch("0|[1-9][0-9]{0,8}", path[step]) else None
                if number is None or number >= len(elements):
                    return step, value
                value, step = elements[number], step + 1
                continue
            if step == len(path):
                return "done", value
            value = child(value, path[step]) if value[0] == 3 else None
            if value is None:
                return "done", None
            step += 1

    def expand(self, progress):
        progress = [p if p[0] == "done" else self.follow(path, *p) for p, (path, _) in zip(progress, self.index.parts)]
        waiting = [value for step, value in progress if step != "done"]
        if not waiting:
            self.found = self.found or any(value is not None for _, value in progress)
            made = b"".join(self.index.component(value or NULL, descending)
                            for (_, value), (_, descending) in zip(progress, self.index.parts))
            return self.keys.append((made, [value for _, value in progress]))
        require(len({value[2] for value in waiting}) == 1, f"parallel arrays in index {self.index.name}")
        self.multikey = True
        for element in [element for _, element in children(waiting[0])] or [UNDEFINED]:
            self.expand([self.advance(p, path, element) for p, (path, _) in zip(progress, self.index.parts)])

    @staticmethod
    def advance(part, path, element):
        if part[0] == "done":
            return part
        if part[0] == len(path):
            return "done", element
        return (part[0], element) if element[0] == 3 else ("done", None)


class Wildcard:
    """Section 17: index keys of a wildcard."""

    def __init__(self, index):
        self.index, self.keys, self.multikey = index, set(), False

    def begin(self, value, base):
        if not base:
            for name, found in children(value):
                if name != "_id":
                    self.take(found, name)
        else:
            self.descend(value, base, ".".join(base))

    def descend(self, value, rest, path):
        if not rest:
            self.take(value, path)
        elif value[0] == 4:
            self.multikey = True
            for _, element in children(value):
                if element[0] == 3:
                    self.descend(element, rest, path)
        elif value[0] == 3 and child(value, rest[0]) is not None:
            self.descend(child(value, rest[0]), rest[1:], path)

    def take(self, value, path):
        if value[0] == 3 and len(value[1]) > 5:
            for name, found in children(value):
                self.take(found, path + "." + name)
        elif value[0] == 4:
            self.multikey = True
            for _, element in children(value):
                if element[0] == 3 and len(element[1]) > 5:
                    self.take(element, path)
                else:
                    self.emit(element, path)
            if not children(value):
                self.emit(UNDEFINED, path)
        else:
            self.emit(value, path)

    def emit(self, value, path):
        text = path.encode() + b"\0"
        self.keys.add(key(2, struct.pack("<I", len(text)) + text) + self.index.component(value))


def matches(doc, condition):
    """As much of partial filters as golden files have: numbers under comparisons."""
    for path, wanted in condition.items():
        if not isinstance(wanted, dict) or not set(wanted) <= {"$gt", "$gte", "$lt", "$lte"}:
            raise Broken("a partial filter that this script does not know")
        value = doc
        for name in path.split("."):
            value = child(value, name) if value and value[0] == 3 else None
        if value is None or value[0] not in NUMBERS:
            return False
        for name, bound in wanted.items():
            made = key(16, struct.pack("<i", bound)), key(value[0], value[1])
            if not {"$gt": made[1] > made[0], "$gte": made[1] >= made[0],
                    "$lt": made[1] < made[0], "$lte": made[1] <= made[0]}[name]:
                return False
    return True


def check(contents, name, index, documents, counted):
    """What one index has, against what the documents demand."""
    store, place = contents.store, f"{name}.{index.name}"
    stored, expected, owners, opened = dict(store.entries(index.root)), {}, {}, False
    for doc in documents:
        kind, raw = field(doc, b"_id")
        owner, found = key(kind, raw), index.entries(doc)
        opened = opened or found[1]
        for index_key, forms in found[0].items():
            expected[index_key + owner] = forms + bytes([form(kind, raw)])
            owners.setdefault(index_key, set()).add(owner)
    if index.building:
        pending = dict(store.entries(index.pending))
        require(not any(pending.values()), f"{place}: a pending document with a value")
        for entry, forms in stored.items():
            if not any(entry.endswith(owner) for owner in pending):
                require(expected.get(entry) == forms, f"{place} has an entry {entry.hex()} that no document demands")
        return {"index": place, "entries": len(stored), "pending": len(pending)}
    for entry, forms in expected.items():
        require(entry in stored, f"{place} lacks the entry {entry.hex()}")
        require(stored[entry] == forms, f"{place}: forms {stored[entry].hex()} of {entry.hex()}, not {forms.hex()}")
    for entry in stored:
        require(entry in expected, f"{place} has an entry {entry.hex()} that no document demands")
    require(counted == len(stored), f"{place}: {counted} entries counted, {len(stored)} there")
    require(index.multikey or not opened, f"{place} is not marked as multikey")
    twice = index.unique and any(len(found) > 1 for found in owners.values())
    require(not twice, f"{place} is unique, but two documents have one key")
    return {"index": place, "entries": len(stored)}


def main():
    contents = Contents(arguments("Checks the secondary indexes of a SmartStore file. Never writes."))
    collections, counters = dict(contents.collections()), dict(contents.named(0x07))
    described = contents.named(0x06)
    require(contents.store.slot.version >= 4 or not described, "secondary indexes in a file before version 4")
    require(set(counters) <= {place for place, _ in described}, "a counter without an index")
    for place, raw in described:
        name, index = (part.decode() for part in place.split(b"\0"))
        counted = document(counters[place]).get("entries", 0) if place in counters else 0
        print(json.dumps(check(contents, name, Index(index, raw), collections[name], counted), ensure_ascii=False))


if __name__ == "__main__":
    run(main)
