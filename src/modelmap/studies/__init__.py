"""Longer studies of the method. Each package reads tables of the pipeline.

Results are written to reports/studies and committed, since a run takes minutes.
"""
