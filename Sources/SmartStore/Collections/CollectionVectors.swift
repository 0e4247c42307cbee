import PageStore
import TreeStore
import VectorIndex

// The vectors of an index themselves, as they are stored.

extension CollectionReading {
    /// Hands over every vector of an index with its document's `_id`, in order of `_id`, until `body` returns false. The
    /// vectors are those the index keeps: rounded to its storage, for cosine of length 1. They are read from the file;
    /// memory does not grow with their number.
    /// - Throws: `noSuchIndex`; what `body` throws.
    public func forEachVector(field: String, _ body: (BSONValue, [Float]) throws -> Bool) throws {
        let index = try converting { try transaction.index(on: name, field: field) }
        let view = transaction.view
        let arrays = index.definition.arrays
        let stride = index.definition.options.vectorStride
        do {
            let cursor = arrays.rows.cursor(in: view)
            var isThere = try cursor.seekToFirst()
            while isThere {
                // Behind the documents' keys come the `_id`s that are too long for a slot.
                guard try cursor.key.first != 0xFF else { return }
                for row in VectorRows.rows(of: try cursor.value) {
                    var bytes = [UInt8](repeating: 0, count: stride)
                    var span = bytes.mutableSpan
                    var raw = span.mutableBytes
                    try arrays.vectors.read(at: UInt64(row) * UInt64(stride), into: &raw, in: view, cached: false)
                    let vector = try HNSWIndex.decode(bytes, options: index.definition.options)
                    if try !body(try index.id(of: row, in: view), vector) { return }
                }
                isThere = try cursor.next()
            }
        } catch let fault as PageFault { throw StoreError(fault) }
    }
}
