"""The model map: two coordinates for each model, by t-SNE, and measures of the map's quality.

The stage reads data/matrix.parquet, kl.parquet and segments.*, and writes data/map.parquet,
spectrum.parquet and reports/plots/map.csv.
"""
