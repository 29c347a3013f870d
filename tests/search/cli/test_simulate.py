"""The options of a simulation, and what they become."""

import pytest

from search.cli.simulate import Options
from searchspace.errors import UserError
from trainables.runtime.config import parse


def test_by_default_the_target_is_measured_twice_first_on_few_images():
    setup = Options().setup("generated")
    rungs = [(rung.metric, rung.images) for rung in setup.ladder.rungs]
    assert rungs == [("apgd_ce_eps1", 1000), ("apgd_ce_eps1", 10000)]
    assert (setup.table, setup.floor, setup.samplers, setup.scheduler) == (
        "generated",
        0.9,
        ("tpe",),
        "asha",
    )
    assert (setup.trials, setup.workers, setup.seeds, setup.seed) == (200, 8, 30, 0)


def test_samplers_and_prices_are_read_from_text():
    setup = Options(sampler="tpe,random", prices="pgd=41").setup("generated")
    assert setup.samplers == ("tpe", "random")
    assert dict(setup.prices)["pgd"] == 41


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"floor": 1.5}, "floor is 1.5: Input should be less than or equal to 1"),
        ({"trials": 0}, "trials is 0: Input should be greater than 0"),
        ({"seed": -1}, "seed is -1: Input should be greater than or equal to 0"),
        ({"jobs": 0}, "jobs is 0: Input should be greater than 0"),
    ],
)
def test_values_out_of_bounds_are_one_line(values, message):
    with pytest.raises(UserError, match=message):
        parse(Options, values)
