import numpy as np
import pytest

from search.confirmation.near import without_near
from trainables.study.examination import Examination


def examination(near):
    conditions = (("clean", 0.0), ("ensemble", 0.1))
    scores = np.arange(8.0).reshape(2, 4)
    parts = "accuracy", "max", conditions, scores, np.arange(4), ("a",), np.array([[4]])
    return Examination(*parts, near=near)


SOME = np.array([True, False, False, True])


def test_every_examination_loses_the_same_images():
    apart = without_near({"r01": [examination(SOME)] * 2, "r02": [examination(SOME)]})
    assert {name: len(parts) for name, parts in apart.items()} == {"r01": 2, "r02": 1}
    for parts in apart.values():
        assert all(part.scores.tolist() == [[1, 2], [5, 6]] for part in parts)


@pytest.mark.parametrize("near", [None, np.zeros(4, np.bool_), np.ones(4, np.bool_)])
def test_there_is_no_second_figure_where_it_would_say_nothing(near):
    assert without_near({"r01": [examination(near)]}) is None
    assert without_near({"r01": [examination(SOME)], "r02": [examination(near)]}) is None
