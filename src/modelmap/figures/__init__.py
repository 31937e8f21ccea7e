"""Figures, drawn from the tables and metrics that the stages wrote."""
