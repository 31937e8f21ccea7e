"""Placing a new model on an existing map, from its log-likelihoods of a few texts.

The command `modelmap place` reads the map of a project or of a bundle, scores the model on the
first texts of the plan, and estimates its KL divergence to every model of the map.
"""
