// Dotted paths: names that lead into documents, and numbers that may also lead into arrays.

/// A dotted path, split once.
package struct FieldPath: Sendable, Hashable, CustomStringConvertible {
    /// One step: the name's UTF-8 bytes, and the array index that the name could also mean.
    package struct Piece: Sendable, Hashable {
        package let name: [UInt8]
        package let index: Int?

        init(_ name: [UInt8]) {
            self.name = name
            index = FieldPath.arrayIndex(name)
        }

        package var text: String { String(decoding: name, as: UTF8.self) }
    }

    /// The greatest number of steps.
    package static let longest = 200

    /// The path as it was written.
    package let text: String
    /// Its steps; at least one.
    package let pieces: [Piece]

    /// Splits at the dots. Empty steps are names like others.
    ///
    /// - Throws: `overflow` for more than 200 steps, `badValue` for a NUL.
    package init(_ text: String) throws(DocumentError) {
        let names = Array(text.utf8).split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard names.count <= Self.longest else {
            throw DocumentError(.overflow, "FieldPath is too long")
        }
        guard !text.utf8.contains(0) else {
            throw DocumentError(.badValue, "FieldPath field names may not contain embedded nulls")
        }
        self.text = text
        pieces = names.map { Piece(Array($0)) }
    }

    package var description: String { text }

    /// The number that a name of digits without a leading zero says; nil for other names.
    static func arrayIndex(_ name: [UInt8]) -> Int? {
        guard !name.isEmpty, name.count <= 9, name.count == 1 || name[0] != 0x30 else { return nil }
        var index = 0
        for digit in name {
            guard (0x30...0x39).contains(digit) else { return nil }
            index = index * 10 + Int(digit - 0x30)
        }
        return index
    }

    /// Whether this path is the other, or leads to something inside or around it.
    package func conflicts(with other: FieldPath) -> Bool {
        let shared = min(pieces.count, other.pieces.count)
        return pieces[..<shared].elementsEqual(other.pieces[..<shared]) { $0.name == $1.name }
    }

    /// The value the path names, with numbers taken as indexes in arrays; nil when there is none.
    package func value(in document: BSONBytes) -> BSONView? {
        var view = BSONView(type: .document, bytes: document)
        for piece in pieces {
            let found: BSONView? =
                switch view.type {
                case .document: BSONBytes.with(piece.name) { view.bytes.field($0) }
                case .array: piece.index.flatMap { view.bytes.element(at: $0) }
                default: nil
                }
            guard let found else { return nil }
            view = found
        }
        return view
    }
}
