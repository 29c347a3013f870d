"""Domains: the values that a parameter may take, and their probability."""

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
        ValueError: If a bound is not a finite number, low is not below high, or low is not above 0
            although log is set.
    """

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        _check_bounds(self.low, self.high)
        if self.log and self.low <= 0:
            raise ValueError(f"log needs low above 0, it is {self.low}")

    def contains(self, value: object) -> bool:
        """Return whether a value is a number in range; whole numbers count, booleans do not."""
        return _is_number(value) and self.low <= value <= self.high  # NaN compares false


@dataclass(frozen=True)
class Int:
    """Whole numbers from low to high, both included, equally likely.

    With ``log``, log-uniform on [low - 1/2, high + 1/2] and rounded, so that P(k) is proportional
    to log((k + 1/2) / (k - 1/2)). This is Optuna's definition, which all translators follow.

    Raises:
        ValueError: If a bound is not a whole number, low is not below high, or low is below 1
            although log is set.
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
        """Return whether a value is a whole number in range; booleans do not count."""
        return _is_whole(value) and self.low <= value <= self.high


@dataclass(frozen=True)
class Choice:
    """A choice between several options, equally likely.

    Raises:
        ValueError: If the options are not a tuple of texts, finite numbers and booleans, are fewer
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
        """Return whether a value equals one of the options and has its type."""
        return any(type(value) is type(option) and value == option for option in self.options)


Domain = Float | Int | Choice


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_option(option: object) -> bool:
    # Exactly these types: np.float64 is a subclass of float, but contains() compares types.
    if type(option) is float:
        return math.isfinite(option)
    return type(option) in {bool, int, str}


def _check_bounds(low: float, high: float) -> None:
    numbers = _is_number(low) and _is_number(high)
    # The distance is not finite if a bound is not, or if it is too large to scale a draw by.
    if not (numbers and low < high and math.isfinite(high - low)):
        raise ValueError(f"bounds are {low!r} and {high!r}, expected finite ones with low < high")
