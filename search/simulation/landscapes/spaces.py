"""Spaces of landscapes: choices, numbers, both, and networks whose depth switches blocks on."""

from searchspace.domains import Choice, Float, Int
from searchspace.space import Param, Space, When

FILTERS = "filters"  # the end of the names of numbers that make a network large
PATTERNS = tuple("abcdefgh")


def _param(name: str, domain: Choice | Int | Float, when: When | None = None) -> Param:
    return Param(name, domain, "made up", when=when)


def _block(level: int, side: str, depth: int) -> tuple[Param, ...]:
    name = f"{side}{level}"
    when = When("depth", tuple(range(level, depth + 1))) if level > 1 else None
    return (
        _param(f"{name}_pattern", Choice(PATTERNS), when),
        _param(f"{name}_{FILTERS}", Int(3, 6), when),
        _param(f"{name}_ratio", Choice((0, 2, 4, 8)), when),
    )


CHOICES = Space("choices", tuple(_param(name, Choice(tuple("pqrst"))) for name in "abcdefgh"))
NUMBERS = Space("numbers", tuple(_param(name, Float(0.0, 1.0)) for name in "abcdef"))
MIXED = Space(
    "mixed",
    (
        *(_param(name, Choice(tuple("pqrs"))) for name in "abc"),
        *(_param(name, Int(1, 12)) for name in "mn"),
        *(_param(name, Float(1e-4, 1.0, log=True)) for name in "xyz"),
    ),
)


def networks(depth: int) -> Space:
    """Return a space like a search over U-Nets: encoder and decoder blocks down to a drawn depth.

    The number of filters of a block is given as a power of two.
    """
    blocks = [
        param
        for level in range(1, depth + 1)
        for side in ("enc", "dec")
        for param in _block(level, side, depth)
    ]
    return Space(f"networks{depth}", (_param("depth", Int(1, depth)), *blocks))
