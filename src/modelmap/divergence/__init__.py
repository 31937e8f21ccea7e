"""KL divergences between models: estimates, standard errors, intervals, neighbours and clusters.

The stage reads data/segments.*, matrix.parquet, texts.parquet and models.parquet, and writes
data/kl.parquet, neighbours.parquet, clusters.parquet and text_importance.parquet.
"""
