// The structural check of a paged array.

package import PageStore

extension PagedArray {
    /// Verifies every page of the array, going on past damage.
    /// - Parameter visit: told every page the array owns, once each, damaged ones too.
    /// - Returns: what is wrong; empty for a sound array.
    package func check(in view: PageView, visit: (PageID) -> Void) -> [TreeFinding] {
        var check = ArrayCheck(array: self, view: view)
        check.run(visit: visit)
        return check.findings
    }
}

private struct ArrayCheck {
    let array: PagedArray
    let view: PageView
    var findings: [TreeFinding] = []
    private var seen: Set<PageID> = []
    private var count: UInt64 = 0

    init(array: PagedArray, view: PageView) {
        self.array = array
        self.view = view
    }

    mutating func run(visit: (PageID) -> Void) {
        seen.insert(array.root)
        visit(array.root)
        do throws(PageFault) {
            let root = try array.openRoot(in: view)
            count = root.mark
            children(of: root, first: 0, visit: visit)
        } catch {
            findings.append(TreeFinding(page: array.root, fault: error))
        }
    }

    private mutating func children(of page: ArrayPage, first: UInt64, visit: (PageID) -> Void) {
        let span = page.childSpan
        for slot in 0..<page.fanOut {
            guard let child = page.child(slot) else { continue }
            guard seen.insert(child).inserted else {
                findings.append(TreeFinding(page: child, reason: "page reached twice"))
                continue
            }
            visit(child)
            let (offset, overflows) = UInt64(slot).multipliedReportingOverflow(by: span)
            let (childFirst, overflowsToo) = first.addingReportingOverflow(offset)
            if overflows || overflowsToo || childFirst >= count {
                findings.append(TreeFinding(page: child, reason: "array page beyond the array's count"))
                continue
            }
            do throws(PageFault) {
                let opened = try array.open(
                    child, level: page.level - 1, first: childFirst, in: view, cached: page.level > 1)
                if opened.level > 0 { children(of: opened, first: childFirst, visit: visit) }
            } catch {
                findings.append(TreeFinding(page: child, fault: error))
            }
        }
    }
}
