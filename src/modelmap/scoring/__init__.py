"""Log-likelihoods of texts under models, resumable and exact."""
