"""Study interpolation: do log-likelihoods follow straight lines between the weights of models?

Reads data/texts.parquet and data/zoo; writes reports/studies/interpolation.csv and
interpolation.json.
"""
