"""A figure of a run with its words, and the files that hold its numbers."""

from pandas.api.types import is_numeric_dtype

from analysis.extras import Exhibit, exhibits
from analysis.figures.catalogue import NARROW, figure, panels
from analysis.load import Run
from analysis.report.html import Html, join, link, table, tag
from analysis.report.svg import inline


def show(run: Run, name: str, alt: str, note: str, numbers: str = "") -> Html:
    """Show one of `analysis.figures.catalogue.FIGURES`.

    Args:
        run: The run.
        name: Of the figure.
        alt: What it shows, for those who cannot see it.
        note: How to read it.
        numbers: The table that it renders, the name of a CSV file; the figure's own where empty.
    """
    beside = _links(numbers or name, name)
    drawing = inline(figure(run, name, NARROW), name.replace("_", "-"), alt)
    return tag("figure", drawing, tag("figcaption", note, " ", beside))


def show_panels(run: Run, name: str, alt: str, note: str, numbers: str = "") -> Html:
    """Show one of `catalogue.PANELS`.

    Args:
        run: The run.
        name: Of the figure.
        alt: What each panel shows, up to the name of the panel, which is added.
        note: How to read them.
        numbers: As of `show`.
    """
    drawings = [
        inline(canvas, f"{name}-{number}", f"{alt} {panel.replace('_', ' ')}")
        for number, (panel, canvas) in enumerate(panels(run, name).items())
    ]
    if not drawings:
        return tag("p", f"{alt} nothing that was measured.")
    words = tag("figcaption", note, " ", _links(numbers or name, name))
    return tag("figure", tag("div", *drawings, class_=f"panels {name}"), words, class_="wide")


def _links(table: str, name: str) -> Html:
    links = [link(f"{table}.csv", "CSV"), link(f"{name}.png", "PNG"), link(f"{name}.svg", "SVG")]
    return tag("span", join(links, " "), class_="files")


def show_exhibits(run: Run) -> Html:
    """Show what the study of a run adds to its claim; nothing where it adds nothing."""
    return join(map(_show_exhibit, exhibits(run)))


def _show_exhibit(exhibit: Exhibit) -> Html:
    kinds = ("csv", "png", "svg")
    files = [link(f"{exhibit.name}.{kind}", kind.upper()) for kind in kinds]
    words = tag("figcaption", exhibit.title, " ", join(files, " "))
    drawing = inline(exhibit.draw(), exhibit.name, exhibit.alt)
    frame = {"class_": "scroll", "tabindex": "0", "role": "region", "aria_label": exhibit.alt}
    figure = tag("figure", tag("div", drawing, **frame), words, class_="wide")
    cells = exhibit.cells
    numeric = [column for column, name in enumerate(cells) if is_numeric_dtype(cells[name])]
    rows = cells.to_numpy().tolist()
    return join((figure, table(list(cells.columns), rows, exhibit.caption, numeric=numeric)))
