"""Cases of utils.models.list_losses."""

LOSS = "a loss of the rankers of lists, whose fit_... functions check"

EXEMPT = {
    "models.list_losses.confidence": LOSS,
    "models.list_losses.lambdas": LOSS,
    "models.list_losses.listwise": LOSS,
    "models.list_losses.pairwise": LOSS,
    "models.list_losses.pointwise": LOSS,
    "models.list_losses.ranknet": LOSS,
}
