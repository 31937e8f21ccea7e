"""The study `notebooks` executes the notebooks and writes their copies with outputs."""
