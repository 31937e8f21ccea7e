"""Maps of language models, computed from the log-likelihoods of texts under each model."""
