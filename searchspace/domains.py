"""Domains: what values a parameter may take, and with which probability."""

import math
from dataclasses import dataclass
from typing import TypeGuard

Value = bool | int | float | str


@dataclass(frozen=True)
class Float:
    """Real numbers from low to high, both included.

    Density 1 / (high - low); with ``log``, uniform in the logarithm, so that the density at x is
    1 / (x log(high / low)).

    Raises:
        ValueError: If a bound is no finite number, low is not below high, or log meets a low of 0
            or less.
    """

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        _check_bounds(self.low, self.high)
        if self.log and self.low <= 0:
            raise ValueError(f"log needs low above 0, it is {self.low}")

    def contains(self, value: object) -> bool:
        """Tell whether a value lies in the domain; whole numbers count, truth values do not."""
        return _is_number(value) and self.low <= value <= self.high  # NaN compares false


@dataclass(frozen=True)
class Int:
    """Whole numbers from low to high, both included, equally likely.

    With ``log``, log-uniform on [low - 1/2, high + 1/2] and rounded, so that P(k) is proportional
    to log((k + 1/2) / (k - 1/2)). That is Optuna's meaning; the others are made to agree with it.

    Raises:
        ValueError: If a bound is no whole number, low is not below high, or log meets a low under
            1.
    """

    low: int
    high: int
    log: bool = False

    def __post_init__(self) -> None:
        if not (_is_whole(self.low) and _is_whole(self.high)):
            raise ValueError(f"bounds are {self.low!r} and {self.high!r}, expected whole numbers")
        _check_bounds(self.low, self.high)
        if self.log and self.low < 1:
            raise ValueError(f"log needs low of at least 1, it is {self.low}")

    def contains(self, value: object) -> bool:
        """Tell whether a value is a whole number in range; truth values are none."""
        return _is_whole(value) and self.low <= value <= self.high


@dataclass(frozen=True)
class Choice:
    """One of several options, equally likely.

    Raises:
        ValueError: If the options are no tuple of texts, finite numbers and truth values, are fewer
            than two, or two are equal (1 and True are).
    """

    options: tuple[Value, ...]

    def __post_init__(self) -> None:
        if not (isinstance(self.options, tuple) and all(map(_is_option, self.options))):
            raise ValueError(
                f"options are {self.options!r}, expected a tuple of texts, finite numbers and "
                "truth values"
            )
        if len(self.options) < 2 or len(set(self.options)) < len(self.options):
            raise ValueError(f"options are {self.options}, expected two or more different ones")

    def contains(self, value: object) -> bool:
        """Tell whether a value is one of the options, of the same type."""
        return any(type(value) is type(option) and value == option for option in self.options)


Domain = Float | Int | Choice


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_option(option: object) -> bool:
    # Exactly these types: np.float64 is a float, but contains() tells the two apart.
    if type(option) is float:
        return math.isfinite(option)
    return type(option) in {bool, int, str}


def _check_bounds(low: float, high: float) -> None:
    numbers = _is_number(low) and _is_number(high)
    # The distance is infinite or NaN where a bound is, and where no draw could be scaled to it.
    if not (numbers and low < high and math.isfinite(high - low)):
        raise ValueError(f"bounds are {low!r} and {high!r}, expected finite ones with low < high")
