"""Predicting what models score from where they lie (P1, Sect. 5; P2, Fig. 4 and 6)."""
