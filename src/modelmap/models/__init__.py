"""The description of a model, its files, and how it is loaded into memory."""
