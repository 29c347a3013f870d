"""A figure inside a page: its text stays text, and its colours follow the page's."""

import io
import re

import matplotlib as mpl
from matplotlib.figure import Figure

from analysis.figures.style import COLOURS, FAINT, GRID, INK, MUTED, SAMPLED, WINNER, styled
from analysis.report.html import Html, safe

# Of each colour the variable of page.css that stands for it; a page in the dark has others.
VARIABLES = {
    INK: "ink",
    MUTED: "muted",
    FAINT: "faint",
    GRID: "grid",
    SAMPLED: "sampled",
    WINNER: "winner",
    "#ffffff": "paper",
    **{colour: f"c{number}" for number, colour in enumerate(COLOURS)},
}
_COLOUR = re.compile("|".join(VARIABLES))
_PLACES = re.compile(r' (d|x|y|transform)="[^"]*"')
_LONG = re.compile(r"-?\d+\.\d{3,}")  # hundredths of a point are too small to see
_ID = re.compile(r' id="([^"]+)"')
_REFERENCE = re.compile(r"(url\(#|href=\"#)([^\")]+)")


def inline(canvas: Figure, name: str, alt: str) -> Html:
    """Write a figure as an SVG element.

    Args:
        canvas: The figure.
        name: Of all figures of the page, so that no two parts of a page have the same id.
        alt: What it shows, in words.
    """
    file = io.StringIO()
    with styled(), mpl.rc_context({"svg.fonttype": "none"}):
        canvas.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    text = file.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<(metadata|style).*?</\1>", "", text, flags=re.DOTALL)  # of the whole page
    used = {match[2] for match in _REFERENCE.finditer(text)}
    text = _ID.sub(lambda match: f' id="{name}-{match[1]}"' if match[1] in used else "", text)
    text = _REFERENCE.sub(rf"\1{name}-\2", text)
    text = _COLOUR.sub(lambda match: f"var(--{VARIABLES[match[0]]})", text)
    text = _PLACES.sub(lambda match: _LONG.sub(_rounded, match[0]), text)
    size = re.search(r'viewBox="([^"]+)"', text)
    box = size[1] if size else ""
    opening = f'<svg role="img" viewBox="{box}" aria-labelledby="{name}-alt">'
    title = f'<title id="{name}-alt">{safe(alt)}</title>'
    return Html(re.sub(r"<svg[^>]*>", lambda _: opening + title, text, count=1).strip())


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}"
