// Several fields of a document, found in one pass over its bytes.
//
// 1. Names are compared eight bytes at a time; a name of up to seven bytes is settled by one comparison.
// 2. The pass ends with the last field that is wanted. Of fields of one name, the first counts, as everywhere.
// 3. Places hold offsets and no pointers, so they may be kept; they are meant for the bytes they were found in.

/// Finds the fields of some names.
struct FieldGather: Sendable {
    /// A wanted name, and where the last pass found it.
    private struct Wanted {
        let name: [UInt8]
        let count: Int
        /// The first bytes of the name with its end, and which bits of eight bytes they fill.
        let pattern: UInt64
        let mask: UInt64
        var type = BSONType.null
        /// Where the value begins; zero: not found.
        var start = 0
        var end = 0
    }

    private var wanted: ContiguousArray<Wanted> = []

    /// The place of a name among the wanted; it is added when it is not among them.
    mutating func slot(of name: [UInt8]) -> Int {
        if let known = wanted.firstIndex(where: { $0.name == name }) { return known }
        var (pattern, mask): (UInt64, UInt64) = (0, 0)
        for (place, byte) in (name + [0]).prefix(8).enumerated() {
            pattern |= UInt64(byte) << UInt64(8 * place)
            mask |= 0xFF << UInt64(8 * place)
        }
        wanted.append(Wanted(name: name, count: name.count, pattern: pattern, mask: mask))
        return wanted.count - 1
    }

    /// Looks for all of them in a document.
    @inline(__always)
    mutating func gather(in document: BSONBytes) {
        for index in wanted.indices { wanted[index].start = 0 }
        var left = wanted.count
        guard left > 0, let end = BSONReader.end(of: document) else { return }
        var offset = 4
        while offset < end {
            let start = offset &+ 1
            guard let type = BSONType(tag: document[offset]) else { return }
            var word: UInt64 = 0
            var nameEnd = 0
            if start &+ 8 <= end {
                word = document.uint64(at: start)
                let zeros = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
                if zeros != 0 { nameEnd = start &+ zeros.trailingZeroBitCount &>> 3 }
            } else {
                for place in 0..<min(8, end &+ 1 &- start) {
                    word |= UInt64(document[start &+ place]) &<< UInt64(8 &* place)
                }
            }
            if nameEnd == 0 {
                guard let found = document.firstZero(from: start, to: end) else { return }
                nameEnd = found
            }
            guard let valueEnd = BSONReader.valueEnd(type, document, from: nameEnd &+ 1, to: end) else { return }
            for index in wanted.indices
            where wanted[index].pattern == word & wanted[index].mask && wanted[index].start == 0 {
                let count = nameEnd &- start
                guard wanted[index].count == count else { continue }
                if count > 7 {
                    let isSame = BSONBytes.with(wanted[index].name) { document.slice(start, nameEnd).equals($0) }
                    guard isSame else { continue }
                }
                wanted[index].type = type
                wanted[index].start = nameEnd &+ 1
                wanted[index].end = valueEnd
                left &-= 1
                if left == 0 { return }
                break
            }
            offset = valueEnd
        }
    }

    /// What the last pass found for a name; nil: there is no such field.
    @inline(__always)
    func view(_ slot: Int, in document: BSONBytes) -> BSONView? {
        let start = wanted[slot].start
        guard start > 0 else { return nil }
        return BSONView(type: wanted[slot].type, bytes: document.slice(start, wanted[slot].end))
    }
}

/// An expression that reads what a gather found where it can, and is evaluated where it cannot.
enum GatheredArgument: Sendable {
    case constant(BSONType, OwnedBytes)
    /// A field at the top, and the names from its value on.
    case field(slot: Int, rest: ArraySlice<[UInt8]>)
    case computed(AggregationExpression)

    init(_ expression: AggregationExpression, _ gather: inout FieldGather) {
        if let constant = expression.constant {
            self = constant.withView { .constant($0.type, OwnedBytes($0.bytes.array)) }
        } else if let path = expression.field {
            self = .field(slot: gather.slot(of: path.names[0]), rest: path.names.dropFirst())
        } else {
            self = .computed(expression)
        }
    }

    /// The shortest way to the value.
    enum Step: Sendable {
        case constant(BSONView)
        case field(Int)
        case other
    }

    /// The shortest way to the value. A constant's view is good as long as this argument lives.
    var step: Step {
        switch self {
        case .constant(let type, let owned): .constant(BSONView(type: type, bytes: owned.bytes))
        case .field(let slot, let rest) where rest.isEmpty: .field(slot)
        default: .other
        }
    }

    /// The value in place; nil: missing. `isMade` says that it is nowhere in place, and has to be made by `value`.
    @inline(__always)
    func view(_ gather: borrowing FieldGather, in root: BSONBytes, isMade: inout Bool) -> BSONView? {
        switch self {
        case .constant(let type, let owned): return BSONView(type: type, bytes: owned.bytes)
        case .field(let slot, let rest):
            let view = gather.view(slot, in: root)
            guard !rest.isEmpty, let view else { return view }
            return Self.inner(view, rest, isMade: &isMade)
        case .computed:
            isMade = true
            return nil
        }
    }

    /// The value, where `view` cannot lend it.
    func value(_ gather: borrowing FieldGather, in root: BSONBytes) throws(DocumentError) -> BSONValue? {
        switch self {
        case .constant(let type, let owned): return BSONValue(BSONView(type: type, bytes: owned.bytes))
        case .field(let slot, let rest):
            guard let view = gather.view(slot, in: root) else { return nil }
            return ExpressionPath.value(view, rest, depth: 0)
        case .computed(let expression): return try expression.evaluate(root)
        }
    }

    /// The rest of a path, in place as long as it leads through documents only.
    private static func inner(_ top: BSONView, _ names: ArraySlice<[UInt8]>, isMade: inout Bool) -> BSONView? {
        var view = top
        for name in names {
            guard view.type == .document else {
                isMade = view.type == .array
                return nil
            }
            guard let next = BSONBytes.with(name, { view.bytes.field($0) }) else { return nil }
            view = next
        }
        return view
    }
}
