"""Many problems at once, half of them for development: does a sampler hold where it was not tuned?"""
