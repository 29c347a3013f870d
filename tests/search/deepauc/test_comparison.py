"""What a command line says becomes a comparison."""

import pytest

from search.comparison.request import Request
from search.deepauc.comparison import make_comparison
from search.deepauc.methods import deepauc
from searchspace.errors import UserError


def test_all_are_the_documents_seven_and_radii_are_the_same_for_all_cells(tmp_path):
    settings = {"classifier": "cnn", "epochs": None, "device": "cpu"}
    comparison = make_comparison(
        Request(datasets="all", fractions="1", seeds=2, out=tmp_path, settings=settings)
    )
    cells = list(comparison.grid)
    assert (len(cells), cells[-1].name) == (14, "synapsemnist3d-1-1")
    plan = comparison.plan_of(cells[0])
    assert (plan.study, plan.seed_check) == ("deepauc", 0)
    assert deepauc.parse_settings(plan.settings).eps == (0.0, 1 / 255, 2 / 255, 4 / 255)


def test_a_dataset_of_which_the_document_prints_nothing_is_refused(tmp_path):
    with pytest.raises(UserError, match="bloodmnist"):
        make_comparison(Request(datasets="bloodmnist", fractions="1", seeds=1, out=tmp_path))
