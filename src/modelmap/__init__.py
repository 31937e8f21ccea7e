"""A map of language models drawn from their log-likelihood vectors."""
