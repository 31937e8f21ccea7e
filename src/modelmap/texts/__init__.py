"""From packages, files or a data set to a table of texts."""
