"""Study place_eval: the errors of placing models that the map does not know.

Reads data/segments.*, kl.parquet and models.parquet; writes reports/studies/place_eval.csv and
place_eval.json.
"""
