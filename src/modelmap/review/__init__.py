"""Commands for reviewing changes: `modelmap guard`, `verify` and `review`; the data dictionary.

They compare dvc.lock, metrics, parameters and models of the working tree with those committed, and
print messages or Markdown; only the data dictionary writes a file, data/README.md.
"""
