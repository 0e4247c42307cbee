#!/usr/bin/env python3
"""Reads a SmartStore file, written from FORMAT.md alone: the proof that the document suffices.

Prints every collection's documents as JSON, one a line. Replays the log of a file that was not closed, in memory: it
never writes. Checks on the way what FORMAT.md says a reader must: seals, versions, the order of keys. Keys, vectors,
cache and audit log are read by check_segments.py.

    read_store.py FILE [--key-file FILE | --passphrase-file FILE]

Needs Python 3.9 and the package `cryptography`.
"""
import argparse
import hashlib
import hmac
import json
import struct
import sys
import zlib


try:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
except ImportError:
    sys.exit("read_store.py needs the Python package `cryptography` (pip install cryptography)")


class Broken(Exception):
    """What is wrong with the file or the key."""


def u16(b, at): return struct.unpack_from("<H", b, at)[0]
def u32(b, at): return struct.unpack_from("<I", b, at)[0]
def u64(b, at): return struct.unpack_from("<Q", b, at)[0]


def require(condition, what):
    if not condition:
        raise Broken(what)


def hkdf(key, salt, info):
    return hmac.digest(hmac.digest(salt, key, "sha256"), info + b"\1", "sha256")


class Slot:
    """Section 2: one superblock slot."""

    def __init__(self, raw):
        self.raw, self.page_size, self.file_id, self.salt = raw, u32(raw, 12), raw[16:32], raw[48:80]
        self.version, self.encrypted, self.sequence = u32(raw, 8), raw[32] == 1, u64(raw, 80)

    def open(self, secret):
        """Sections 2 and 3: keys, HMAC, body."""
        raw, self.data_keys, self.current = self.raw, {0: bytes(32)}, 0
        if self.encrypted:
            require(secret, "the file is encrypted: give --key-file or --passphrase-file")
            kek = self.key_encryption_key(*secret)
            salt = self.file_id + self.salt
            mac = hmac.new(hkdf(kek, salt, b"smartstore header"), raw[:3984], "sha256").digest()
            require(hmac.compare_digest(mac, raw[3984:4016]), "wrong key")
            wrap, self.data_keys = AESGCM(hkdf(kek, salt, b"smartstore wrap")), {}
            for at in (88, 160):
                number, state = u32(raw, at), u32(raw, at + 4)
                if state in (1, 2):
                    clear = self.file_id + struct.pack("<Q", number)
                    self.data_keys[number] = wrap.decrypt(raw[at + 8:at + 20], raw[at + 20:at + 68], clear)
                    self.current = number if state == 1 else self.current
        else:
            require(not secret, "the file is not encrypted: give no key")
        self.ciphers = {}
        body = self.unseal(raw[232:248], raw[248:256], 3, raw[:256], raw[256:3968], raw[3968:3984])
        require(body is not None, "a superblock slot does not open")
        self.state, self.tail, self.tail_tag = body[:64], u64(body, 64), body[72:88]
        words = struct.unpack_from("<16Q", body, 112)
        self.roots = [(word, None) for word in words[:8]] if self.version == 1 else list(zip(words[::2], words[1::2]))
        self.extents = [struct.unpack_from("<3Q", body, 240 + 24 * i) for i in range(u32(body, 88))]
        return self

    def key_encryption_key(self, kind, secret):
        kdf, costs = self.raw[33], struct.unpack_from("<3I", self.raw, 36)
        require((kind == "raw") == (kdf == 0), "wrong kind of key")
        if kdf == 1:
            n, r, p = 1 << costs[0], costs[1], costs[2]
            require(128 * n * r <= 1 << 30, "scrypt costs over the ceiling")
            return hashlib.scrypt(secret, salt=self.salt, n=n, r=r, p=p, maxmem=(1 << 30) + (64 << 20), dklen=32)
        if kdf == 2:
            require(costs[0] <= 10_000_000, "PBKDF2 costs over the ceiling")
            return hashlib.pbkdf2_hmac("sha256", secret, self.salt, costs[0])
        require(len(secret) == 32, "a raw key has 32 bytes")
        return secret

    def unseal(self, prefix, counter, kind, clear, sealed, tag):
        """Section 4: the content, or None when it is not authentic. `clear` is without the file id."""
        number = u32(counter, 4)
        if number not in self.data_keys:
            return None
        name, data = (prefix, number), self.file_id + clear
        if name not in self.ciphers:
            key = self.data_keys[number]
            self.ciphers[name] = AESGCM(hkdf(key, self.file_id, b"smartstore page" + prefix) if self.encrypted else key)
        nonce = counter + struct.pack("<I", kind)
        try:
            if self.encrypted:
                return self.ciphers[name].decrypt(nonce, sealed + tag, data)
            self.ciphers[name].decrypt(nonce, tag, struct.pack("<Q", len(data)) + data + sealed)
            return sealed
        except InvalidTag:
            return None


