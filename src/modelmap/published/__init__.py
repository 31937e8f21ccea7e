"""Imports published log-likelihoods or bundles, and exports the tables of a map as a bundle.

`modelmap import` writes data/imported and conf/imported.yaml. `modelmap export` reads the tables in
data/ and writes a bundle, which is a folder of tables with a manifest and a data set card.
"""
