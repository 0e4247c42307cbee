// Who imports SmartStore can name metrics and vector storages without importing the index's module too.

@_exported public import VectorIndex
