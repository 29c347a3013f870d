"""What a classification study's config has to say of itself, whatever else it holds."""

from typing import Any, Protocol


class ClassifierConfig(Protocol):
    """A config of a classification study: a `trainables.runtime.config.Frozen` with these fields.

    A protocol and no base class, so that a study's fields keep the order it gives them: tables of
    trials show them in that order.
    """

    @property
    def batch_size(self) -> int:
        """Images of a training step, on which the prediction of memory rests."""

    @property
    def dropout(self) -> float:
        """Probability of dropping a feature before the classifier's last layer, in [0, 1)."""

    def model_dump(self) -> dict[str, Any]:
        """Return the fields, as pydantic does."""
