#!/usr/bin/env python3
"""BSON, Extended JSON and decimals as others see them: what the tests of documents are compared with.

Needs pymongo's `bson` (4.3 or newer) for the first three; Python's own `decimal` is enough for the last.

  bson_oracle.py version              the version of pymongo; status 3 when there is none that will do
  bson_oracle.py check < LINES        a JSON object a line: "bson" (hexadecimal), "canonical", "relaxed", "exact".
                                      Prints "ok" for each, or what differs
  bson_oracle.py make SEED COUNT      random documents: bytes in hexadecimal, canonical and relaxed text, by tabs
  bson_oracle.py decimals SEED COUNT  random operations on decimals and their results, by tabs
"""

import decimal
import json
import random
import re
import struct
import sys

try:
    import bson
    from bson import json_util
    from bson.binary import Binary, BinaryVectorDtype
    from bson.codec_options import CodecOptions, DatetimeConversion
    from bson.datetime_ms import DatetimeMS
    from bson.son import SON

    CODEC = CodecOptions(document_class=SON, datetime_conversion=DatetimeConversion.DATETIME_MS)
    READING = json_util.JSONOptions(
        document_class=SON,
        json_mode=json_util.JSONMode.CANONICAL,
        datetime_conversion=DatetimeConversion.DATETIME_MS,
    )
except ImportError:
    bson = None

CANONICAL, RELAXED = "canonical", "relaxed"


# Text


def text_of(document, form):
    """The document's text, without white space and with doubles in capitals."""
    options = json_util.CANONICAL_JSON_OPTIONS if form == CANONICAL else json_util.RELAXED_JSON_OPTIONS
    text = json_util.dumps(document, json_options=options, separators=(",", ":"), ensure_ascii=False)
    if form == CANONICAL:
        return re.sub(
            r'("\$numberDouble":")([-+.e\d]+)"', lambda m: m.group(1) + m.group(2).upper() + '"', text)
    parts = re.findall(r'"(?:[^"\\]|\\.)*"|[^"]+', text)
    return "".join(p if p.startswith('"') else re.sub(r"(?<=\d)e(?=[-+]?\d)", "E", p) for p in parts)


# Check


def encode(document):
    """The document's bytes. As an inner one, since the outermost gets its `_id` moved to the front."""
    return bson.encode({"d": document})[7:-1]


def difference(line):
    """What differs between the bytes and the texts of a line; None when nothing does."""
    case = json.loads(line)
    data = bytes.fromhex(case["bson"])
    document = bson.decode(data, CODEC)
    encoded = encode(document)
    read = encode(json_util.loads(case[CANONICAL], json_options=READING))
    if read != encoded:
        return f"the canonical text reads as {read.hex()}, the bytes as {encoded.hex()}"
    if not case["exact"]:
        return None
    if encoded != data:
        return f"encoded again: {encoded.hex()}"
    for form in (CANONICAL, RELAXED):
        theirs = text_of(document, form)
        if theirs != case[form]:
            return f"{form}: {theirs}"
    return None


# Make


