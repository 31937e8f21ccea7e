"""The texts that all models are scored on: a sample from the sampling pool of the corpus.

The stage reads data/corpus.parquet and writes data/texts.parquet.
"""
