"""The indexes of other libraries, as `vectors_vs_peers.py` builds and asks them.

Each class stands for one library. It names the settings that are swept, builds an index with one thread and writes it
to a folder, opens it in another process, and answers queries. What a library offers for speed on one core is used: its
half-size vectors, its fast scans, its second pass. Vectors come at unit length, so the inner product is the cosine.
"""

import os

import numpy as np

# Search breadths of graphs; a sweep ends when recall is complete or has ceased to rise.
BREADTHS = [10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256, 384, 512, 768, 1024]


class Peer:
    package = ""            # what `pip install` calls it
    module = ""             # what has to be importable

    def __init__(self, folder, dimension, k, shape):
        self.folder, self.dimension, self.k, self.shape = folder, dimension, k, shape
        self.block = shape.get("block", False)

    def file(self, name):
        return os.path.join(self.folder, name)

    def settings(self):
        return [{"breadth": breadth} for breadth in BREADTHS if breadth >= self.k]

    def build(self, base):
        """Builds with one thread. Only this is timed."""
        raise NotImplementedError

    def save(self):
        raise NotImplementedError

    def open(self, count):
        raise NotImplementedError

    def use(self, setting):
        """Takes a setting; what can be done once for all queries is done here, outside the clock."""
        raise NotImplementedError

    def ask(self, queries):
        """The ids for a matrix of queries, in one call of the library."""
        raise NotImplementedError

    def answer(self, queries):
        """The ids for all queries, one query a call (or, for the rows that say so, all in one call)."""
        if self.block:
            return self.ask(queries)
        ask = self.ask
        return [ask(queries[i : i + 1]) for i in range(len(queries))]


class Svs(Peer):
    """Intel's Scalable Vector Search: a Vamana graph, a flat one of fixed degree, over float16 vectors."""

    package, module = "scalable-vs", "svs"

    def build(self, base):
        import svs

        shape = svs.VamanaBuildParameters(alpha=0.95, graph_max_degree=self.shape["degree"], window_size=200)
        self.index = svs.Vamana.build(shape, base.astype(np.float16), svs.DistanceType.MIP, num_threads=1)

    def save(self):
        self.index.save(self.file("config"), self.file("graph"), self.file("data"))

    def open(self, count):
        import svs

        data = svs.VectorDataLoader(self.file("data"), svs.DataType.float16)
        graph = svs.GraphLoader(self.file("graph"))
        self.index = svs.Vamana(self.file("config"), graph, data, svs.DistanceType.MIP, num_threads=1)

    def use(self, setting):
        import svs

        parameters = self.index.search_parameters
        parameters.buffer_config = svs.SearchBufferConfig(setting["breadth"])
        self.index.search_parameters = parameters

    def ask(self, queries):
        return self.index.search(queries, self.k)[0]


class FaissFlat(Peer):
    """faiss: every row's 4-bit product-quantiser code is scanned in registers, the best are compared exactly."""

    package, module = "faiss-cpu", "faiss"

    def settings(self):
        return [{"kept": kept} for kept in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32, 48, 64)]

    def build(self, base):
        import faiss

        faiss.omp_set_num_threads(1)
        codes = f"PQ{self.dimension // 2}x4fs,RFlat"
        self.index = faiss.index_factory(self.dimension, codes, faiss.METRIC_INNER_PRODUCT)
        self.index.train(base)
        self.index.add(base)

    def save(self):
        import faiss

        faiss.write_index(self.index, self.file("index"))

    def open(self, count):
        import faiss

        faiss.omp_set_num_threads(1)
        self.index = faiss.read_index(self.file("index"))

    def use(self, setting):
        import faiss

        self.parameters = faiss.IndexRefineSearchParameters(k_factor=setting["kept"])

    def ask(self, queries):
        return self.index.search(queries, self.k, params=self.parameters)[1]


class HnswLib(Peer):
    """hnswlib: the reference for HNSW, over float32 vectors."""

    package, module = "hnswlib", "hnswlib"

    def build(self, base):
        import hnswlib

        self.index = hnswlib.Index(space="ip", dim=self.dimension)
        self.index.init_index(max_elements=len(base), M=self.shape["links"], ef_construction=200)
        self.index.add_items(base, num_threads=1)

    def save(self):
        self.index.save_index(self.file("index"))

    def open(self, count):
        import hnswlib

        self.index = hnswlib.Index(space="ip", dim=self.dimension)
        self.index.load_index(self.file("index"), max_elements=count)

    def use(self, setting):
        self.index.set_ef(setting["breadth"])

    def ask(self, queries):
        return self.index.knn_query(queries, self.k, num_threads=1)[0]


class Scann(Peer):
    """ScaNN: a tree of partitions, 4-bit codes scanned in registers, and an exact second pass."""

    package, module = "scann", "scann"

    def settings(self):
        leaves = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
        return [{"leaves": count, "kept": kept} for kept in (20, 40, 100, 200) for count in leaves]

    def build(self, base):
        import scann

        builder = scann.scann_ops_pybind.builder(base, self.k, "dot_product").set_n_training_threads(1)
        builder = builder.tree(num_leaves=256, num_leaves_to_search=16, training_sample_size=len(base))
        builder = builder.score_ah(2, anisotropic_quantization_threshold=0.2).reorder(100)
        self.index = builder.build()

    def save(self):
        self.index.serialize(self.folder)

    def open(self, count):
        import scann

        self.index = scann.scann_ops_pybind.load_searcher(self.folder)

    def use(self, setting):
        self.leaves, self.kept = setting["leaves"], setting["kept"]

    def ask(self, queries):
        search = self.index.search_batched if self.block else self.index.search
        queries = queries if self.block else queries[0]
        ids = search(queries, leaves_to_search=self.leaves, pre_reorder_num_neighbors=self.kept)[0]
        return ids if self.block else ids[None]


# The rows of the comparison: a name for `--peers`, a title, the class, and the shape of the index. A row with `block`
# asks for all queries in one call, which saves the library's call from Python; it opens the index of the row before it.
ROWS = [
    ("svs", "SVS Vamana f16, R 32", Svs, {"degree": 32}),
    ("svs", "SVS Vamana f16, R 32, all queries in one call", Svs, {"degree": 32, "block": True}),
    ("svs", "SVS Vamana f16, R 64", Svs, {"degree": 64}),
    ("svs", "SVS Vamana f16, R 64, all queries in one call", Svs, {"degree": 64, "block": True}),
    ("faiss-flat", "faiss flat 4-bit PQ + refine", FaissFlat, {}),
    ("hnswlib", "hnswlib f32, M 16, efC 200", HnswLib, {"links": 16}),
    ("hnswlib", "hnswlib f32, M 16, all queries in one call", HnswLib, {"links": 16, "block": True}),
    ("scann", "ScaNN 4-bit + reorder", Scann, {}),
]
