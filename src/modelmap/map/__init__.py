"""The model map: two coordinates for each model, by t-SNE, and measures of the map's quality.

The stage reads data/matrix.parquet and kl.parquet, and writes data/map.parquet,
spectrum.parquet and reports/plots/map.csv.
"""
