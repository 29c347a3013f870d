"""Rungs and prices."""

import pytest

from search.simulation.tables.ladder import (
    PRICES,
    Measurement,
    parse_ladder,
    parse_prices,
    price_of,
)
from searchspace.errors import UserError

DEFAULT = parse_prices("")


def test_by_default_only_the_last_rung_measures_all_images():
    ladder = parse_ladder("pgd_eps1,square_eps0.5,apgd_ce_eps1", None, DEFAULT)
    assert ladder.rungs == (
        Measurement("pgd_eps1", 1000, 81.0),
        Measurement("square_eps0.5", 1000, 5001.0),
        Measurement("apgd_ce_eps1", 10_000, 201.0),
    )
    assert (
        str(ladder)
        == "pgd_eps1 on 1000 images, then square_eps0.5 on 1000 images, then apgd_ce_eps1"
    )


def test_a_trial_pays_for_clean_accuracy_once():
    ladder = parse_ladder("pgd_eps1, apgd_ce_eps1", "500, all", DEFAULT)
    assert ladder.cost(0) == 81 * 500 + 10_000
    assert ladder.cost(1) == 201 * 10_000


def test_one_number_of_images_is_for_all_rungs():
    ladder = parse_ladder("pgd_eps1,apgd_ce_eps1", "all", DEFAULT)
    assert [rung.images for rung in ladder.rungs] == [10_000, 10_000]


def test_prices():
    prices = parse_prices("pgd=11, apgd_ce_eps1=7")
    assert price_of("pgd_eps0.5", prices) == 11
    assert price_of("apgd_ce_eps1", prices) == 7  # its own goes before its attack's
    assert price_of("apgd_ce_eps2", prices) == PRICES["apgd_ce"]
    assert price_of("clean", prices) == 1


@pytest.mark.parametrize(
    ("metrics", "images", "message"),
    [
        ("", None, "--ladder is empty"),
        ("pgd_eps1", "10,all", "--images has 2 numbers for 1 rungs"),
        ("pgd_eps1", "0", "--images has '0'"),
        ("pgd_eps1", "10001", "--images has '10001'"),
        ("pgd_eps1", "some", "--images has 'some'"),
        ("pgf_eps1", None, "unknown attack of --prices 'pgf': did you mean"),
    ],
)
def test_mistakes_in_ladders(metrics, images, message):
    with pytest.raises(UserError, match=message):
        parse_ladder(metrics, images, DEFAULT)


@pytest.mark.parametrize("text", ["pgd", "pgd=", "pgd=0", "pgd=-1", "pgd=inf", "pgd=nan"])
def test_mistakes_in_prices(text):
    with pytest.raises(UserError, match=f"--prices has '{text}'"):
        parse_prices(text)
