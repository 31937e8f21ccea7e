"""Comparisons of scoring with other programs, which run in a virtual environment of their own."""
