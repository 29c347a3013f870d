"""One trial: from a config to metrics. Torch lives here, Ray does not."""
