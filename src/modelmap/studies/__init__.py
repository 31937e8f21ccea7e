"""Longer studies of the method: their results are committed, their runs take minutes."""
