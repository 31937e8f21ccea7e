"""Orders the texts for scoring, so that the first d texts are a sample for every d.

Reads data/matrix.parquet, segments.*, text_importance.parquet and texts.parquet; writes
data/plan.parquet, reports/plots/plan.csv and reports/metrics/plan.json. `modelmap plan` prints the
first texts of the order.
"""
