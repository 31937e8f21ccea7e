"""From score files to the log-likelihood matrix."""
