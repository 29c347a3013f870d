"""Bodies of classifiers by architecture, for images and for volumes."""
