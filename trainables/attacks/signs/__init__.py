"""Signs that an attack fails on a model for reasons other than the model's robustness."""
