"""Cases of utils.retrieval.inverted."""

import numpy as np

from tests.driven import case
from tests.driven.retrieval import found
from utils.retrieval.inverted import InvertedIndex


def texts(documents, queries, word, k, k1, b):
    index = InvertedIndex(k1=k1, b=b).fit(documents)
    assert index.idf(word) > 0
    index.score(queries[0], np.arange(len(documents)))
    return index.search(queries, k)


case(
    texts,
    lambda rng: {
        "documents": [["a", "b"], [], ["b", "b", "c"]],
        "queries": [["b"], ["a", "c"]], "word": "b", "k": 2, "k1": 1.2,
        "b": 0.75,
    },
    lambda got, given: found(
        got, {"vectors": given["documents"], **given}
    ),
    covers=(InvertedIndex,),
)  # fmt: skip
