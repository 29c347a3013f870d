"""Networks of generative adversarial training [gan]."""
