"""Splits by subject."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searchspace.errors import UserError
from trainables.data.subjects import (
    SPLITS,
    SubjectSplits,
    folds,
    paper_subset,
    split_sites,
    split_subjects,
)

NAMES = st.lists(st.text("abc123", min_size=1, max_size=6), min_size=4, max_size=60, unique=True)


def names(count):
    return [f"s{number:03d}" for number in range(count)]


@given(NAMES, st.integers(0, 2**32))
def test_every_subject_serves_one_split(subjects, seed):
    splits = split_subjects(subjects, seed)
    parts = [getattr(splits, split) for split in SPLITS]
    assert all(parts)
    assert sorted(name for part in parts for name in part) == sorted(subjects)


@given(NAMES, st.integers(0, 100), st.randoms())
def test_order_does_not_matter_and_the_seed_does(subjects, seed, rng):
    mixed = list(subjects)
    rng.shuffle(mixed)
    assert split_subjects(mixed, seed) == split_subjects(subjects, seed)


def test_another_seed_gives_other_splits():
    assert split_subjects(names(40), 0).train != split_subjects(names(40), 1).train
    assert split_subjects(names(40), 0).digest != split_subjects(names(40), 1).digest


@pytest.mark.parametrize(
    ("count", "sizes"),
    [
        (120, (72, 12, 18, 18)),
        (40, (24, 4, 6, 6)),
        (10, (5, 1, 2, 2)),
        (5, (2, 1, 1, 1)),
        (4, (1, 1, 1, 1)),
    ],
)
def test_shares(count, sizes):
    splits = split_subjects(names(count), 3)
    assert tuple(len(getattr(splits, split)) for split in SPLITS) == sizes


def test_the_papers_subset_is_of_training_subjects_four_to_one_to_one():
    splits = split_subjects(names(40), 0)
    subset = paper_subset(splits, 0)
    assert [len(part) for part in (subset.train, subset.val, subset.ranking)] == [4, 1, 1]
    assert {*subset.train, *subset.val, *subset.ranking} <= set(splits.train)
    assert subset.test == splits.test
    assert subset != paper_subset(splits, 1)


def test_the_fewest_subjects_that_the_papers_subset_asks_for_are_enough():
    assert len(paper_subset(split_subjects(names(11), 0), 0).train) == 4


def test_folds_leave_each_subject_out_once():
    pairs = folds(names(19), 8, 0)
    assert len(pairs) == 8
    left_out = [name for _, group in pairs for name in group]
    assert sorted(left_out) == names(19)
    assert {len(group) for _, group in pairs} == {2, 3}
    for rest, group in pairs:
        assert sorted({*rest, *group}) == names(19)
        assert set(rest).isdisjoint(group)


SITES = [f"{site}{number:02d}" for site in ("A", "BA", "C") for number in range(20)]


def test_a_site_is_tested_whole_and_serves_nothing_else():
    splits = split_sites(SITES, 0, test=["A", "C"])
    assert splits.test == tuple(name for name in SITES if name[0] in "AC")
    assert sorted((*splits.train, *splits.val, *splits.ranking)) == SITES[20:40]
    assert "test has a site of its own: names that begin with A or C" in splits.notes
    assert splits == split_sites(SITES[::-1], 0, test=["A", "C"])
    assert splits.train != split_sites(SITES, 1, test=["A", "C"]).train


def test_a_site_ranks_and_another_is_tested():
    splits = split_sites(SITES, 0, test=["A"], ranking=["C"])
    assert {name[0] for name in splits.test} == {"A"}
    assert {name[0] for name in splits.ranking} == {"C"}
    assert sorted((*splits.train, *splits.val)) == SITES[20:40]
    alone = split_sites(SITES, 0, ranking=["C"])
    assert {name[0] for name in alone.ranking} == {"C"}
    assert {name[0] for name in (*alone.train, *alone.val, *alone.test)} == {"A", "B"}


def test_a_site_that_ranks_and_is_tested_serves_both_by_halves():
    splits = split_sites(SITES, 0, test=["A"], ranking=["A"])
    assert len(splits.test) == len(splits.ranking) == 10
    assert sorted((*splits.test, *splits.ranking)) == SITES[:20]


def test_without_sites_the_splits_are_the_usual_ones():
    assert split_sites(SITES, 5) == split_subjects(SITES, 5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: split_subjects(names(3), 0), "3 subjects are too few"),
        (lambda: split_subjects([], 0), "0 subjects are too few"),
        (lambda: split_subjects([*names(5), "s001"], 0), "'s001' is there twice"),
        (lambda: paper_subset(split_subjects(names(8), 0), 0), "takes 6 training subjects"),
        (lambda: paper_subset(split_subjects(names(10), 0), 0), "give 11 or more subjects"),
        (
            lambda: split_sites(names(9), 0, test=["t"]),
            "begins with 't': there are s000, s001, s002",
        ),
        (
            lambda: split_sites(names(9), 0, ranking=["s001", ""]),
            "no subject's name begins with ''",
        ),
        (
            lambda: split_sites(names(9), 0, test=["s"]),
            "9 of 9 subjects are of these sites: leave 4",
        ),
        (lambda: split_sites([*names(9), "s002"], 0, test=["s001"]), "'s002' is there twice"),
        (
            lambda: split_sites(names(9), 0, test=["s001"], ranking=["s001"]),
            "'s001' cannot rank and be test",
        ),
        (lambda: folds(names(3), 8, 0), "8 groups of 3 subjects"),
        (lambda: folds(names(3), 1, 0), "give 2 to 3"),
    ],
)
def test_too_few_subjects_are_said_in_one_line(call, message):
    with pytest.raises(UserError) as error:
        call()
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_splits_that_share_a_subject_do_not_construct():
    with pytest.raises(ValueError, match="overlap"):
        SubjectSplits(("a",), ("b",), ("c",), ("a",))
    with pytest.raises(ValueError, match="empty"):
        SubjectSplits(("a",), ("b",), (), ("d",))


def test_few_subjects_that_rank_are_said():
    assert "1 subject ranks: read" in " ".join(split_subjects(names(5), 0).notes)
    assert "6 subjects rank" in " ".join(split_subjects(names(40), 0).notes)
    assert "rank:" not in " ".join(split_subjects(names(120), 0).notes)
