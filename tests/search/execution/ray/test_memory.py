"""A trial's share of memory on a cluster."""

import pytest

pytestmark = pytest.mark.ray


def test_the_share_is_that_of_the_smallest_node(two_nodes):
    from search.execution.ray.cluster import Resources  # noqa: PLC0415
    from search.execution.ray.memory import share_of_nodes  # noqa: PLC0415

    share = share_of_nodes(Resources(4, 1, 0.0, two_nodes), "cpu")
    assert share.gib == pytest.approx(2 / 2)
    assert "2.0 GiB that Ray has on" in share.line
    assert share_of_nodes(Resources(4, 2, 0.0, two_nodes), "cpu").gib == pytest.approx(2)
    assert share_of_nodes(Resources(4, 3, 0.0, two_nodes), "cpu") is None  # none has three cores
    assert share_of_nodes(Resources(4, 1, 0.5, two_nodes), "cuda") is None  # torch sees no GPU
