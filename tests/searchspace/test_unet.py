"""Architectures as text and as numbers."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searchspace import unet
from searchspace.errors import UserError
from searchspace.unet import (
    KERNELS,
    PAPER_BEST,
    RATIOS,
    Architecture,
    Block,
    PlainUNet,
    cost,
    cost_of,
    handcrafted,
    parse,
    parse_network,
    plain,
)

BLOCKS = st.builds(
    Block,
    st.integers(1, 15).map("{:04b}".format),
    st.sampled_from([1, 8, 24, 256]),
    st.sampled_from([0, *RATIOS]),
)
ARCHITECTURES = st.integers(1, 5).flatmap(
    lambda depth: st.builds(Architecture, *[st.tuples(*[BLOCKS] * depth)] * 2, st.booleans())
)


@given(ARCHITECTURES)
def test_text_reads_back(architecture):
    assert parse(str(architecture)) == architecture
    assert parse("  " + str(architecture).replace(" ", " \t ") + "\n") == architecture


def test_the_papers_table_4():
    best = parse(PAPER_BEST)
    assert str(best) == PAPER_BEST
    filters = [block.filters for block in (*best.encoder, *best.decoder)]
    ratios = [block.se for block in (*best.encoder, *best.decoder)]
    patterns = [block.pattern for block in (*best.encoder, *best.decoder)]
    assert filters == [128, 256, 64, 128, 256, 8, 128, 64, 128, 8]
    assert ratios == [16, 4, 0, 8, 0, 8, 8, 8, 0, 4]
    assert patterns == (
        "1110 0110 0111 1110 0010 0111 0001 1100 0010 0010".split()  # noqa: SIM905 - as printed
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1110x8", "0 bars"),
        ("1110x8 | 1110x8 | 1110x8", "2 bars"),
        ("1110y8 | 1110x8", "'1110y8' does not read"),
        ("111x8 | 1110x8", "'111x8' does not read"),
        ("1110x8s3 | 1110x8", "reduction ratio 3"),
        ("1110x8s0 | 1110x8", "leave s0 out"),
        ("0000x8 | 1110x8", "'0000' is not"),
        ("1110x0 | 1110x8", "0 filters"),
        ("1110x8 1110x8 | 1110x8", "2 encoder and 1 decoder"),
        (" | ", "0 encoder and 0 decoder"),
        (" ".join(["1110x8"] * 6) + " | " + " ".join(["1110x8"] * 6), "6 encoder"),
        ("", "0 bars"),
    ],
)
def test_what_does_not_read_is_said_in_one_line(text, message):
    with pytest.raises(UserError) as error:
        parse(text)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_channels_follow_the_skip_connections():
    network = parse("1000x8 1000x16 1000x32 | 1000x64 1000x128 1000x256")
    assert network.inputs == ((1, 8, 16), (32, 64 + 16, 128 + 8))
    assert parse("1000x8 | 1000x16").inputs == ((1,), (8,))


def test_a_block_without_squeeze_and_excitation_has_no_squeezed_width():
    assert Block("1000", 8).squeezed == 0
    assert Block("1000", 8, 16).squeezed == 1  # 8 // 16 would be none
    assert Block("1000", 64, 16).squeezed == 4


def test_the_handcrafted_network_doubles_its_filters():
    assert str(handcrafted(256, 5)) == (
        "1111x16 1111x32 1111x64 1111x128 1111x256 | 1111x256 1111x128 1111x64 1111x32 1111x16"
    )
    assert [block.filters for block in handcrafted(32, 4).encoder] == [8, 16, 32, 32]
    assert [block.filters for block in handcrafted(8, 2).encoder] == [8, 8]


def test_cost_of_the_smallest_network_by_hand():
    # encoder: 1x1 1->8, 1x1 8->8, 4x4 8->8, 3x3 8->8
    # decoder: 1x1 8->8, 1x1 8->8, up, 3x3 8->8; last: 1x1 8->1
    norms = 16 * (4 + 3)
    weights = 8 + 64 + 1024 + 576 + 64 + 64 + 576 + 8
    total = cost(parse("1000x8 | 1000x8"), "square", 8, 8)
    assert total.parameters == weights + norms + 1
    full, half = 64, 16
    assert total.multiply_adds == (
        full * (8 + 64) + half * (1024 + 576) + half * (64 + 64) + full * (576 + 8)
    )


def test_cost_grows_with_the_area_and_not_the_parameters_do():
    network = parse(PAPER_BEST)
    small, large = cost(network, "square", 64, 64), cost(network, "square", 128, 64)
    assert small.parameters == large.parameters
    assert large.activations > 1.99 * small.activations


def test_every_preset_has_four_branches():
    for name, branches in KERNELS.items():
        assert len(branches) == 4, name
    assert len(Block("1010", 8).branches("inception")) == 2
    assert Block("0001", 8).branches("inception") == (((1, 7), (7, 1)),)
    with pytest.raises(UserError, match="square"):
        Block("1000", 8).branches("squares")


def test_the_example_holds():
    assert doctest.testmod(unet) == (0, 2)


def test_a_plain_network_reads_back():
    network = parse_network("  plain  16 32   64 128 ")
    assert network == PlainUNet((16, 32, 64, 128)) == plain(32) == plain(256)
    assert str(network) == "plain 16 32 64 128"
    assert network.depth == 3


def test_any_other_line_is_a_configurable_network():
    text = "1110x16s4 0100x32 | 0110x16 1000x8s2 | full"
    network = parse_network(text)
    assert isinstance(network, Architecture)
    assert str(network) == text
    assert cost_of(network, "square", 32) == cost(network, "square", 32, 32)


@pytest.mark.parametrize(
    "text", ["plain", "plain 16", "plain 16 x", "plain 16 0", "plain 1 2 3 4 5 6 7"]
)
def test_what_does_not_read_is_said_with_an_example(text):
    with pytest.raises(UserError, match="plain 16 32 64 128"):
        parse_network(text)


def test_blocks_go_down_and_up_and_join_every_resolution():
    assert plain(8) == PlainUNet((4, 8, 16, 32))
    assert plain(8).blocks() == (
        (1, 4, 0), (4, 8, 1), (8, 16, 2), (16, 32, 3), (48, 16, 2), (24, 8, 1), (12, 4, 0),
    )  # fmt: skip


def test_the_parameters_of_the_smallest_by_hand():
    """Widths 1 and 1: three blocks, of which the first and second have no shortcut."""
    blocks = (9 + 9 + 4) + (9 + 9 + 4) + (18 + 9 + 2 + 4)
    assert cost_of(PlainUNet((1, 1)), "square", 8).parameters == blocks + 2
