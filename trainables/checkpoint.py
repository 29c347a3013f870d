"""Load a model that a search left: the two functions that users import.

Example:
    >>> from trainables.checkpoint import load_classifier
    >>> classifier, card = load_classifier("runs/breast/best")  # doctest: +SKIP
"""

from trainables.saved.checkpoint import load_classifier, load_unet

__all__ = ["load_classifier", "load_unet"]
