"""What the studies share that make models of their own: scores of models in memory, and workers."""
