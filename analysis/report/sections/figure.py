"""A figure of a run with its words, and the files that hold its numbers."""

from analysis.figures.catalogue import NARROW, figure, panels
from analysis.load import Run
from analysis.report.html import Html, join, link, table, tag
from analysis.report.svg import inline
from analysis.studies.robmednas.architecture import draw
from analysis.studies.robmednas.numbers import blocks, winning_architecture


def shown(run: Run, name: str, alt: str, note: str, numbers: str = "") -> Html:
    """Show one of `analysis.figures.catalogue.FIGURES`.

    Args:
        run: The run.
        name: Of the figure.
        alt: What it shows, for those who cannot see it.
        note: How to read it.
        numbers: The table that it renders, the name of a CSV file; the figure's own where empty.
    """
    beside = _links(numbers or name, name)
    drawn = inline(figure(run, name, NARROW), name.replace("_", "-"), alt)
    return tag("figure", drawn, tag("figcaption", note, " ", beside))


def shown_in_panels(run: Run, name: str, alt: str, note: str, numbers: str = "") -> Html:
    """Show one of `catalogue.PANELS`; ``alt`` goes before the name of each panel."""
    drawn = [
        inline(one, f"{name}-{place}", f"{alt} {panel.replace('_', ' ')}")
        for place, (panel, one) in enumerate(panels(run, name).items())
    ]
    if not drawn:
        return tag("p", f"{alt} nothing that was measured.")
    words = tag("figcaption", note, " ", _links(numbers or name, name))
    return tag("figure", tag("div", *drawn, class_=f"panels {name}"), words, class_="wide")


def _links(table: str, name: str) -> Html:
    links = [link(f"{table}.csv", "CSV"), link(f"{name}.png", "PNG"), link(f"{name}.svg", "SVG")]
    return tag("span", join(links, " "), class_="files")


def architecture(run: Run) -> Html:
    """Show the winner's architecture; nothing where a run has none."""
    found = winning_architecture(run)
    if found is None:
        return Html()
    alt = f"The winner's U-Net: {found[0]}"
    beside = [link(f"architecture.{kind}", kind.upper()) for kind in ("csv", "png", "svg")]
    words = tag("figcaption", "The winner's architecture. ", join(beside, " "))
    drawn = inline(draw(*found), "architecture", alt)
    scrolled = tag("div", drawn, class_="scroll", tabindex="0", role="region", aria_label=alt)
    listed = blocks(*found)
    rows = [(*row[:-1], f"1/{row[-1]}" if row[-1] else "") for row in listed.to_numpy().tolist()]
    caption = f"Blocks in the order of computation, their branches and filters: {found[0]}"
    numbers = table(list(listed.columns), rows, caption, numeric=(5,))
    return join((tag("figure", scrolled, words, class_="wide"), numbers))