def find_slots(file):
    found = {}
    for at in (0, 4096, 8192, 16384, 32768, 65536):
        raw = file[at:at + 4096]
        if len(raw) == 4096 and raw[:8] == b"SMARTST\n" and hashlib.sha256(raw[:4064]).digest() == raw[4064:]:
            require(u32(raw, 8) in (1, 2, 3, 4, 5), f"format version {u32(raw, 8)}")
            if at in (0, u32(raw, 12)):
                found[at] = Slot(raw)
    require(found, "no valid superblock slot: not a store, or damaged")
    return sorted(found.values(), key=lambda slot: -slot.sequence)


class Store:
    def __init__(self, file, secret):
        self.file, error, self.slot = file, None, None
        for slot in find_slots(file):
            try:
                self.slot = self.slot or slot.open(secret)
            except (Broken, InvalidTag) as found:
                error = error or found
        require(self.slot, error)
        self.page_size = self.slot.page_size
        self.payload = self.page_size - 48
        self.entry = 8 if self.slot.version == 1 else 16
        self.fan = (self.payload - 16) // self.entry
        self.array_fan = (self.payload - 16) // 8
        self.state, self.logged, self.versions, self.cache = self.slot.state, {}, {}, {}
        self.replay()
        self.sequence, self.catalog = u64(self.state, 0), u64(self.state, 24)

    def open_page(self, page, at):
        """Section 4: (version, payload, low half of the tag) of the image at a file offset, or None."""
        image = self.file[at:at + self.page_size]
        if len(image) < self.page_size:
            return None
        clear = struct.pack("<Q", page) + image[:24]
        payload = self.slot.unseal(image[8:24], image[24:32], 1, clear, image[48:], image[32:48])
        return payload and (u64(image, 0), payload, u64(image, 32))

    # Section 6: the log.

    def header(self, at):
        raw = self.file[at:at + 192]
        sealed = raw[48:64], raw[64:72], 2, raw[:112], raw[112:176], raw[176:]
        record = len(raw) == 192 and raw[:4] == b"SSLF" and self.slot.unseal(*sealed)
        return record and (raw, record)

    def slots_of(self, pages): return (pages * self.page_size - 192) // (self.page_size + 192)

    def replay(self):
        end, tag, durable = self.slot.tail, self.slot.tail_tag, self.slot.tail
        size, step = self.page_size, self.page_size + 192
        live = sorted((e for e in self.slot.extents if e[2] != (1 << 64) - 1), key=lambda e: e[2])
        places = [e for e in live if e[2] <= end <= e[2] + self.slots_of(e[1])]
        known, pending, start = {e[0]: e for e in self.slot.extents}, [], None
        require(places or not live, "no extent holds the log's tail")
        extent = places[0] if places else None
        while extent:
            first, pages, position = extent
            is_link = end == position + self.slots_of(pages)
            at = first * size + (end - position) * step
            found = self.header(at)
            if not found or u64(found[0], 8) != end or found[0][72:88] != tag or (found[0][4] == 2) != is_link:
                break
            raw, record = found
            kind, page, version, transaction = raw[4], u64(raw, 16), u64(raw, 24), u64(raw, 40)
            if kind in (1, 4):
                opened = self.open_page(page, at + 192)
                if self.file[at + 224:at + 240] != raw[88:104] or not opened or opened[0] != version:
                    break
            durable, tag = max(durable, u64(raw, 32)), raw[176:]
            if is_link:
                extent = known[page] = (page, version, end)
                continue
            end += 1
            if kind == 3 or transaction != start:
                start, pending = (None if kind == 3 else transaction), []
            if kind in (1, 4):
                made = [(page, opened[1])] if kind == 1 else self.changed(page, version, opened[1])
                pending += [(changed, version, content) for changed, content in made]
                if raw[5] & 1:
                    require(u64(record, 0) == version > u64(self.state, 0), f"log damaged at {end - 1}")
                    self.state, start = record, None
                    self.logged.update((p, content) for p, _, content in pending)
                    self.versions.update((p, made) for p, made, _ in pending)
                    pending = []
        require(durable <= end, f"log damaged at {end}, below what was synced")
        for first, pages, _ in known.values():
            for at in [first * size + slot * step for slot in range(self.slots_of(pages) + 1)]:
                found = self.header(at)
                torn = not found or u64(found[0], 8) < end or u64(found[0], 32) <= end
                require(torn, f"log damaged at {end}, below what was synced")

    def changed(self, page, version, content):
        """The pages that a payload of changes makes: (page, content)."""
        count, end, at = u16(content, 2), u32(content, 4), 8
        require(page == 0 and content[0] == 7 and end <= self.payload, "a frame of changes holds something else")
        for _ in range(count):
            changed, base, stop = u64(content, at), u64(content, at + 8), at + 18 + u16(content, at + 16)
            require(self.versions.get(changed) == base < version, f"changes of page {changed} stand on nothing")
            old, at = self.logged[changed], at + 18
            new = bytearray(old)
            while at < stop:
                offset, length, source = struct.unpack_from("<3H", content, at)
                at += 6
                if source == 0xFFFF:
                    piece, at = content[at:at + length], at + length
                else:
                    piece = old[source:source + length]
                require(len(piece) == length and offset + length <= self.payload, f"changes leave page {changed}")
                new[offset:offset + length] = piece
            require(at == stop <= end, "an entry of changes has another length than it says")
            yield changed, bytes(new)
        require(at == end, "a payload of changes has another length than it says")

    # Section 5: where a page is, and which image its home must hold.

    def page(self, page):
        if page in self.logged:
            return self.logged[page]
        if page not in self.cache:
            opened = self.open_page(page, page * self.page_size)
            require(opened, f"page {page} does not open")
            version, tag = self.home_image(page)
            require(opened[0] == version, f"page {page} holds another version than the map says")
            require(tag in (None, opened[2]), f"page {page} holds another image than the map says")
            self.cache[page] = opened[1]
        return self.cache[page]

    def home_image(self, page):
        fan, block, place = self.fan, page // self.fan, page % self.fan
        if place == 4 and block % (fan * fan) == 0:
            return self.slot.roots[block // (fan * fan)]
        if place == 3 and block % fan == 0:
            top = self.page(block // (fan * fan) * fan * fan * fan + 4)
            return self.map_entry(top, block // fan % fan, 16)
        if place == 2:
            directory = self.page(block // fan * fan * fan + 3)
            return self.map_entry(directory, block % fan, 16)
        return self.map_entry(self.page(block * fan + 2), place, 2)

    def map_entry(self, content, index, shift):
        at = 16 + self.entry * index
        return u64(content, at) >> shift, None if self.slot.version == 1 else u64(content, at + 8)

    # Section 7: trees and chains.

    def entries(self, root):
        """(key, value) of a tree, in order; checks that keys ascend."""
        last = None
        for key, value in self.walk(root, None):
            require(last is None or last < key, f"keys of tree {root} out of order")
            last = key
            yield key, value

    def walk(self, page, level):
        node = self.page(page)
        kind, count, prefix_length = node[0], u16(node, 2), u16(node, 4)
        require(level in (None, node[1]) and kind == (1 if node[1] == 0 else 2), f"page {page} is no node")
        prefix = node[self.payload - prefix_length:]
        if kind == 2:
            yield from self.walk(u64(node, 16), node[1] - 1)
        for index in range(count):
            cell, length = struct.unpack_from("<HH", node, (16 if kind == 1 else 24) + 8 * index)
            after = cell + length
            if kind == 2:
                yield from self.walk(u64(node, after), node[1] - 1)
            else:
                yield prefix + node[cell:after], self.value(node, after)

    def value(self, node, at):
        word = u16(node, at)
        if word < 0x4000:
            return node[at + 2:at + 2 + word]
        total = u32(node, at + 2)
        if word < 0x8000:
            stored = node[at + 6:at + 6 + (word & 0x3FFF)]
        else:
            stored = self.chain(u64(node, at + 10), u32(node, at + 6))
        if word & 0x4000:
            stored = zlib.decompress(stored, wbits=-15)
        require(len(stored) == total, "a value of another length than its cell says")
        return stored

    def chain(self, first, count):
        page, ordinal, stored = first, 0, b""
        while len(stored) < count:
            content = self.page(page)
            require((content[0], u16(content, 2), u32(content, 4)) == (3, first & 0xFFFF, ordinal), f"chain of {first}")
            stored += content[16:]
            page, ordinal = u64(content, 8), ordinal + 1
        require(page == 0, f"chain of page {first} goes on beyond its end")
        return stored[:count]


# Section 9: BSON. A value is a pair (type byte, its bytes).

FIXED = {1: 8, 6: 0, 7: 12, 8: 1, 9: 8, 10: 0, 16: 4, 17: 8, 18: 8, 19: 16, 127: 0, 255: 0}
PREFIXED = {2: 4, 3: 0, 4: 0, 5: 5, 12: 16, 13: 4, 14: 4, 15: 0}
SHOWN = {
    1: lambda raw: struct.unpack("<d", raw)[0], 2: lambda raw: raw[4:-1].decode(), 3: lambda raw: document(raw),
    4: lambda raw: list(document(raw).values()), 7: lambda raw: {"$oid": raw.hex()}, 8: lambda raw: raw[0] == 1,
    9: lambda raw: {"$date": struct.unpack("<q", raw)[0]}, 10: lambda raw: None,
    16: lambda raw: struct.unpack("<i", raw)[0], 18: lambda raw: struct.unpack("<q", raw)[0],
}


def fields(doc):
    """(name, type, bytes) of each field."""
    require(len(doc) >= 5 and u32(doc, 0) == len(doc) and doc[-1] == 0, "a document has another length than it says")
    at, result = 4, []
    while doc[at] != 0:
        kind, end = doc[at], doc.index(0, at + 1)
        name, at = doc[at + 1:end], end + 1
        if kind == 11:
            size = doc.index(0, doc.index(0, at) + 1) + 1 - at
        else:
            size = PREFIXED[kind] + u32(doc, at) if kind in PREFIXED else FIXED[kind]
        result.append((name, kind, doc[at:at + size]))
        at += size
    return result


def document(doc):
    return {name.decode(): shown(kind, raw) for name, kind, raw in fields(doc)}


def shown(kind, raw):
    """The value itself where JSON has it, else an object that names its type."""
    if kind == 5 and raw[4:7] == b"\x09\x27\x00":
        return list(struct.unpack(f"<{(len(raw) - 7) // 4}f", raw[7:]))
    return SHOWN[kind](raw) if kind in SHOWN else {"$type": kind, "hex": raw.hex()}


def arguments(description):
    """The store and the secret that the command line names."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("file")
    parser.add_argument("--key-file", help="file with 32 bytes of key")
    parser.add_argument("--passphrase-file", help="file with the passphrase in its first line")
    options = parser.parse_args()
    secret = None
    if options.key_file:
        secret = "raw", open(options.key_file, "rb").read()
    elif options.passphrase_file:
        secret = "passphrase", open(options.passphrase_file, "rb").read().split(b"\n")[0]
    with open(options.file, "rb") as file:
        return Store(file.read(), secret)


def run(body):
    try:
        body()
    except BrokenPipeError:
        sys.exit(1)
    except (Broken, KeyError, IndexError, struct.error, zlib.error) as error:
        sys.exit(f"{sys.argv[0]}: {error}")


def main():
    store = arguments("Prints the documents of a SmartStore file. Never writes.")
    print(f"commit {store.sequence}, {len(store.logged)} pages from the log", file=sys.stderr)
    for name, entry in store.entries(store.catalog) if store.catalog else ():
        if name[0] == 0x01:
            print(json.dumps({"collection": name[1:].decode()}))
            for _, doc in store.entries(document(entry)["root"]):
                print(json.dumps(document(doc), ensure_ascii=False))


if __name__ == "__main__":
    run(main)
