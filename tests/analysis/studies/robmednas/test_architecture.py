"""The drawing says what the architecture is, legibly, at every depth."""

import itertools
import subprocess
import sys

import matplotlib as mpl
import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Annotation, Text

from analysis.figures.style import INK
from analysis.studies.robmednas.architecture import draw
from searchspace.errors import UserError
from searchspace.unet import KERNELS, PAPER_BEST, cost, handcrafted, parse

WIDE = " ".join(["1111x1024s16"] * 5)
NETWORKS = {
    "the paper's": parse(PAPER_BEST),
    "one level": parse("1000x8s16 | 0111x16"),
    "widest": parse(f"{WIDE} | {WIDE}"),
    "narrowest": parse("0001x1s16 1000x1 | 0010x1 0100x1s2"),
    "handcrafted": handcrafted(32, 4),
}


def render(network, kernels="square"):
    canvas = draw(network, kernels)
    canvas.draw_without_rendering()
    return canvas


def parts(canvas):
    """Every named part once."""
    named = [artist for artist in canvas.findobj() if artist.get_gid()]
    return {artist.get_gid(): artist for artist in named}


def blocks_of(network):
    for side, blocks in {"enc": network.encoder, "dec": network.decoder[::-1]}.items():
        for level, block in enumerate(blocks, 1):
            yield f"{side}{level}", block


def texts_of(canvas):
    texts = [text for text in canvas.findobj(Text) if text.get_text()]
    return [text for text in texts if not isinstance(text, Annotation)]


@pytest.mark.parametrize("name", NETWORKS)
def test_each_block_shows_its_switches_filters_and_ratio(name):
    network = NETWORKS[name]
    artists = parts(render(network))
    for name_of_block, block in blocks_of(network):
        faces = [
            to_hex(artists[f"{name_of_block}_A{branch}"].get_facecolor()) for branch in range(1, 5)
        ]
        assert "".join("1" if face == INK else "0" for face in faces) == block.pattern
        corners = [artists[f"{name_of_block}_A{branch}"].get_x() for branch in range(1, 5)]
        assert corners == sorted(corners)
        assert artists[f"{name_of_block}_filters"].get_text() == str(block.filters)
        badge = artists.get(f"{name_of_block}_SE")
        assert (badge.get_text() if badge else "none") == (f"SE {block.se}" if block.se else "none")


@pytest.mark.parametrize("name", NETWORKS)
def test_a_skip_connection_joins_partners_and_the_deepest_pair_has_a_plain_arrow(name):
    network = NETWORKS[name]
    artists = parts(render(network))
    skips = {gid for gid in artists if gid.startswith("skip")}
    assert skips == {f"skip{level}" for level in range(1, network.depth)}
    ends = {f"skip{level}": level for level in range(1, network.depth)} | {"bottom": network.depth}
    for gid, level in ends.items():
        left, right = (artists[f"{side}{level}"].get_bbox() for side in ("enc", "dec"))
        arrow = artists[gid]
        assert arrow.xyann == pytest.approx((left.x1, (left.y0 + left.y1) / 2))
        assert arrow.xy == pytest.approx((right.x0, (right.y0 + right.y1) / 2))
        assert (arrow.arrow_patch.get_linestyle() == "-") == (gid == "bottom")


@pytest.mark.parametrize("name", NETWORKS)
def test_the_way_leads_down_the_encoder_and_up_the_decoder(name):
    network = NETWORKS[name]
    canvas = render(network)
    arrows = [note for note in canvas.findobj(Annotation) if note.get_gid() == "path"]
    assert len(arrows) == 2 * network.depth
    middle = canvas.axes[0].get_xlim()[1] / 2
    for arrow in arrows:
        (x, tail), (_, head) = arrow.xyann, arrow.xy
        assert (head < tail) == (x < middle)


def test_resolutions_halve_from_row_to_row():
    words = [text.get_text() for text in texts_of(render(NETWORKS["the paper's"]))]
    assert [word for word in words if word.startswith("1/")] == [
        "1/2",
        "1/4",
        "1/8",
        "1/16",
        "1/32",
    ]


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("name", NETWORKS)
def test_no_text_covers_another_or_leaves_the_figure(name, kernels):
    canvas = render(NETWORKS[name], kernels)
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts_of(canvas)]
    for (first, box), (second, second_box) in itertools.combinations(boxes, 2):
        assert not box.overlaps(second_box), (first, second)
    assert all(canvas.bbox.containsx(end) for _, box in boxes for end in (box.x0, box.x1))
    assert all(canvas.bbox.containsy(end) for _, box in boxes for end in (box.y0, box.y1))


@pytest.mark.parametrize("name", NETWORKS)
def test_what_belongs_to_a_block_lies_in_it_and_blocks_lie_apart(name):
    network = NETWORKS[name]
    artists = parts(render(network))
    names = [block for block, _ in blocks_of(network)]
    for block in names:
        outer = artists[block].get_window_extent()
        for gid, part in artists.items():
            inner = part.get_window_extent()
            if gid.startswith(f"{block}_"):
                assert outer.x0 < inner.x0 < inner.x1 < outer.x1, gid
                assert outer.y0 < inner.y0 < inner.y1 < outer.y1, gid
    for first, second in itertools.combinations(names, 2):
        assert not artists[first].get_window_extent().overlaps(artists[second].get_window_extent())


def test_more_filters_make_a_wider_block():
    artists = parts(render(parse("1000x8 1000x32 | 1000x16 1000x256")))
    widths = [artists[name].get_bbox().width for name in ("enc1", "dec2", "enc2", "dec1")]
    assert widths == sorted(set(widths))


@pytest.mark.parametrize("kernels", KERNELS)
def test_parameters_and_kernels_are_stated(kernels):
    network = NETWORKS["the paper's"]
    canvas = render(network, kernels)
    assert f"{cost(network, kernels, 64, 64).parameters:,} parameters" in " ".join(
        text.get_text() for text in texts_of(canvas)
    )
    key = parts(canvas)["key"].get_text()
    assert ("A4: 1x7→7x1" in key) == (kernels == "inception")
    assert ("A4: 7x7" in key) == (kernels == "square")


def test_unknown_kernels_are_said():
    with pytest.raises(UserError, match="square"):
        draw(NETWORKS["one level"], "squares")


def test_matplotlibs_settings_are_left_as_they_were():
    before = dict(mpl.rcParams)
    render(NETWORKS["one level"])
    assert dict(mpl.rcParams) == before


def test_drawing_opens_no_window_and_needs_no_torch():
    code = (
        "import sys; from analysis.studies.robmednas.architecture import draw\n"
        "from searchspace.unet import *\n"
        "draw(parse(PAPER_BEST))\n"
        "print(sorted({'torch', 'ray', 'matplotlib.pyplot'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code]
    process = subprocess.run(command, capture_output=True, text=True, check=True)
    assert process.stdout.strip() == "[]"
