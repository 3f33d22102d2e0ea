"""Experiments: two samples."""


def arms(rng, /, **more):
    return {
        "control": rng.normal(size=6), "treatment": rng.normal(size=8),
        **more,
    }  # fmt: skip
