"""Many trials: samplers, schedulers, records and the executors that run them."""
