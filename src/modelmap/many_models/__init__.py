"""Neighbours and a map of so many models that a matrix of all pairs takes too much memory.

No stage uses it: docs/full-run.md says which steps of 20,000 models it covers.
"""
