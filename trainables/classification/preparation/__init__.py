"""What a run of classifiers begins with: test images apart from what earlier runs used."""
