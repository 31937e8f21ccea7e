"""What a model is and how it is brought into memory."""
