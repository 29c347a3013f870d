"""What may vary: names, domains and conditions of every study, independent of any sampler."""
