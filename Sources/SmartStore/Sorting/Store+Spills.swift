import PageStore
import StoreIO

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

// Where the queries of a store put aside what does not fit into memory, and how much they may hold.

extension Store {
    /// Beside the store; for one that is only read, in the system's folder for temporary files.
    static func spillSpace(
        of pager: Pager, name: String, in directory: any StoreDirectory, _ options: StoreOptions
    ) -> SpillSpace {
        let isShared = options.isReadOnly
        let given = options.spillDirectory
        return SpillSpace(
            name: isShared ? "query" : name, isShared: isShared, isEncrypted: pager.isEncrypted, random: options.random
        ) { () throws(FileFault) in
            if !isShared { return directory }
            if let given { return given }
            return try PosixDirectory(path: FileManager.default.temporaryDirectory.path)
        }
    }

    /// What a sort may use.
    func sortResources(allowsDiskUse: Bool) -> SortResources {
        SortResources(byteLimit: options.sortByteLimit, space: spills, allowsDiskUse: allowsDiskUse)
    }

    /// What the documents may use that wait for their groups.
    func groupResources(allowsDiskUse: Bool) -> SortResources {
        SortResources(
            byteLimit: options.groupByteLimit / 4, space: spills, allowsDiskUse: allowsDiskUse, operation: "$group")
    }
}
