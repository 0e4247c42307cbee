// A matrix of vectors in an npy or fvecs file, with errors in the shell's words.

import SmartStore
import StoreIO
import VectorIndex

final class VectorMatrix {
    /// The file's name, without its folder.
    let name: String
    private let reader: VectorFileReader

    /// Rows.
    var rowCount: Int { reader.rowCount }
    /// Elements of a row.
    var columnCount: Int { reader.dimension }

    init(path: String) throws(StoreError) {
        name = PosixDirectory.split(path: path).name
        do { reader = try VectorFiles.read(path) } catch { throw Self.described(error) }
    }

    /// The elements of a row.
    func row(_ index: Int) throws(StoreError) -> [Float] {
        do { return try reader.row(index) } catch { throw Self.described(error) }
    }

    static func described(_ error: VectorError) -> StoreError {
        StoreError(
            .invalidArgument, "\(error.message).",
            remedy: "Give a matrix of float16 or float32 as numpy.save writes it, or an fvecs file.")
    }
}
