"""Raised by hand whenever scores change meaning; part of every score's identity."""

SCORER_VERSION = 1
