import pytest

from searchspace.errors import UserError
from searchspace.names import lookup

TABLE = {"pgd": 1, "pgd-clean": 2, "square": 0}


def test_a_name_finds_its_entry_even_where_that_is_false():
    assert lookup(TABLE, "square", "attack") == 0


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("pdg", "did you mean pgd?"),
        ("pgd-cleen", "did you mean pgd-clean or pgd?"),
        ("SQUARE", "did you mean square?"),
        ("zzz", "choose from pgd, pgd-clean, square"),
        ("", "choose from pgd, pgd-clean, square"),
    ],
)
def test_another_name_is_refused_with_the_close_ones_or_all(name, hint):
    with pytest.raises(UserError) as refusal:
        lookup(TABLE, name, "attack")
    assert str(refusal.value) == f"unknown attack '{name}': {hint}"
