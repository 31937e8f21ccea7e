"""What the studies share that make models of their own: the scores of models in memory."""
