"""KL divergences between models: estimates, standard errors, intervals, neighbours and clusters.

The stage reads data/matrix.parquet, texts.parquet and models.parquet, and writes data/kl.parquet,
neighbours.parquet and clusters.parquet.
"""
