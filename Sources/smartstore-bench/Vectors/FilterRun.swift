// Searches that may return only some of the rows: random shares, and shares that lie near to or far from the query.

import VectorIndex

struct FilterFigures: Encodable {
    let kind: FilterCase.Kind
    /// Rows that pass, in hundredths of all.
    let share: Double
    /// How the filter is handed over: a set of rows, a list of ids, a predicate; or a document filter of the store.
    let form: String
    let atRecall: [String: Double?]
    let atRecallTuned: [String: Double?]
    let results: [SweepPoint]

    init(_ filter: FilterCase, form: String, _ points: [SweepPoint]) {
        kind = filter.kind
        share = filter.share
        self.form = form
        results = points
        atRecall = RecallTargets.interpolate(points.map { ($0.recall, $0.qps) })
        atRecallTuned = RecallTargets.tuned(points)
    }

    static func show(_ all: [FilterFigures]) {
        var table = Table(
            "filtered, queries a second at a recall (settings chosen on even queries, figures of odd ones)",
            ["rows that pass", "form"] + RecallTargets.names.map { "@" + $0 } + ["highest", "p99 µs there"])
        for filter in all {
            let best = filter.results.max { $0.recall < $1.recall }
            table.add(
                ["\(Show.number(filter.share, filter.share < 1 ? 1 : 0)) % \(filter.kind.rawValue)", filter.form]
                    + RecallTargets.names.map { Show.number(filter.atRecallTuned[$0] ?? nil) }
                    + [Show.number(best?.recall, 4), Show.number(best?.p99Us, 1)])
        }
        table.show()
    }
}

struct FilterRun {
    let dataset: VectorDataset
    let plan: SweepPlan
    let shares: [Double]
    let progress: Progress

    func run(_ bare: BareIndex) throws -> [FilterFigures] {
        progress.step("exact neighbours under filters")
        let cases = try FilterCases.make(shares: shares, dataset: dataset)
        let truths = try FilterCases.truths(cases, dataset: dataset, k: plan.k)
        var figures: [FilterFigures] = []
        for (filter, truth) in zip(cases, truths) {
            for form in forms(filter) {
                progress.step("\(filter.share) % \(filter.kind.rawValue), as \(form.name)")
                let points = try SearchSweep.run(plan, truth, progress: progress) { number, query, setting in
                    try bare.search(
                        query, k: plan.k, setting, including: form.filters[filter.setOfQuery[number]])
                }
                figures.append(FilterFigures(filter, form: form.name, points))
            }
        }
        return figures
    }

    /// Sets for all; the other forms for random filters alone, where they cost the same work.
    private func forms(_ filter: FilterCase) -> [(name: String, filters: [RowFilter])] {
        let rows = filter.sets.map(\.rows)
        var forms = [(name: "set", filters: rows.map { RowFilter.rows(RowSet($0)) })]
        guard filter.kind == .random else { return forms }
        forms.append((name: "ids", filters: rows.map { RowFilter.ids($0) }))
        forms.append((name: "predicate", filters: filter.sets.map { set in .predicate { set.contains(Int($0)) } }))
        return forms
    }
}
