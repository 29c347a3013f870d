"""Samplers propose configs; each is an Optuna sampler: the run's Optuna study is the one memory.

Every sampler learns from what the Optuna study holds of each trial (`search.engine.optuna_record`),
best first: completed trials by value, then pruned ones by rung and value, then those that violate a
constraint or failed. A new sampler is made for each proposal, so that a proposal is a function of
seed, number and history.
"""
