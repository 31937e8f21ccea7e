"""Small language models with known relations, trained from seeds."""
