"""Estimates the distances between models from a sample of the texts, and measures their error.

Reads data/matrix.parquet; writes reports/plots/resample.csv, reports/plots/designs.csv and
reports/metrics/resample.json.
"""
