#!/usr/bin/env python3
"""Checks what the trees of a SmartStore file hold, from FORMAT.md alone, and prints cache and audit entries as JSON.

Every document's key against its `_id`, every vector row against its document, the cache's order of use, the audit
chain.

    check_segments.py FILE [--key-file FILE | --passphrase-file FILE]
"""
import hashlib
import hmac
import json
import math
import struct
from fractions import Fraction

from read_store import arguments, document, fields, hkdf, require, run, u32, u64

CLASSES = {
    255: 0x02, 6: 0x04, 10: 0x06, 1: 0x08, 16: 0x08, 18: 0x08, 19: 0x08, 2: 0x30, 14: 0x30, 3: 0x34, 4: 0x38, 5: 0x3C,
    7: 0x40, 8: 0x44, 9: 0x48, 17: 0x4C, 11: 0x50, 12: 0x54, 13: 0x58, 15: 0x5C, 127: 0xF0,
}


class Contents:
    """Sections 8 to 12: what the trees hold."""

    def __init__(self, store):
        self.store = store
        self.catalog = list(store.entries(store.catalog)) if store.catalog else []

    def named(self, kind):
        return [(name[1:], value) for name, value in self.catalog if name[0] == kind]

    def collections(self):
        for name, entry in self.named(0x01):
            documents = list(self.store.entries(document(entry)["root"]))
            for stored_key, doc in documents:
                require(key(*field(doc, b"_id")) == stored_key, "a document stands under another key than its _id's")
            counted = document(dict(self.named(0x02))[name])["documents"]
            require(counted == len(documents), f"{len(documents)} documents in {name.decode()}, but {counted} counted")
            self.check_vectors(name, documents)
            yield name.decode(), [doc for _, doc in documents]

    def check_vectors(self, name, documents):
        """Every vector row leads to its document, and back."""
        for place, entry in self.named(0x03):
            collection, path = place.split(b"\0")
            if collection != name:
                continue
            index, counters = document(entry), document(dict(self.named(0x04))[place])
            width = 4 if index["storage"] == "float32" else 2
            rows = {k: v for k, v in self.store.entries(index["rows"])}
            dead = {k for k, _ in self.store.entries(index["dead"])}
            ids = {doc_key: field(doc, b"_id") for doc_key, doc in documents}
            live = 0
            for doc_key, row in rows.items():
                if doc_key[0] == 0xFF:
                    continue
                live, number = live + 1, int.from_bytes(row, "big")
                require(row not in dead and doc_key in ids, f"row {number} has no document")
                slot = array(self.store, index["ids"], 32 * number, 32)
                found = rows[b"\xff\xff" + row] if slot[0] == 0xFF else slot[1:1 + slot[0]]
                require(field(found, b"") == ids[doc_key], f"row {number} names another _id")
                stride = width * index["dimension"]
                vector = array(self.store, index["vectors"], stride * number, stride)
                squares = sum(x * x for x in struct.unpack(f"<{index['dimension']}{'fe'[width == 2]}", vector))
                require(index["metric"] != "cosine" or abs(squares - 1) < 0.01, f"row {number} is not of length 1")
            require(live == counters["live"] and len(dead) + live == counters["rows"], "vectors are counted wrong")

    def cache(self):
        for _, entry in self.named(0x10):
            header = document(entry)
            order = dict(self.store.entries(header["order"]))
            for name, value in self.store.entries(header["entries"]):
                expiry, tick = struct.unpack_from("<qQ", value)
                require(order[struct.pack(">Q", tick)] == name, "a cache entry is not in the order of use")
                yield {"key": name.decode(), "expires": expiry or None, "value": value[16:].decode("latin-1")}

    def audit(self):
        for _, raw in self.named(0x11):
            entry = document(raw)
            if field(raw, b"form") is None:
                yield from self.keyed_audit(entry, raw)
            else:
                require(entry["form"] == 2, "an audit log of another form")
                yield from self.sealed_audit(entry, raw)

    def keyed_audit(self, entry, raw):
        """Form 1: a chain under a key of the file."""
        slot, last, count = self.store.slot, bytes(32), 0
        audit_key = hkdf(slot.data_keys[1 if slot.encrypted else 0], slot.file_id, b"smartstore audit")
        for sequence, value in self.store.entries(entry["entries"]):
            count += 1
            last = hmac.new(audit_key, last + sequence + value[32:], "sha256").digest()
            sound = int.from_bytes(sequence, "big") == count and value[:32] == last
            require(sound, f"audit entry {count} is broken")
            yield {"sequence": count, **document(value[32:]), "hash": last.hex()}
        require(entry["count"] == count and binary(raw, b"head") == last, "audit log cut off")

    def sealed_audit(self, entry, raw):
        """Form 2: a chain without a key, a tree, a seal for each epoch. Tags need the first key, which is elsewhere."""
        file_id, count, edge = self.store.slot.file_id, 0, []
        last = sha256(b"\3" + file_id)
        seals, epochs, sealed = iter(self.store.entries(entry["seals"])), 0, 0
        seal = next(seals, None)

        def pass_seals(seal, epochs, sealed):
            while seal and int.from_bytes(seal[1][:8], "big") == count:
                require(len(seal[1]) == 112 and int.from_bytes(seal[0], "big") == epochs, "an epoch is not sealed once")
                require(seal[1][8:40] == root(edge) and seal[1][40:72] == last, f"the seal of epoch {epochs} is broken")
                seal, epochs, sealed = next(seals, None), epochs + 1, count
            return seal, epochs, sealed

        seal, epochs, sealed = pass_seals(seal, epochs, sealed)
        for sequence, value in self.store.entries(entry["entries"]):
            count += 1
            leaf = sha256(b"\0" + sequence + value[32:])
            last = sha256(b"\2" + last + leaf)
            sound = int.from_bytes(sequence, "big") == count and value[:32] == last
            require(sound, f"audit entry {count} is broken")
            edge.append((1, leaf))
            while len(edge) > 1 and edge[-1][0] == edge[-2][0]:
                (size, right), (_, left) = edge.pop(), edge.pop()
                edge.append((2 * size, sha256(b"\1" + left + right)))
            seal, epochs, sealed = pass_seals(seal, epochs, sealed)
            yield {"sequence": count, **document(value[32:]), "hash": last.hex()}
        require(entry["count"] == count and binary(raw, b"head") == last, "audit log cut off")
        require(seal is None and entry["epoch"] == epochs and entry["epochSize"] == sealed, "audit seals are missing")
        require(binary(raw, b"edge") == b"".join(node for _, node in edge), "the edge of the audit tree is another")


