"""The stage score: the log-likelihood of every text under every model."""
