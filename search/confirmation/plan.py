"""How a run is confirmed: what the user decides."""

from typing import Literal

from pydantic import Field, PositiveInt

from trainables.runtime.config import Frozen


class ConfirmPlan(Frozen):
    """How a run is confirmed.

    Attributes:
        top: How many of the best take part.
        seeds: Trainings of each finalist.
        attacks: Name of the ensemble.
        references: ``few`` takes those that the study calls essential.
        images: At most so many images of each split; None for all.
    """

    top: PositiveInt = 3
    seeds: PositiveInt = 3
    attacks: str = "standard"
    references: Literal["all", "few"] = "few"
    images: int | None = Field(default=None, ge=2)
