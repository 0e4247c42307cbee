// A query's documents as a stream.

extension CollectionReading {
    /// The documents of a query, one after another.
    package func source(_ query: FindQuery) throws -> any DocumentSource {
        ListedDocuments(
            try find(
                query.filter, sort: query.sort, skip: query.skip, limit: query.limit, projection: query.projection))
    }
}
