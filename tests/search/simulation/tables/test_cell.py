"""Cells: their text, and which are the same network."""

from collections import defaultdict

import pytest

from search.simulation.tables import cell
from search.simulation.tables.networks import read_networks
from search.simulation.tables.table import read_table

TEXT = "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|none~0|nor_conv_3x3~1|skip_connect~2|"
CELL = ("avg_pool_3x3", "nor_conv_1x1", "skip_connect", "none", "nor_conv_3x3", "skip_connect")
PRIME = 2**61 - 1
# Any functions would do that map 0 to 0 and do not add up.
MAPS = {
    "nor_conv_1x1": lambda x: (pow(x, 3, PRIME) + 11 * x) % PRIME,
    "nor_conv_3x3": lambda x: (pow(x, 5, PRIME) + 17 * x) % PRIME,
    "avg_pool_3x3": lambda x: (pow(x, 7, PRIME) + 23 * x) % PRIME,
}


def compute(encoding):
    """Run a cell on a number."""
    operations, nodes = iter(encoding), [123_456_789]
    for sources in cell.SOURCES:
        total = 0
        for source in sources:
            operation = next(operations)
            if operation == "skip_connect":
                total += nodes[source]
            elif operation != "none":
                total += MAPS[operation](nodes[source])
        nodes.append(total % PRIME)
    return nodes[-1]


def test_text():
    assert cell.parse(TEXT) == CELL
    assert cell.write(CELL) == TEXT


@pytest.mark.parametrize(
    "text",
    ["", "a=1", TEXT[:-1], TEXT + "|", TEXT.replace("none", "conv"), TEXT.replace("~2", "~1")],
)
def test_other_texts_are_no_cells(text):
    assert cell.parse(text) is None


NONE, SKIP, SMALL, LARGE, POOL = cell.OPERATIONS


@pytest.mark.parametrize(
    ("cell_a", "cell_b"),
    [
        # node 1 is zero: the operations on it do not matter
        ((NONE, SKIP, NONE, NONE, NONE, SKIP), (NONE, SKIP, POOL, NONE, LARGE, SKIP)),
        # node 1 is the input: edges from it are edges from node 0
        ((SKIP, SMALL, LARGE, NONE, POOL, SKIP), (SKIP, LARGE, SMALL, POOL, NONE, SKIP)),
        # the order of a sum does not matter
        ((SKIP, SKIP, NONE, SMALL, LARGE, POOL), (SKIP, NONE, SKIP, LARGE, SMALL, POOL)),
    ],
)
def test_encodings_of_the_same_network_share_a_key(cell_a, cell_b):
    assert compute(cell_a) == compute(cell_b)
    assert cell.key(cell_a) == cell.key(cell_b)


def test_the_benchmark_trained_some_networks_twice():
    cell_a, cell_b = (SMALL, LARGE, NONE, NONE, POOL, SKIP), (LARGE, SMALL, NONE, NONE, SKIP, POOL)
    assert compute(cell_a) == compute(cell_b)  # nodes 1 and 2 swapped
    assert cell.key(cell_a) != cell.key(cell_b)


def test_cells_that_share_a_key_compute_the_same():
    results = defaultdict(set)
    for operations in cell.every_cell():
        results[cell.key(operations)].add(compute(operations))
    assert len(results) == 6466
    assert all(len(values) == 1 for values in results.values())
    assert len(set.union(*results.values())) == 4930  # as the docstring of `key` says


@pytest.mark.shared_data
def test_every_encoding_finds_its_row(shared_data):
    table = read_table(shared_data / "nasbench201_robustness_cifar10.csv.gz")
    networks = read_networks(table.archs)
    points = [dict(zip(cell.EDGES, names, strict=True)) for names in cell.every_cell()]
    rows = [networks.row(point) for point in points]
    assert None not in rows
    assert set(rows) == set(range(6466))
    texts = dict(zip(map(cell.write, cell.every_cell()), rows, strict=True))
    assert all(texts[arch] == row for row, arch in enumerate(table.archs))
