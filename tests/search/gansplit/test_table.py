"""What a command line says becomes a comparison."""

import pytest

from search.comparison.request import Request
from search.gansplit.table import make_comparison
from searchspace.errors import UserError
from trainables.studies.gansplit.study import GANSplit


def make(out, datasets="phantom", **settings):
    values = {"generators": "hinge", "epochs": None, "device": "cpu"} | settings
    request = Request(datasets=datasets, fractions="0.5", seeds=2, out=out, settings=values)
    return make_comparison(request, points="0,1")


def test_cells_are_runs_of_the_rows_alone(tmp_path):
    comparison = make(tmp_path)
    plan = comparison.plan_of(next(iter(comparison.grid)))
    assert (plan.study, plan.seed_check, plan.seed) == ("gansplit", 0, 0)
    settings = GANSplit().parse_settings(plan.settings)
    assert settings.allow_flawed
    assert settings.eps == (0.0, 0.5 / 255, 1 / 255, 2 / 255, 4 / 255)
    labels = [row.label for row in comparison.methods(settings)]
    assert labels[:3] == ["authentic", "replace 1", "add 1"]


@pytest.mark.parametrize("name", ["adrenalmnist3d", "chestmnist"])
def test_volumes_and_several_labels_have_no_part(tmp_path, name):
    with pytest.raises(UserError, match=name):
        make(tmp_path, name)
