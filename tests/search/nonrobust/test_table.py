"""What a command line says becomes a comparison."""

import pytest

from search.comparison.request import Request
from search.nonrobust.table import FIVE, make_comparison
from searchspace.errors import UserError
from trainables.studies.nonrobust.study import Nonrobust


def request(datasets, out, seeds=1):
    settings = {"classifier": None}  # the default
    return Request(datasets=datasets, fractions="0.1", seeds=seeds, out=out, settings=settings)


def test_the_papers_five_sets_are_taken_by_name(tmp_path):
    comparison = make_comparison(request("paper", tmp_path, seeds=3), radius=2)
    assert [cell.dataset for cell in comparison.grid] == [name for name in FIVE for _ in range(3)]
    settings = Nonrobust().parse_settings(
        comparison.plan_of(next(iter(comparison.grid))).settings | {"device": "cpu"}
    )
    assert settings.eps == (0.0, 2 / 255)
    assert settings.classifier == "wrn-16-2"


def test_rows_are_training_on_true_images_and_all_of_made_ones(tmp_path):
    comparison = make_comparison(request("phantom", tmp_path))
    settings = Nonrobust().parse_settings(
        comparison.plan_of(next(iter(comparison.grid))).settings | {"device": "cpu"}
    )
    labels = [row.label for row in comparison.methods(settings)]
    assert labels[:2] == ["baseline", "trades"]
    assert {"nonrobust random", "labels only", "untrained 5"} <= set(labels)
    assert not {"pgd", "half", "trades published"} & set(labels)


@pytest.mark.parametrize("name", ["chestmnist", "pathmnits"])
def test_a_set_that_cannot_be_compared_is_one_line(tmp_path, name):
    with pytest.raises(UserError, match=name) as caught:
        make_comparison(request(name, tmp_path))
    assert "\n" not in str(caught.value)
