"""Cases of utils.recommender.ranker."""

from tests.driven.recommender import INSIDE

EXEMPT = {
    "recommender.ranker.ndcg_and_recall": INSIDE,
    "recommender.ranker.item_features": INSIDE,
    "recommender.ranker.fit_ranker": INSIDE,
    "recommender.ranker.FirstStage": INSIDE,
    "recommender.ranker.rerank": INSIDE,
}
