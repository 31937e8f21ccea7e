"""New models on a map whose texts were chosen without them.

The stage reads data/matrix.parquet, models.parquet and map.parquet, and writes
data/new_models.parquet and reports/plots/new_models.csv.
"""
