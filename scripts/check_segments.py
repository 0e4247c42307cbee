#!/usr/bin/env python3
"""Checks what the trees of a SmartStore file hold, from FORMAT.md alone, and prints cache and audit entries as JSON.

Every document's key against its `_id`, every vector row against its document, codes against vectors, saved links
against rows, the cache's order of use, the audit chain.

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
            form = index.get("form", 1)
            rows = {k: v for k, v in self.store.entries(index["rows"])}
            require(form == 3 or all(len(v) == 4 for k, v in rows.items() if k[0] != 0xFF), "a document of many rows")
            dead = [k for k, _ in self.store.entries(index["dead"])]
            noted = {int.from_bytes(k[4:], "big") for k in dead if len(k) == 8 and k[:4] == b"\xff\xff\xff\xff"}
            dead = {k for k in dead if len(k) == 4}
            forms = (2, 3) if self.store.slot.version >= 3 else (1,)
            require(form in forms, "an index of another form than its file's")
            require(form > 1 or not noted, "rows used again in an index of form 1")
            ids = {doc_key: field(doc, b"_id") for doc_key, doc in documents}
            vectors = {}
            owners = [(k, v) for k, v in rows.items() if k[0] != 0xFF]
            for doc_key, row in [(k, v[at:at + 4]) for k, v in owners for at in range(0, len(v), 4)]:
                number = int.from_bytes(row, "big")
                require(row not in dead and doc_key in ids, f"row {number} has no document")
                slot = array(self.store, index["ids"], 32 * number, 32)
                found = rows[b"\xff\xff" + row] if slot[0] == 0xFF else slot[1:1 + slot[0]]
                require(field(found, b"") == ids[doc_key], f"row {number} names another _id")
                stride = width * index["dimension"]
                vector = array(self.store, index["vectors"], stride * number, stride)
                vector = struct.unpack(f"<{index['dimension']}{'fe'[width == 2]}", vector)
                squares = sum(x * x for x in vector)
                require(index["metric"] != "cosine" or abs(squares - 1) < 0.01, f"row {number} is not of length 1")
                require(number not in vectors, f"row {number} belongs to two documents")
                vectors[number] = vector
            live = len(vectors)
            require(live == counters["live"] and len(dead) + live == counters["rows"], "vectors are counted wrong")
            saved = dict(self.named(0x05)).get(place)
            if saved:
                state = State(saved, index)
                require(state.version == 1 or form > 1, "a state of version 2 in an index of form 1")
                state.check_links(self.store, index)
                # Rows that were used again have codes of their own when they are linked again.
                state.check_codes(self.store, index, vectors, noted | set(state.waiting))

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


class State:
    """Section 10: the state of saved links, with its code book."""

    def __init__(self, raw, index):
        digest = 0xCBF29CE484222325
        for byte in raw[:-8]:
            digest = (digest ^ byte) * 0x100000001B3 % (1 << 64)
        require(raw[:4] == b"HNSI" and digest == u64(raw, len(raw) - 8), "a damaged state of links")
        self.version, metric, storage = struct.unpack_from("<HBB", raw, 4)
        require(self.version in (1, 2), "a state of links of another version")
        dimension, connectivity, _, seed, self.rows, self.linked, self.entry, waiting, deleted = struct.unpack_from(
            "<IIIQIIIII", raw, 8)
        found = ("cosine", "dot", "euclidean")[metric], ("float32", "float16")[storage], dimension, connectivity
        wanted = index["metric"], index["storage"], index["dimension"], index["connectivity"]
        require(found == wanted and seed == index["seed"] % (1 << 64), "links saved under other options")
        self.at, free, trained, self.bits, self.coded = 48, 0, 0, 0, 0
        if self.version == 2:
            self.bits, self.coded, free, trained = struct.unpack_from("<BIII", raw, 48)
            self.at = 61
            require(self.bits == BITS[index["codes"]], "codes of another width than the index's")
        self.waiting = struct.unpack_from(f"<{waiting}I", raw, self.at)
        self.at += 4 * waiting
        self.deleted = self.ascending(raw, deleted)
        self.free = self.ascending(raw, free)
        require(set(self.free) <= set(self.deleted), "a free row is not a deleted one")
        require(all(row < self.linked <= self.rows for row in self.waiting), "a waiting row is not a linked one")
        self.book = None
        if trained:
            numbers = struct.unpack_from(f"<{2 * dimension}f", raw, self.at)
            self.at += 8 * dimension
            self.book = numbers[:dimension], numbers[dimension:]
            require(all(map(math.isfinite, numbers)) and min(self.book[1]) > 0, "an impossible code book")
        require(self.at == len(raw) - 8 and (self.book or not self.coded), "a state of another length")

    def ascending(self, raw, count):
        rows, following = [], 0
        for _ in range(count):
            step, shift = 0, 0
            while True:
                byte, self.at = raw[self.at], self.at + 1
                step, shift = step | (byte & 127) << shift, shift + 7
                if byte < 128:
                    break
            rows.append(following + step)
            following = rows[-1] + 1
        require(not rows or rows[-1] < self.rows, "a deleted row does not exist")
        return rows

    def check_links(self, store, index):
        """Level 0: rows that exist, each once, none of them free, zeros behind them."""
        stride, free = (8 * index["connectivity"] + 63) // 64 * 64, set(self.free)
        links = array(store, index["links"], 0, stride * self.rows)
        for row in range(self.rows):
            words = struct.unpack_from(f"<{2 * index['connectivity']}I", links, stride * row)
            names = [word - 1 for word in words if word]
            require(words[:len(names)] == tuple(name + 1 for name in names), f"a gap in the links of row {row}")
            sound = len(set(names)) == len(names) and row not in names and all(name < self.rows for name in names)
            require(sound and not free.intersection(names), f"the links of row {row} are wrong")

    def check_codes(self, store, index, vectors, outdated):
        """Each code within half a step of its number; a little more, since the engine calculates in binary32."""
        if not self.coded:
            return
        dimensions, size = UNITS[self.bits]
        units = (index["dimension"] + dimensions - 1) // dimensions
        is_euclidean = index["metric"] == "euclidean"
        stride = (units * size + 4 * is_euclidean + 63) // 64 * 64
        for row, vector in vectors.items():
            if row >= self.coded or row in outdated:
                continue
            raw = array(store, index["codePages"], stride * row, stride)
            codes = [code for unit in range(units) for code in unpacked(raw[unit * size:(unit + 1) * size], self.bits)]
            for number, low, step, code in zip(vector, *self.book, codes):
                wanted = min(max((number - low) / step, 0), (1 << self.bits) - 1)
                require(abs(code - wanted) < 0.501, f"row {row} has a code of another vector")
            require(not any(codes[len(vector):]), f"row {row} has codes beyond its dimensions")
            end = units * size
            if is_euclidean:
                squares, term = sum(x * x for x in vector), struct.unpack_from("<f", raw, end)[0]
                require(abs(term - squares) <= 1e-4 * squares, f"row {row} has another length behind its codes")
                end += 4
            require(not any(raw[end:]), f"row {row} has something behind its codes")


BITS = {"none": 0, "bits8": 8, "bits4": 4, "bits1": 1}
# Dimensions and bytes of a unit.
UNITS = {8: (64, 64), 4: (128, 64), 1: (64, 8)}


def unpacked(unit, bits):
    """The codes of one unit."""
    if bits == 8:
        return list(unit)
    if bits == 4:
        return [byte & 15 for byte in unit] + [byte >> 4 for byte in unit]
    return [byte >> bit & 1 for byte in unit for bit in range(8)]


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
