"""Study kl_truth: compares the KL estimate with KL divergences simulated from the models.

Pairs are of models that are trained here and share a tokenizer. Reads data/matrix.parquet,
data/texts.parquet, data/scores and data/zoo; writes reports/studies/kl_truth.csv and
kl_truth.json.
"""
