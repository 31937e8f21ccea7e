"""Predicts benchmark scores or bits per byte of models from their coordinates.

Oyama et al. 2025 (ACL), Section 5; Oyama et al. 2025 (EMNLP Findings), Figures 4 and 6. Reads
data/matrix.parquet, data/models.parquet and the targets; writes data/predictions.parquet,
reports/plots/prediction.csv and prediction_table.csv, and reports/metrics/predict.json.
"""
