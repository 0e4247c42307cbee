import StoreIO
import Testing

@testable import SmartStore

@Suite("Merkle tree")
struct MerkleTreeTests {
    /// Leaves and roots that implementations of Certificate Transparency test with (RFC 6962 and 9162 hash alike).
    private static let leaves = [
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    ]
    private static let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ]

    /// The definition, word by word.
    private static func root(_ leaves: ArraySlice<Digest32>) -> Digest32 {
        guard leaves.count > 1 else { return leaves.first ?? MerkleHash.empty }
        var split = 1
        while split * 2 < leaves.count { split *= 2 }
        let middle = leaves.startIndex + split
        return MerkleHash.node(root(leaves[..<middle]), root(leaves[middle...]))
    }

    private static func leaf(_ number: Int) -> Digest32 { MerkleHash.leaf(BigEndian.bytes(UInt64(number))) }

    private static func edge(_ leaves: some Sequence<Digest32>) -> MerkleEdge {
        var edge = MerkleEdge()
        for leaf in leaves { edge.append(leaf: leaf) }
        return edge
    }

    @Test("roots are those of the published vectors")
    func vectors() throws {
        #expect(MerkleHash.empty.hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        var edge = MerkleEdge()
        for (leaf, root) in zip(Self.leaves, Self.roots) {
            edge.append(leaf: MerkleHash.leaf(try #require(Hex.bytes(leaf))))
            #expect(edge.root.hex == root)
        }
    }

    @Test("the edge gives the root of the definition, and survives being stored")
    func edges() {
        let leaves = (0..<70).map(Self.leaf)
        var edge = MerkleEdge()
        for (index, leaf) in leaves.enumerated() {
            #expect(edge.root == Self.root(leaves[..<index]))
            #expect(MerkleEdge(size: edge.size, nodes: edge.nodes) == edge)
            #expect(MerkleEdge(size: edge.size, nodes: edge.nodes + [leaf]) == nil)
            edge.append(leaf: leaf)
        }
    }

    @Test("a proof of inclusion holds for its leaf, place and root only")
    func inclusion() {
        let leaves = (0..<33).map(Self.leaf)
        for size in 1...33 {
            let root = Self.root(leaves[..<size])
            for index in 0..<size {
                let path = MerkleProof.inclusionRanges(of: UInt64(index), size: UInt64(size)).map {
                    Self.edge(leaves[Int($0.lowerBound)..<Int($0.upperBound)]).root
                }
                func holds(
                    _ leaf: Digest32, _ index: Int, _ size: Int, _ root: Digest32, _ path: [Digest32]
                ) -> Bool {
                    MerkleProof.isIncluded(leaf, at: UInt64(index), size: UInt64(size), root: root, path: path)
                }
                #expect(holds(leaves[index], index, size, root, path), "\(index) of \(size)")
                #expect(!holds(Self.leaf(99), index, size, root, path))
                #expect(!holds(leaves[index], index, size, Self.leaf(99), path))
                #expect(!holds(leaves[index], index, size, root, path + [root]))
                if !path.isEmpty {
                    #expect(!holds(leaves[index], index, size, root, Array(path.dropLast())))
                    #expect(!holds(leaves[index], index ^ 1, size, root, path))
                }
                #expect(!holds(leaves[index], size, size, root, path))
            }
        }
    }

    @Test("a proof of consistency holds for its two trees only")
    func consistency() {
        let leaves = (0..<33).map(Self.leaf)
        for size in 1...33 {
            let root = Self.root(leaves[..<size])
            for older in 0...size {
                let path = MerkleProof.consistencyRanges(from: UInt64(older), to: UInt64(size)).map {
                    Self.edge(leaves[Int($0.lowerBound)..<Int($0.upperBound)]).root
                }
                let olderRoot = Self.root(leaves[..<older])
                func holds(_ older: Digest32, _ newer: Digest32, _ path: [Digest32], from first: Int) -> Bool {
                    MerkleProof.isConsistent(from: UInt64(first), older, to: UInt64(size), newer, path: path)
                }
                #expect(holds(olderRoot, root, path, from: older), "\(older) to \(size)")
                #expect(!holds(Self.leaf(99), root, path, from: older))
                if older > 0 { #expect(!holds(olderRoot, Self.leaf(99), path, from: older)) }
                #expect(!holds(olderRoot, root, path + [root], from: older))
                if !path.isEmpty { #expect(!holds(olderRoot, root, Array(path.dropLast()), from: older)) }
            }
        }
    }
}
