"""MedMNIST-C: corruptions that fit each dataset, and its scores [medmnistc]."""
