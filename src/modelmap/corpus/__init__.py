"""The corpus: documents cut into texts, without duplicates, in a sampling and a training pool.

The stage reads pinned packages, a file in data/raw, a data set or imported texts, and writes
data/corpus.parquet.
"""
