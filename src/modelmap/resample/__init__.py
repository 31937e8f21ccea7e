"""Resampling texts: which texts, how they are weighted, and what is lost (P2)."""
