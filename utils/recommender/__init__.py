"""The recommender that runs on a user's log: candidate generation, ranking."""
