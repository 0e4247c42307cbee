// The canonical bytes of documents that are well-formed and written oddly.
//
// BSON asks a reader to take, and a writer never to make: arrays whose elements have other names than "0", "1", ...
// (the order of the elements counts, the names do not), and regular expressions whose option letters are not in
// alphabetical order. Everything else has one form, or forms that are values of their own (cohorts of a decimal, NaNs).

enum CanonicalBSON {
    /// The canonical bytes of a validated document. The recursion is as deep as validation allowed.
    static func rewritten(_ document: BSONBytes) -> [UInt8] {
        var writer = BSONWriter(byteCountHint: document.count + 16)
        append(document, isArray: false, to: &writer)
        return writer.finish()
    }

    private static func append(_ container: BSONBytes, isArray: Bool, to writer: inout BSONWriter) {
        var reader = BSONReader(container)
        var index = 0
        while let field = reader.next() {
            if isArray {
                BSONBytes.with(Array(String(index).utf8)) { append(field.value, named: $0, to: &writer) }
                index += 1
            } else {
                append(field.value, named: field.name, to: &writer)
            }
        }
    }

    private static func append(_ value: BSONView, named name: BSONBytes, to writer: inout BSONWriter) {
        switch value.type {
        case .document, .array:
            writer.open(name, isArray: value.type == .array)
            append(value.bytes, isArray: value.type == .array, to: &writer)
            writer.close()
        case .regex:
            guard let parts = value.regexParts else { return }
            let options = BSONRegex.sorted(parts.options.text)
            writer.append(name, .regex(BSONRegex(stored: parts.pattern.text, options: options)))
        case .codeWithScope:
            guard let parts = value.scopeParts else { return }
            let scope = Document(trusted: rewritten(parts.scope))
            writer.append(name, .codeWithScope(BSONCodeWithScope(code: parts.code.text, scope: scope)))
        default: writer.append(name, value)
        }
    }
}

extension BSONBytes {
    /// Whether the bytes are the decimal digits of an array index.
    @inline(__always)
    func isArrayIndex(_ index: Int) -> Bool {
        if index < 10 { return count == 1 && self[0] == 0x30 &+ UInt8(truncatingIfNeeded: index) }
        var rest = index
        var place = count
        while rest > 0 {
            place -= 1
            guard place >= 0, self[place] == 0x30 + UInt8(rest % 10) else { return false }
            rest /= 10
        }
        return place == 0
    }

    /// Whether the option letters of a regular expression are in their order.
    var areSortedOptions: Bool {
        var place = 0
        while place < count {
            if self[place] >= 0x80 { return BSONRegex.sorted(text).utf8.elementsEqual(text.utf8) }
            if place > 0, self[place] < self[place - 1] { return false }
            place += 1
        }
        return true
    }
}
