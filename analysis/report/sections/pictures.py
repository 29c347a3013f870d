"""What the run wrote pictures of."""

from analysis.figures.pictures import draw_sheet, sheets
from analysis.load import Run
from analysis.report.html import Html, Section, join, link, tag
from analysis.report.svg import inline
from trainables.study.sheet import Sheet

PIXELS = 104  # of an inch of a sheet, on a desktop


def pictures(run: Run) -> Section | None:
    """Show the sheets of a run; nothing where it has none."""
    pages = sheets(run)
    if not pages:
        return None
    return Section("pictures", "Pictures", tag("div", *map(_show, pages), class_="sheets"))


def _show(sheet: Sheet) -> Html:
    alt = f"{sheet.title}: {', '.join(column.title for column in sheet.columns)}"
    canvas = draw_sheet(sheet)
    inside = inline(canvas, sheet.name.replace("_", "-"), alt)
    frame = tag("div", inside, class_="scroll", tabindex="0", role="region", aria_label=alt)
    beside = join([link(f"{sheet.name}.{kind}", kind.upper()) for kind in ("png", "svg")], " ")
    words = tag("figcaption", sheet.caption, " ", tag("span", beside, class_="files"))
    wide = f"--wide: {canvas.get_size_inches()[0] * PIXELS:.0f}px"
    return tag("figure", tag("h3", sheet.title), frame, words, style=wide)
