"""How a run is confirmed: what the user decides."""

from typing import Literal

from pydantic import PositiveInt

from trainables.runtime.config import Frozen
from trainables.study.settings import ROBUSTNESS, SEARCH, TRAINING, setting

# Ensembles whose black box guesses too little for a robustness card; needs no torch, unlike
# `trainables.attacks.presets.guesses_enough`, which says the same.
GUESS_LITTLE = frozenset({"quick"})


class ConfirmPlan(Frozen):
    """How a run is confirmed; the declarations of the fields say what each means."""

    top: PositiveInt = setting(3, "How many of the best take part.", SEARCH)
    seeds: PositiveInt = setting(
        5,
        "Trainings of each that meets the test split, on seeds that chose nothing; of a single one "
        "there is no interval, and below four intervals are wide.",
        TRAINING,
    )
    choosing: PositiveInt = setting(
        3,
        "Further trainings of the best, that name the winner and never meet the test split.",
        TRAINING,
    )
    attacks: str = setting(
        "standard",
        "The ensemble: standard, or quick (to look at, not to publish).",
        ROBUSTNESS,
        examples=["standard", "quick"],
    )
    references: Literal["all", "few"] = setting(
        "few",
        "Which of the run's references take part: few (the essential), or all.",
        SEARCH,
    )
    images: int | None = setting(
        None, "At most so many images of each split.", ROBUSTNESS, default_text="all", ge=2
    )
