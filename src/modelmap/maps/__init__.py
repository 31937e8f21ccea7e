"""Model maps: coordinates and how faithful they are."""
