"""Samplers propose configs; each is an Optuna sampler: the run's Optuna study is the one memory.

What a trial told the study (`search.engine.optuna_record`) is what every sampler learns from:
completed trials by value, then pruned ones by rung and value, then those that violate a
constraint or failed.
A fresh one is made for each question, so that a proposal is a function of seed, number and history.
"""
