"""Stability of the map: how far models move when its texts are resampled.

The stage reads data/matrix.parquet and map.parquet, and writes data/stability.parquet.
"""
