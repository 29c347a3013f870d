import numpy as np
import pytest

from trainables.study.examination import Examination, count_wins, is_black_box, read_examination


def test_what_is_written_is_read(tmp_path):
    conditions = (("clean", 0.0), ("ensemble", 1 / 255), ("noise", 0.2))
    scores, labels = np.random.default_rng(0).random((3, 5)), np.arange(5)
    won = np.array([[3, 2]])
    examination = Examination("accuracy", "min", conditions, scores, labels, ("a", "transfer"), won)
    examination.write(tmp_path / "folder" / "one.npz")
    copy = read_examination(tmp_path / "folder" / "one.npz")
    assert (copy.score, copy.direction) == ("accuracy", "min")
    assert (copy.conditions, copy.attacks) == (conditions, ("a", "transfer"))
    assert copy.eps == (0.0, 1 / 255)
    for name in ("scores", "labels", "wins"):
        np.testing.assert_array_equal(getattr(copy, name), getattr(examination, name))
    assert [file.name for file in (tmp_path / "folder").iterdir()] == ["one.npz"]


def test_what_only_guessing_broke_is_kept_where_it_is_known(tmp_path):
    parts = ("x", "max", (("clean", 0.0),), np.ones((1, 3)), np.arange(3), ("a",), np.array([[4]]))
    for guessed in (None, np.array([0.5])):
        Examination(*parts, guessed=guessed).write(tmp_path / "one.npz")
        copy = read_examination(tmp_path / "one.npz").guessed
        assert copy is None if guessed is None else copy.tolist() == [0.5]


@pytest.mark.parametrize("name", ["square", "transfer-trial 3"])
def test_attacks_without_the_model_s_gradient_are_known_by_name(name):
    assert is_black_box(name)
    assert not is_black_box("apgd-t")


def test_images_that_have_near_copies_are_left_out(tmp_path):
    conditions = (("clean", 0.0), ("ensemble", 1 / 255))
    scores, near = np.arange(8.0).reshape(2, 4), np.array([False, True, False, True])
    parts = ("accuracy", "max", conditions, scores, np.arange(4), ("a",), np.array([[4]]))
    Examination(*parts, near=near).write(tmp_path / "one.npz")
    examination = read_examination(tmp_path / "one.npz")
    np.testing.assert_array_equal(examination.near, near)
    apart = examination.without_near()
    assert apart.scores.tolist() == [[0, 2], [4, 6]]
    assert apart.labels.tolist() == [0, 2]
    assert (apart.wins.tolist(), apart.near) == ([[4]], None)
    assert apart.without_near() is None
    for mask in (np.zeros(4, np.bool_), np.ones(4, np.bool_), None):
        assert Examination(*parts, near=mask).without_near() is None
    Examination(*parts).write(tmp_path / "two.npz")
    assert read_examination(tmp_path / "two.npz").near is None


def test_transfers_count_as_one():
    names = ("apgd", "transfer-a", "transfer-b", "square")
    by = np.array([[0, 1, 2, -1], [3, 3, 1, 0]])
    merged, won = count_wins(names, by)
    assert merged == ("apgd", "transfer", "square")
    assert won.tolist() == [[1, 2, 0], [1, 1, 2]]
    labels = np.stack([by, by], axis=2)  # of several labels each counts
    assert count_wins(names, labels)[1].tolist() == [[2, 4, 0], [2, 2, 4]]
