"""Study kl_truth: compares both estimates of a KL with KL divergences simulated from the models.

Reads roster.yaml, data/texts.parquet, data/kl.parquet and data/zoo; writes kl_truth.csv (pairs of
models trained here), kl_pretrained.csv (pairs with a pretrained model), kl_ingredients.csv (what
each part of the estimate contributes) and kl_truth.json into reports/studies.
"""
