import Synchronization

extension SimulatedDisk {
    /// Puts another content under a name that is there; open handles see it at once.
    package func replaceContent(of name: String, with content: DiskContent) {
        state.withLock { state in
            if let file = state.names[name] { state.contents[file] = content }
        }
    }
}
