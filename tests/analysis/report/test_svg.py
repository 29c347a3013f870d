"""A figure in a page: its own ids, the page's colours, words for those who cannot see it."""

import re
import xml.etree.ElementTree as ET

import pytest
from matplotlib.figure import Figure

from analysis.figures.style import COLOURS, INK, STYLE, WINNER, styled
from analysis.report.svg import VARIABLES, inline

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def drawn():
    with styled():
        canvas = Figure(figsize=(2, 2))
        ax = canvas.subplots()
        ax.plot([0, 1, 2], [0.123456, 1, 2], color=WINNER, marker="o", label="0.123456 & <b>")
        ax.legend(frameon=False)
    return canvas


def parsed(text):
    """Parse as HTML would: both namespaces are known there."""
    spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return ET.fromstring(text.replace("<svg", f"<svg {spaces}", 1))  # noqa: S314 - our own


def test_it_has_words_and_no_size_of_its_own(drawn):
    found = parsed(inline(drawn, "one", 'a "figure" & more'))
    assert found.attrib["role"] == "img"
    assert "width" not in found.attrib
    title = found.find(f"{SVG}title")
    assert title.text == 'a "figure" & more'
    assert found.attrib["aria-labelledby"] == title.attrib["id"]


def test_text_stays_as_it_was_written(drawn):
    words = [one.text for one in parsed(inline(drawn, "one", "x")).iter(f"{SVG}text")]
    assert "0.123456 & <b>" in words


def test_every_reference_has_its_target_in_the_same_figure(drawn):
    texts = [inline(drawn, name, "x") for name in ("one", "two")]
    ids = [set(re.findall(r' id="([^"]+)"', text)) for text in texts]
    for text, own in zip(texts, ids, strict=True):
        assert set(re.findall(r"(?:url\(|href=\")#([^\")]+)", text)) <= own
    assert not ids[0] & ids[1]


def test_colours_are_the_pages(drawn):
    text = inline(drawn, "one", "x")
    assert "var(--winner)" in text
    assert not re.findall(r"#[0-9a-f]{6}", text)
    assert "<style" not in text


def test_every_colour_of_the_style_has_a_variable():
    used = {INK, WINNER, *COLOURS, STYLE["grid.color"], STYLE["xtick.color"]}
    assert used <= set(VARIABLES)


def test_coordinates_are_short(drawn):
    for places in re.findall(r' d="([^"]*)"', inline(drawn, "one", "x")):
        assert not re.search(r"\.\d{3}", places)
