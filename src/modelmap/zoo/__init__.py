"""The zoo: small language models with known relations to each other, trained from seeds.

The stage reads the training pool of data/corpus.parquet and writes data/zoo, with one Hugging Face
directory per model.
"""
