"""The generated table: a table like any other, with the traits that make real ones hard."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import kendalltau

from search.simulation.tables import cell
from search.simulation.tables.generate import ATTACKS, RADII, generate
from search.simulation.tables.networks import read_networks


@pytest.fixture(scope="module", params=[0, 1])
def table(request):
    return generate(request.param)


def test_has_a_row_for_every_cell(table):
    networks = read_networks(table.archs)
    assert len(table.archs) == 6466
    assert all(
        networks.row(dict(zip(cell.EDGES, operations, strict=True))) is not None
        for operations in cell.every_cell()
    )


def test_the_same_seed_gives_the_same_table(table):
    column = table.column("pgd_eps1")
    equal = [(column == generate(seed).column("pgd_eps1")).all() for seed in (0, 1)]
    assert sorted(equal) == [False, True]


def test_stronger_attacks_leave_less(table):
    for radius in RADII:
        order = [table.column(f"{name}_eps{radius:g}") for name in ("apgd_ce", "pgd", "fgsm")]
        order.append(table.column("clean"))
        assert all((strong <= weak).all() for strong, weak in pairwise(order))
    for attack in ATTACKS:
        larger, smaller = table.column(f"{attack}_eps2"), table.column(f"{attack}_eps0.5")
        assert (larger <= smaller).all()
        assert (larger >= 0).all()


def test_weak_attacks_mislead_and_robustness_costs(table):
    strong = table.column("apgd_ce_eps1")
    tau = {
        name: kendalltau(table.column(name), strong).statistic
        for name in ("clean", "fgsm_eps1", "pgd_eps1")
    }
    assert -0.35 < tau["clean"] < 0.05
    assert tau["clean"] < tau["fgsm_eps1"] < 0.4
    assert 0.5 < tau["pgd_eps1"] < 0.8


def test_few_networks_are_far_better_than_most(table):
    strong = table.column("apgd_ce_eps1")
    centre, spread = np.median(strong), np.subtract(*np.quantile(strong, [0.75, 0.25]))
    assert strong.max() - centre > 4 * spread
    assert 0.4 < (table.column("clean") >= 0.9).mean() < 0.8
