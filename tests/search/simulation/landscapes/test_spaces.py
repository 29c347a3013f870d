"""The spaces of landscapes."""

from search.simulation.landscapes.spaces import CHOICES, FILTERS, MIXED, NUMBERS, networks


def test_depth_switches_blocks_on():
    space = networks(3)
    config = {"depth": 2}
    active = {param.name for param in space.active(config)}
    assert {"enc1_pattern", "dec2_filters", "enc2_ratio"} <= active
    assert not any("3" in name for name in active)
    assert len(space.params) == 1 + 3 * 2 * 3
    assert sum(param.name.endswith(FILTERS) for param in space.params) == 6


def test_the_other_spaces_have_no_conditions():
    for space in (CHOICES, MIXED, NUMBERS):
        assert all(param.when is None for param in space.params)
