"""What all stages share: paths, errors, files, tables, seeds, processes, hardware, progress.

Contract: nothing in this package changes a number that a stage computes. So no stage in dvc.yaml
depends on it, and an edit here runs no stage again. tests/pipeline/test_golden_outputs.py runs the
pipeline on a small project and compares its outputs with recorded ones.
"""
