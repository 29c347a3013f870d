"""What is counted is in the plural unless there is one."""

import pytest

from searchspace.words import capitalised, plural


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 epochs"), (1, "1 epoch"), (2, "2 epochs"), (10, "10 epochs")]
)
def test_the_plural_is_for_all_but_a_single_thing(count, text):
    assert plural(count, "epoch") == text


def test_names_in_a_sentence_keep_their_capitals():
    assert capitalised("the plain U-Net of AUC") == "The plain U-Net of AUC"
    assert capitalised("") == ""
