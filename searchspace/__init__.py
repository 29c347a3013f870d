"""Search spaces: names, domains and conditions of every study, independent of any sampler."""
