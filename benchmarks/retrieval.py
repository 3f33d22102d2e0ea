"""Search and re-ranking beside FAISS, numpy's partition and pyversity.

    python -m benchmarks.retrieval [--quick]

One thread each. FAISS's flat search multiplies by BLAS only from a number of
queries on; the threshold is set so that it does. Recall at the same cells,
probes and codes is compared in tests/retrieval.
"""

from __future__ import annotations

import argparse

import numpy as np

from benchmarks._rows import row
from utils import rerank
from utils.retrieval.exact import ExactIndex
from utils.retrieval.ivf import IVFIndex
from utils.retrieval.kmeans import kmeans
from utils.retrieval.pq import PQIndex

AREA = "retrieval"


def draw(
    rng: np.random.Generator, *sizes: int, dimensions: int = 64
) -> list[np.ndarray]:
    """Clustered vectors in float32, one array for each size."""
    centres = rng.normal(size=(1000, dimensions))
    return [
        (
            centres[rng.integers(1000, size=size)]
            + 0.8 * rng.normal(size=(size, dimensions))
        ).astype(np.float32)
        for size in sizes
    ]


def partitioned(vectors: np.ndarray, queries: np.ndarray, k: int):
    """Exact search as one writes it first: argpartition, in blocks."""
    ids = np.empty((len(queries), k), dtype=np.int64)
    for start in range(0, len(queries), 100):
        scores = queries[start : start + 100] @ vectors.T
        best = np.argpartition(scores, -k, axis=1)[:, -k:]
        order = np.argsort(-np.take_along_axis(scores, best, 1), axis=1)
        ids[start : start + 100] = np.take_along_axis(best, order, 1)
    return ids


def exact(vectors, queries) -> None:
    import faiss

    index, peer = ExactIndex().fit(vectors), faiss.IndexFlatIP(64)
    peer.add(vectors)
    row(
        AREA,
        f"exact top-100, {len(queries):,} x {len(vectors):,} x 64",
        lambda: index.search(queries, 100),
        {
            "FAISS flat": lambda: peer.search(queries, 100),
            "numpy argpartition": lambda: partitioned(vectors, queries, 100),
        },
        bar={"FAISS flat": 0.6, "numpy argpartition": 3},
        why={
            "numpy argpartition": "Both begin with the same matrix product, "
            "about half of our time; only the choice of the best is faster."
        },
    )


def approximate(vectors, queries, rng) -> None:
    import faiss

    cells = int(len(vectors) ** 0.5)
    index = IVFIndex(cells=cells, probes=8, rng=rng).fit(vectors)
    flat = faiss.IndexFlatIP(64)
    peer = faiss.IndexIVFFlat(flat, 64, cells, faiss.METRIC_INNER_PRODUCT)
    peer.train(vectors)
    peer.add(vectors)
    peer.nprobe = 8
    true, _ = ExactIndex().fit(vectors).search(queries[:1000], 10)
    found, _ = index.search(queries[:1000], 10)
    recall = (found[:, :, None] == true[:, None, :]).any(axis=1).mean()
    row(
        AREA,
        f"IVF top-10, {len(queries):,} x {len(vectors):,} x 64, {cells} "
        f"cells, 8 probes (recall {recall:.2f})",
        lambda: index.search(queries, 10),
        {"FAISS IVF": lambda: peer.search(queries, 10)},
        bar=0.8,
    )
    index, peer = (
        PQIndex(subvectors=8, rng=rng).fit(vectors),
        faiss.IndexPQ(64, 8, 8, faiss.METRIC_INNER_PRODUCT),
    )
    peer.train(vectors)
    peer.add(vectors)
    few = queries[:1000]
    row(
        AREA,
        f"PQ scan top-10, {len(few):,} x {len(vectors):,}, 8 bytes",
        lambda: index.search(few, 10),
        {"FAISS PQ": lambda: peer.search(few, 10)},
        bar=0.4,
    )
    means = faiss.Kmeans(
        64, cells, niter=10, seed=1, max_points_per_centroid=len(vectors)
    )
    row(
        AREA,
        f"k-means, {len(vectors):,} x 64, {cells} cells, 10 rounds",
        lambda: kmeans(vectors, clusters=cells, iterations=10),
        {"FAISS k-means": lambda: means.train(vectors)},
        repeat=3,
        bar=0.5,
    )


def reranked(lists: int, rng) -> None:
    import pyversity

    relevance = rng.random((lists, 200)).astype(np.float32)
    vectors = rng.normal(size=(lists, 200, 64)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    for ours, peer in (
        (rerank.mmr, pyversity.mmr),
        (rerank.dpp, pyversity.dpp),
    ):
        row(
            AREA,
            f"{ours.__name__.upper()}, {lists:,} lists of 200 x 64, pick 20",
            lambda ours=ours: ours(relevance, vectors, k=20, trade_off=0.5),
            {
                "pyversity": lambda peer=peer: [
                    peer(v, r, 20, diversity=0.5)
                    for v, r in zip(vectors, relevance, strict=True)
                ]
            },
            bar=2.5,
            why="Each place needs the similarities of the whole list to the "
            "last choice: numpy goes through memory where a compiled loop "
            "would stay in the cache.",
        )


def main() -> None:
    import faiss

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    n = 20_000 if parser.parse_args().quick else 100_000
    faiss.omp_set_num_threads(1)
    faiss.cvar.distance_compute_blas_threshold = 20
    rng = np.random.default_rng(0)
    vectors, queries = draw(rng, n, n // 10)
    exact(vectors, queries[: n // 100])
    approximate(vectors, queries, rng)
    reranked(n // 100, rng)


if __name__ == "__main__":
    main()
