"""Metrics of ranking, classification, calibration, detection, diversity.

Means, intervals and how many lists were dropped belong to the chapter.
"""
