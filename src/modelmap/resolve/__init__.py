"""The configuration: composed from conf/, params.yaml and the chosen experiment, and checked.

The stage writes resolved.yaml, which all later stages read, and roster.yaml, the list of models.
"""
