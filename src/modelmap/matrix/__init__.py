"""The log-likelihood matrix, the segments of all texts, and the table of the models.

The stage reads roster.yaml, data/texts.parquet, data/scores and what was imported, and writes
data/matrix.parquet, segments.safetensors, segments.parquet, models.parquet and
category_bits.parquet.
"""
