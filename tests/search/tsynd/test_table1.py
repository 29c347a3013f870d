"""What a command line says becomes a comparison."""

import pytest

from search.comparison.request import Request
from search.tsynd.table1 import make_comparison
from searchspace.errors import UserError
from trainables.studies.tsynd.study import TSynD


def test_radii_are_the_same_for_all_cells_and_methods_are_the_papers(tmp_path):
    settings = {"classifier": "cnn", "epochs": None, "device": "cpu"}
    comparison = make_comparison(
        Request(datasets="all", fractions="0.01,0.1", seeds=2, out=tmp_path, settings=settings)
    )
    cells = list(comparison.grid)
    assert len(cells) == 12 * 2 * 2
    plan = comparison.plan_of(cells[0])
    assert (plan.study, plan.address, plan.seed_check) == ("tsynd", None, 0)
    parsed = TSynD().parse_settings(plan.settings)
    assert parsed.eps == tuple(radius / 255 for radius in (0, 0.25, 0.5, 1, 2, 4, 8))
    assert [row.label for row in comparison.methods(parsed)][:2] == ["baseline", "noise"]


def test_volumes_have_no_part_in_table_1(tmp_path):
    with pytest.raises(UserError, match="adrenalmnist3d"):
        make_comparison(Request(datasets="adrenalmnist3d", fractions="0.1", seeds=1, out=tmp_path))
