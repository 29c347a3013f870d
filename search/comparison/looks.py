"""How often the verdicts of a comparison's cells were read, which their intervals pay for.

Who adds seeds because the verdicts did not please, or begins with few images, has drawn more than
once: each reading with other seeds or images is another look, at half the level of the one before
(`trainables.metrics.welch.at_look`). So is one with other datasets or fractions beside: verdicts
of the smaller table were read at the level of its fewer comparisons, and stand.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from search.record.run_folder import OPENINGS
from search.storage.openings import add_looks
from trainables.door.paths import inside
from trainables.metrics.welch import at_look

LOOKS = "looks.json"
Look = dict[str, str | float | int | list[str] | None]
"""A dataset, a fraction, how many seeds, the greatest number of test images, and beside which
settings, where there are others."""
FIELDS = {"dataset", "fraction", "seeds", "images"}
BESIDE = "beside"


def count_looks(
    out: Path, settings: Iterable[tuple[str, float]], seeds: int, images: int | None
) -> int:
    """Write down that verdicts are read, and return how often: the most of any setting.

    The same seeds and images again are no further look. Of one seed there are no verdicts.

    Args:
        out: Folder of the comparison.
        settings: Datasets and fractions whose verdicts are read.
        seeds: How many trained for each.
        images: The greatest number of test images; None for all.

    Raises:
        UserError: If the list is damaged: how often is then not known.
    """
    if seeds < 2:
        return 1
    pairs = list(settings)
    present = [_look(pair, pairs, seeds, images) for pair in pairs]
    looks = add_looks(inside(out, LOOKS), present, _is_look)
    return max(sum((look["dataset"], look["fraction"]) == pair for look in looks) for pair in pairs)


def earlier(looks: int, openings: int = 0) -> Iterator[str]:
    """Say what earlier looks cost the verdicts, where there were some.

    Args:
        looks: How many at these cells, the present one included.
        openings: How often other work opened the test images of the run that chose the methods, or
            of the runs that it starts from.
    """
    reasons = []
    if looks > 1:
        reasons.append(
            f"These verdicts are look {looks} at these cells: those before had other seeds, images "
            f"or datasets ({LOOKS})."
        )
    if openings:
        times = "once" if openings == 1 else f"{openings} times"
        reasons.append(
            f"Other commands opened the test images of the run that chose methods {times} "
            f"({OPENINGS} of the run, and of runs that it starts from), and each opening counts as "
            "a look."
        )
    if reasons:
        factor = at_look(1, looks + openings)
        yield " ".join([*reasons, f"So they pay for {factor} times as many comparisons."])


def _look(
    pair: tuple[str, float], pairs: Iterable[tuple[str, float]], seeds: int, images: int | None
) -> Look:
    look: Look = {"dataset": pair[0], "fraction": pair[1], "seeds": seeds, "images": images}
    beside = sorted(f"{dataset} {fraction:g}" for dataset, fraction in set(pairs) - {pair})
    return look | {BESIDE: beside} if beside else look


def _is_look(value: object) -> bool:
    return isinstance(value, dict) and value.keys() - {BESIDE} == FIELDS
