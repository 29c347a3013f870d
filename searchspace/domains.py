"""Domains: what values a parameter may take, and with which probability."""

import math
from dataclasses import dataclass

Value = bool | int | float | str


@dataclass(frozen=True)
class Float:
    """Real numbers, uniform on [low, high], or with ``log`` uniform in the logarithm.

    Raises:
        ValueError: If a bound is not finite, low is not below high, or log meets a low of 0 or
        less.
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
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Int:
    """Whole numbers from low to high, both included.

    Uniform; with ``log``, log-uniform on [low - 1/2, high + 1/2] and rounded, so that P(k) is
    proportional to log((k + 1/2) / (k - 1/2)). That is Optuna's meaning; the others are made to
    agree with it.

    Raises:
        ValueError: If low is not below high, or log meets a low under 1.
    """

    low: int
    high: int
    log: bool = False

    def __post_init__(self) -> None:
        _check_bounds(self.low, self.high)
        if self.log and self.low < 1:
            raise ValueError(f"log needs low of at least 1, it is {self.low}")

    def contains(self, value: object) -> bool:
        """Tell whether a value is a whole number in range; truth values are none."""
        if isinstance(value, bool) or not isinstance(value, int):
            return False
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Choice:
    """One of several options, equally likely.

    Raises:
        ValueError: If there are fewer than two options, or two are equal.
    """

    options: tuple[Value, ...]

    def __post_init__(self) -> None:
        if len(self.options) < 2 or len(set(self.options)) < len(self.options):
            raise ValueError(f"options are {self.options}, expected two or more different ones")

    def contains(self, value: object) -> bool:
        """Tell whether a value is one of the options, of the same type."""
        return any(value == option and type(value) is type(option) for option in self.options)


Domain = Float | Int | Choice


def _check_bounds(low: float, high: float) -> None:
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"bounds are {low} and {high}, expected finite ones with low < high")