def sha256(content):
    return hashlib.sha256(content).digest()


def root(edge):
    """The root of the tree whose full subtrees are given."""
    if not edge:
        return sha256(b"")
    node = edge[-1][1]
    for _, left in reversed(edge[:-1]):
        node = sha256(b"\1" + left + node)
    return node


def binary(doc, name):
    return field(doc, name)[1][5:]


def field(doc, name):
    """The value of a field, None when there is none."""
    return next(((kind, raw) for found, kind, raw in fields(doc) if found == name), None)


# Section 7: arrays.


def array(store, root, offset, count):
    capacity = (store.payload - 16) // 16 * 16
    out = b""
    while count > 0:
        index, start = divmod(offset, capacity)
        piece = array_page(store, root, index)[start:start + min(count, capacity - start)]
        out, offset, count = out + piece, offset + len(piece), count - len(piece)
    return out


def array_page(store, root, index):
    node, expected = store.page(root), 0
    require(node[0] == 5, f"page {root} is no array")
    if index >= u64(node, 8):
        return bytes(store.payload - 16)
    while node[0] == 5:
        span = store.array_fan ** (node[1] - 1)
        child = u64(node, 16 + 8 * (index // span % store.array_fan))
        if child == 0:
            return bytes(store.payload - 16)
        level, expected, node = node[1] - 1, index - index % span, store.page(child)
        require(node[1] == level and u64(node, 8) == expected, f"array page {child} out of its place")
    return node[16:]


# Section 9: keys. A value is a pair (type byte, its bytes).


def decimal(raw):
    """(coefficient, exponent) of a decimal128's magnitude, or NaN or infinity."""
    high, low = u64(raw, 8), u64(raw, 0)
    if high >> 59 & 15 == 15:
        return math.nan if high >> 58 & 31 == 31 else math.inf
    if high >> 61 & 3 == 3:
        return 0, 0
    coefficient = (high & (1 << 49) - 1) << 64 | low
    return (coefficient if coefficient < 10 ** 34 else 0), (high >> 49 & 0x3FFF) - 6176


def key(kind, raw):
    """The key of a value: one component."""
    head = bytes([CLASSES[kind]])
    if CLASSES[kind] == 0x08:
        return number_key(kind, raw)
    if kind in (2, 13, 14):
        return head + escaped(raw[4:-1])
    if kind == 3:
        return head + field_keys(raw)
    if kind == 4:
        return head + b"".join(key(k, r) for _, k, r in fields(raw)) + b"\0"
    if kind == 5:
        return head + struct.pack(">I", u32(raw, 0)) + raw[4:]
    if kind == 9:
        return head + struct.pack(">Q", u64(raw, 0) ^ 1 << 63)
    if kind == 12:
        return head + struct.pack(">I", len(raw)) + raw
    if kind == 15:
        end = 8 + u32(raw, 4)
        return head + escaped(raw[8:end - 1]) + field_keys(raw[end:])
    if kind == 17:
        return head + raw[::-1]
    return head + raw


def escaped(text):
    return text.replace(b"\0", b"\0\xff") + b"\0\0"


def field_keys(doc):
    parts = (bytes([CLASSES[kind]]) + name + b"\0" + key(kind, raw) for name, kind, raw in fields(doc))
    return b"".join(parts) + b"\0"


def number_key(kind, raw):
    digits = None
    if kind in (16, 18):
        number = int.from_bytes(raw, "little", signed=True)
        negative, size = number < 0, Fraction(abs(number))
    else:
        number = struct.unpack("<d", raw)[0] if kind == 1 else decimal(raw)
        if number != number:
            return b"\x08"
        negative = raw[-1] & 0x80 != 0
        if number in (math.inf, -math.inf):
            return b"\x09" if negative else b"\x1f"
        digits = number if kind == 19 else None
        size = Fraction(number[0]) * Fraction(10) ** number[1] if digits else Fraction(abs(number))
    if size == 0:
        return b"\x14"
    if 1 <= size < 1 << 63:
        word = int(size) << 1 | (size % 1 != 0)
        count = (word.bit_length() + 7) // 8
        head, body, more = (0x13 - count if negative else 0x15 + count), word.to_bytes(count, "big"), False
        if size % 1:
            bits = size % 1 * (1 << 52)
            more = bits % 1 != 0
            body += (int(bits) << 4 | more).to_bytes(7, "big")
    else:
        floor = greatest_double(size)
        more = Fraction(floor) != size
        bits = u64(struct.pack("<d", floor), 0)
        head = (0x13 if negative else 0x15) if size < 1 else (0x0A if negative else 0x1E)
        body = (bits << (2 if size < 1 else 1) | more).to_bytes(8, "big")
    if more:
        text = str(digits[0]).rstrip("0")
        power = digits[1] + len(str(digits[0]))
        text += "0" * (len(text) % 2)
        pairs = bytes(int(text[at:at + 2]) + 1 for at in range(0, len(text), 2))
        body += struct.pack(">H", power + 8000) + pairs + b"\0"
    return bytes([head]) + (bytes(byte ^ 0xFF for byte in body) if negative else body)


def greatest_double(size):
    """The greatest finite double not above a positive number."""
    try:
        value = size.numerator / size.denominator
    except OverflowError:
        return 1.7976931348623157e308
    return math.nextafter(value, 0) if Fraction(value) > size else value


def main():
    contents = Contents(arguments("Checks the segments of a SmartStore file. Never writes."))
    counts = {name: len(documents) for name, documents in contents.collections()}
    print(json.dumps({"collections": counts}))
    for entry in contents.cache():
        print(json.dumps({"cache": entry}))
    for entry in contents.audit():
        print(json.dumps({"audit": entry}, ensure_ascii=False))


if __name__ == "__main__":
    run(main)
