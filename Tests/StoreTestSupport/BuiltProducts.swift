package import Foundation

/// Finds executables that were built beside the tests.
package enum BuiltProducts {
    package struct NotFound: Error, CustomStringConvertible {
        let name: String
        package var description: String { "\(name) was not built beside the tests" }
    }

    package static func executable(_ name: String) throws -> URL {
        // The test runner's own image lies in the build folder, as a bundle or as an executable.
        var candidates = [Bundle.main.bundleURL, URL(fileURLWithPath: CommandLine.arguments[0])]
        candidates += Bundle.allBundles.map(\.bundleURL)
        for candidate in candidates {
            var folder = candidate
            for _ in 0..<4 {
                let file = folder.appendingPathComponent(name)
                var isFolder: ObjCBool = false
                if FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder), !isFolder.boolValue {
                    return file
                }
                folder = folder.deletingLastPathComponent()
            }
        }
        throw NotFound(name: name)
    }
}
