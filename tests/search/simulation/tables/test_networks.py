"""Points and rows."""

import pytest

from search.simulation.tables import cell
from search.simulation.tables.generate import generate
from search.simulation.tables.networks import read_networks
from searchspace.domains import Choice
from searchspace.encoding import digest
from searchspace.errors import UserError


def test_pairs_make_a_space_of_what_varies():
    networks = read_networks(["depth=10,act=relu,width=8", "depth=9,act=relu, width = 8"])
    assert [(p.name, p.domain) for p in networks.space.params] == [("depth", Choice(("10", "9")))]
    assert networks.row({"depth": "9"}) == 1
    assert networks.points[0] == {"depth": "10"}


def test_the_order_of_rows_does_not_matter():
    archs = [f"a={a},b={b}" for a in "xyz" for b in "pq"]
    assert read_networks(archs).space == read_networks(archs[::-1]).space


def test_a_point_that_the_table_lacks_has_no_row():
    networks = read_networks(["a=x,b=p", "a=y,b=q"])
    lacking = {"a": "x", "b": "q"}
    assert networks.row(lacking) is None
    assert networks.canonical(lacking) == lacking


def test_encodings_of_one_network_have_one_digest():
    networks = read_networks(generate(0).archs)
    by_row = {}
    for operations in cell.every_cell()[::7]:
        point = dict(zip(cell.EDGES, operations, strict=True))
        name = digest(networks.space, networks.canonical(point))
        assert by_row.setdefault(networks.row(point), name) == name
    assert len(set(by_row.values())) == len(by_row)


@pytest.mark.parametrize(
    ("archs", "message"),
    [
        (["resnet", "vgg"], "arch is 'resnet' in row 1: write a cell"),
        (["a=1", "a=2,b=1"], "arch has a, b in row 2, but a in row 1"),
        (["a=1,a=2"], "arch is 'a=1,a=2' in row 1"),
        (["a=1", "a="], "arch is 'a=' in row 2"),
        (["2a=1", "2a=2"], "arch is '2a=1' in row 1"),
        (["a=1", "a=2", "a=1"], "rows 1 and 3 of the table are the same network, 'a=1'"),
        (["a=1,b=1"], "one network only"),
        ([cell.write(("none",) * 6), "a=1"], "arch is 'a=1' in row 2, but a cell"),
        ([f"a={k},b={k}" for k in range(60)], "60 of 3600 combinations of a, b"),
    ],
)
def test_mistakes(archs, message):
    with pytest.raises(UserError, match=message) as caught:
        read_networks(archs)
    assert "\n" not in str(caught.value)


def test_isomorphic_rows_are_a_mistake():
    encoding = ("none", "skip_connect", "none", "none", "none", "skip_connect")
    variant = ("none", "skip_connect", "avg_pool_3x3", "none", "none", "skip_connect")
    with pytest.raises(UserError, match="rows 1 and 2 of the table are the same network"):
        read_networks([cell.write(encoding), cell.write(variant)])
