"""Study trajectories: how far models move during training, in weights and in log-likelihoods.

Trains base models of the zoo's architectures from new seeds, and writes
reports/studies/trajectories.csv and trajectories.json.
"""
