"""KL divergences between models, and what follows from them."""
