"""Many problems, half of them for development: does a sampler hold where it was not tuned?"""