class Maker:
    """Random documents of every type that pymongo keeps as it is."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def text(self):
        letters = "ab\0\"\\/\n\t\x01\x1f\x7fé漢🜁\u2028{}$ "
        return "".join(self.random.choice(letters) for _ in range(self.random.randrange(9)))

    def pattern(self):
        return self.text().replace("\0", "")

    def name(self, index):
        return self.random.choice("abcdxyzéß") + self.random.choice(["", ".", " ", '"', "漢"]) + str(index)

    def data(self, limit=20):
        return bytes(self.random.randrange(256) for _ in range(self.random.randrange(limit)))

    def double(self):
        if self.random.random() < 0.5:
            return struct.unpack("<d", self.random.randbytes(8))[0]
        return self.random.choice(
            [0.0, -0.0, 1.0, 0.1, -2.5, 1e15, 1e16, 9007199254740993.0, 1e21, 1e22, 1e-4, 1e-5, 5e-324,
             float("inf"), float("-inf"), float("nan"), self.random.uniform(-1e6, 1e6),
             self.random.uniform(9e15, 2e16)])

    def integer(self, bits):
        return self.random.getrandbits(bits) - (1 << bits - 1) >> self.random.randrange(bits - 1)

    def decimal(self):
        choice = self.random.randrange(3)
        if choice == 0:
            return bson.Decimal128.from_bid(self.random.randbytes(15) + bytes([self.random.choice([0x30, 0xB0, 0x2F])]))
        if choice == 1:
            return bson.Decimal128(self.random.choice(["NaN", "Infinity", "-Infinity", "-0", "0E+3", "0E-6176"]))
        return bson.Decimal128(f"{self.integer(64)}E{self.random.randrange(-40, 40)}")

    def vector(self):
        kind = self.random.randrange(3)
        count = self.random.randrange(5)
        if kind == 0:
            return Binary.from_vector([self.random.uniform(-9, 9) for _ in range(count)], BinaryVectorDtype.FLOAT32)
        if kind == 1:
            return Binary.from_vector([self.random.randrange(-128, 128) for _ in range(count)], BinaryVectorDtype.INT8)
        padding = self.random.randrange(8) if count else 0
        bits = [self.random.randrange(256) for _ in range(count)]
        if bits:
            bits[-1] &= 0xFF << padding & 0xFF
        return Binary.from_vector(bits, BinaryVectorDtype.PACKED_BIT, padding)

    def value(self, depth):
        r = self.random
        kinds = [
            self.double,
            self.text,
            lambda: Binary(self.data(), r.choice([0, 1, 2, 5, 6, 7, 8, 128, 255])),
            lambda: Binary(r.randbytes(16), r.choice([3, 4])),
            self.vector,
            lambda: bson.ObjectId(r.randbytes(12)),
            lambda: r.random() < 0.5,
            lambda: DatetimeMS(r.choice([0, -1, 253402300799999, 253402300800000, self.integer(64), self.integer(42)])),
            lambda: None,
            lambda: bson.Regex(self.pattern(), r.choice(["", "i", "imx", "ilmsux", "su"])),
            lambda: bson.Code(self.text()),
            lambda: bson.Code(self.text(), self.document(depth + 2)),
            lambda: self.integer(32),
            lambda: bson.Timestamp(r.getrandbits(32), r.getrandbits(32)),
            lambda: bson.Int64(self.integer(64)),
            self.decimal,
            bson.MinKey,
            bson.MaxKey,
        ]
        if depth < 3 and r.random() < 0.3:
            if r.random() < 0.5:
                return [self.value(depth + 1) for _ in range(r.choice([0, 1, 2, 3, 12]))]
            return self.document(depth + 1)
        return r.choice(kinds)()

    def document(self, depth=0):
        return SON((self.name(i), self.value(depth)) for i in range(self.random.randrange(6)))


def make(seed, count):
    maker = Maker(seed)
    for _ in range(count):
        document = maker.document()
        data = bson.encode(document)
        # As it is read, since a regular expression or a NaN may be written in another way than it was made.
        document = bson.decode(data, CODEC)
        assert bson.encode(document) == data
        print(data.hex(), text_of(document, CANONICAL), text_of(document, RELAXED), sep="\t")


# Decimals

CONTEXT = decimal.Context(prec=34, rounding=decimal.ROUND_HALF_EVEN, Emin=-6143, Emax=6144, clamp=1, traps=[])


def operand(r):
    kind = r.randrange(12)
    if kind == 0:
        return r.choice(["NaN", "Infinity", "-Infinity", "0", "-0", "0E+6111", "-0E-6176", "1E-6176", "1E+6144"])
    sign = r.choice(["", "-"])
    digits = str(r.randrange(10 ** r.choice([1, 2, 5, 17, 33, 34])))
    if kind == 1:
        digits = "9" * r.randrange(1, 35)
    if kind == 2:
        digits = "1" + "0" * r.randrange(34)
    if kind == 3:
        digits = r.choice("135") + "0" * r.randrange(32) + "5"
    span = r.choice([3, 40, 40, 300, 6000])
    return f"{sign}{digits}E{r.randrange(-span, span)}"


def words(value):
    return "NaN" if value.is_nan() else str(value)


def decimals(seed, count):
    r = random.Random(seed)
    for index in range(count):
        a = CONTEXT.create_decimal(operand(r))
        b = CONTEXT.create_decimal(operand(r))
        if index % 3 and a.is_finite() and b.is_finite() and not a.is_zero():
            # Nearer to each other, so that digits meet.
            shift = r.randrange(-36, 36)
            scaled = b.scaleb(a.adjusted() - b.adjusted() + shift, CONTEXT) if not b.is_zero() else b
            b = scaled if scaled.is_finite() else b
        print("add", words(a), words(b), words(CONTEXT.add(a, b)), sep="\t")
        print("multiply", words(a), words(b), words(CONTEXT.multiply(a, b)), sep="\t")
        if not a.is_nan() and not b.is_nan():
            print("compare", words(a), words(b), int(a.compare(b)), sep="\t")
        if not a.is_nan():
            number = float(a)
            print("double", words(a), struct.pack(">d", number).hex(), "", sep="\t")
            near = struct.unpack(">d", struct.pack(">d", r.choice([number, number, r.uniform(-1e9, 1e9)])))[0]
            if near == near:
                exact = decimal.Decimal(near)
                order = (a > exact) - (a < exact)
                print("order", words(a), struct.pack(">d", near).hex(), order, sep="\t")
                if near and near not in (float("inf"), float("-inf")):
                    rounded = decimal.Context(prec=15).create_decimal(exact)
                    sign, digits, exponent = rounded.as_tuple()
                    missing = 15 - len(digits)
                    padded = decimal.Decimal((sign, digits + (0,) * missing, exponent - missing))
                    print("round", struct.pack(">d", near).hex(), "", words(padded), sep="\t")
        text = operand(r)
        value = decimal.Decimal(text)
        kept = CONTEXT.create_decimal(value)
        exact = value.is_nan() or (kept == value and (value.is_infinite() or kept.is_finite()))
        print("read", text, "", words(kept) if exact else "refused", sep="\t")


def main():
    mode = sys.argv[1] if len(sys.argv) > 1 else "help"
    if mode == "decimals":
        return decimals(int(sys.argv[2]), int(sys.argv[3]))
    if mode not in ("version", "check", "make"):
        sys.exit(__doc__)
    if bson is None:
        print("pymongo 4.3 or newer is missing", file=sys.stderr)
        sys.exit(3)
    if mode == "version":
        import pymongo
        print(pymongo.version)
    elif mode == "make":
        make(int(sys.argv[2]), int(sys.argv[3]))
    else:
        for line in sys.stdin:
            try:
                found = difference(line)
            except Exception as error:  # whatever it is, it is the answer to this line
                found = f"{type(error).__name__}: {error}"
            print(found or "ok")


main()
