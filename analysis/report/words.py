"""How numbers are written in a page."""

import math

from analysis.vocabulary import Vocabulary
from search.results.tables import duration


def format_interval(
    vocabulary: Vocabulary, metric: str, low: float, high: float, *, signed: bool = False
) -> str:
    """Write an interval of a metric; nothing where there is none.

    Args:
        vocabulary: Of the study.
        metric: Its name, which says how many digits there are.
        low: Lower end, NaN where there is none.
        high: Upper end, NaN where there is none.
        signed: Whether a positive end gets a plus.
    """
    if math.isnan(low) or math.isnan(high):
        return ""
    sign = "+" if signed else ""
    values = [vocabulary.format_value(metric, abs(end)) for end in (low, high)]
    signs = ["-" if end < 0 else sign for end in (low, high)]
    return f"[{signs[0]}{values[0]}, {signs[1]}{values[1]}]"


def format_size(number: float) -> str:
    """Write a number of which only the size matters, such as parameters."""
    if math.isnan(number):
        return ""
    for scale, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= scale:
            return f"{number / scale:.3g} {letter}"
    return f"{number:.3g}"


def share(value: float) -> str:
    """Write a share as a percentage."""
    return "" if math.isnan(value) else f"{100 * value:.0f} %"


def seconds(value: float) -> str:
    """Write a duration with its unit."""
    return (
        f"{value:.1f} s" if value < 60 else f"{duration(value)} {'h' if value >= 3600 else 'min'}"
    )
