from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from searchspace.errors import UserError
from trainables.data.copies.contents import (
    added_items,
    check_items,
    digest_of,
    find_items,
    image_items,
)
from trainables.data.dataset import Images

RECORD = {"a": "1", "b": "2", "c": "3", "d": "1"}  # a and d are copies
items = st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from("123456"))


def find(recorded, present):
    return find_items("folder", "subjects", recorded, present)


def test_a_digest_sees_type_shape_values_and_order():
    pixels, label = np.arange(6, dtype=np.uint8).reshape(2, 3), np.array(1)
    variants = [
        (pixels, label),
        (label, pixels),
        (pixels,),
        (pixels.reshape(3, 2), label),
        (pixels.astype(np.int8), label),
        (pixels, np.array(0)),
        (pixels + np.uint8(1), label),
        (pixels.T, label),
    ]
    digests = [digest_of(*arrays) for arrays in variants]
    assert len(set(digests)) == len(variants)
    assert all(len(digest) == 32 for digest in digests)
    assert digest_of(np.asfortranarray(pixels), label) == digests[0]


def test_items_are_found_wherever_they_are_now():
    assert find(RECORD, RECORD) == {name: name for name in RECORD}
    moved = {"x": "3", "b": "1", "c": "2", "new": "9", "y": "1"}
    assert find(RECORD, moved) == {"a": "b", "b": "c", "c": "x", "d": "y"}
    assert list(find(RECORD, moved)) == list(RECORD)
    assert added_items(RECORD, moved) == ["new"]
    # The copy that has its name is not given away to the one that lost it.
    assert find({"a": "1", "b": "1"}, {"b": "1", "c": "1"}) == {"a": "c", "b": "b"}


@pytest.mark.parametrize(
    ("present", "change"),
    [
        ({"a": "1", "b": "9", "c": "3", "d": "1"}, "1 of 4 have other content (b)"),
        ({"a": "1", "c": "3", "d": "1"}, "1 of 4 are missing (b)"),
        ({"a": "1", "b": "3", "c": "1"}, "1 of 4 are missing (b)"),  # and the rest moved up
        ({"a": "1", "b": "2", "c": "3"}, "1 of 4 are missing (d)"),  # one copy is not two
        (
            {"a": "8", "b": "9", "c": "3"},
            "2 of 4 have other content (a, b) and 1 of 4 are missing (d)",
        ),
        ({}, "4 of 4 are missing (a, b, c, d)"),
    ],
)
def test_what_changed_is_named_in_one_line(present, change):
    with pytest.raises(UserError) as error:
        find(RECORD, present)
    assert str(error.value) == (
        "folder: the subjects are not those that the run was prepared with: "
        f"{change}; restore the data, or start a new run"
    )


def test_a_message_names_a_few_items_of_many():
    with pytest.raises(UserError, match=r"9 of 9 are missing \(0, 1, 2, 3, 4 and 4 more\)"):
        find({str(number): str(number) for number in range(9)}, {})


@given(recorded=items, present=items)
def test_all_are_found_or_none(recorded, present):
    """The oracle counts contents: a record is complete where each occurs as often as it did."""
    complete = not Counter(recorded.values()) - Counter(present.values())
    if not complete:
        with pytest.raises(UserError):
            find(recorded, present)
        return
    names = find(recorded, present)
    assert [present[name] for name in names.values()] == list(recorded.values())
    assert len(set(names.values())) == len(recorded)
    assert set(added_items(recorded, present)) == set(present) - set(names.values())


def test_images_are_known_by_pixels_and_label():
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 2, 2, 1)
    items = image_items(Images(pixels, np.array([0, 1, 0])))
    assert list(items) == ["0", "1", "2"]
    assert len(set(items.values())) == 3
    relabelled = image_items(Images(pixels, np.array([0, 0, 0])))
    assert [items[name] == relabelled[name] for name in items] == [True, False, True]
    several = Images(pixels, np.array([[0, 1], [1, 1], [0, 0]]))
    assert len(set(image_items(several).values()) | set(items.values())) == 6


def test_items_are_checked_in_their_order():
    check_items("file", "images", RECORD, dict(zip("wxyz", "1231", strict=True)))
    with pytest.raises(UserError, match="with: their order changed; restore the data"):
        check_items("file", "images", RECORD, {"a": "2", "b": "1", "c": "3", "d": "1"})
    with pytest.raises(UserError, match="with: 2 were added; restore the data"):
        check_items("file", "images", RECORD, RECORD | {"e": "7", "f": "1"})
    with pytest.raises(UserError, match=r"1 of 4 are missing \(b\)"):
        check_items("file", "images", RECORD, {"a": "1", "c": "3", "d": "1"})
