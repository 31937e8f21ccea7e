"""Data published by others and bundles of one's own: read, checked, and written."""
