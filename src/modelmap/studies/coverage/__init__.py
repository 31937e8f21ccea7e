"""Study coverage: measures how often the confidence intervals contain the KL of a population.

Populations are made by resampling the project's documents. Reads data/matrix.parquet and
data/texts.parquet; writes reports/studies/coverage.csv and coverage.json.
"""
