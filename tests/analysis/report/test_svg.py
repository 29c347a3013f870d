"""A figure in a page: its own ids, the page's colours, words for those who cannot see it."""

import re
import xml.etree.ElementTree as ET

import pytest
from matplotlib.figure import Figure

from analysis.figures.style import COLOURS, INK, STYLE, WINNER, styled
from analysis.report.svg import VARIABLES, inline

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def canvas():
    with styled():
        canvas = Figure(figsize=(2, 2))
        ax = canvas.subplots()
        ax.plot([0, 1, 2], [0.123456, 1, 2], color=WINNER, marker="o", label="0.123456 & <b>")
        ax.legend(frameon=False)
    return canvas


def parsed(text):
    """Parse as HTML would: both namespaces are known there."""
    spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return ET.fromstring(str(text).replace("<svg", f"<svg {spaces}", 1))  # noqa: S314 - our own


def test_it_has_words_and_no_size_of_its_own(canvas):
    page = parsed(inline(canvas, "one", 'a "figure" & more'))
    assert page.attrib["role"] == "img"
    assert "width" not in page.attrib
    title = page.find(f"{SVG}title")
    assert title.text == 'a "figure" & more'
    assert page.attrib["aria-labelledby"] == title.attrib["id"]


def test_text_stays_as_it_was_written(canvas):
    words = [word.text for word in parsed(inline(canvas, "one", "x")).iter(f"{SVG}text")]
    assert "0.123456 & <b>" in words


def test_every_reference_has_its_target_in_the_same_figure(canvas):
    texts = [inline(canvas, name, "x") for name in ("one", "two")]
    ids = [set(re.findall(r' id="([^"]+)"', text)) for text in texts]
    for text, targets in zip(texts, ids, strict=True):
        assert set(re.findall(r"(?:url\(|href=\")#([^\")]+)", text)) <= targets
    assert not ids[0] & ids[1]


def test_colours_are_the_pages(canvas):
    text = inline(canvas, "one", "x")
    assert "var(--winner)" in text
    assert not re.findall(r"#[0-9a-f]{6}", text)
    assert "<style" not in text


def test_every_colour_of_the_style_has_a_variable():
    used = {INK, WINNER, *COLOURS, STYLE["grid.color"], STYLE["xtick.color"]}
    assert used <= set(VARIABLES)


def test_coordinates_are_short(canvas):
    for positions in re.findall(r' d="([^"]*)"', inline(canvas, "one", "x")):
        assert not re.search(r"\.\d{3}", positions)
