"""HTML in small pieces: text is escaped on its way in, so that names of trials are never markup.

`Html` is MarkupSafe's string: text that is added to it, or put into it, is escaped.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from markupsafe import Markup, escape

Html = Markup
"""Text that is HTML already."""


@dataclass(frozen=True)
class Section:
    """A part of a page.

    Attributes:
        name: Its anchor.
        title: Its heading.
        body: What follows.
    """

    name: str
    title: str
    body: Html


def safe(text: object) -> Html:
    """Escape text, unless it is HTML."""
    return escape(text)


def tag(name: str, *inside: object, **attributes: str | None) -> Html:
    """Enclose in a tag.

    Args:
        name: Of the tag.
        inside: Texts, which are escaped, and HTML, which is not.
        attributes: ``class_`` is written class, ``aria_label`` aria-label; None is left out.
    """
    pairs = Html("").join(
        Html(' {}="{}"').format(key.rstrip("_").replace("_", "-"), value)
        for key, value in attributes.items()
        if value is not None
    )
    return Html("<{0}{1}>{2}</{0}>").format(name, pairs, join(inside))


def join(parts: Iterable[object], between: str = "") -> Html:
    """Join pieces, each escaped unless it is HTML."""
    return escape(between).join(safe(part) for part in parts)


def link(target: str, text: object) -> Html:
    """Link to a file beside the page, or an anchor of it; never to a scheme such as javascript."""
    return tag("a", text, href=quote(target, safe="/#"))


def bullets(items: Iterable[object]) -> Html:
    """List items."""
    return tag("ul", *(tag("li", item) for item in items))


def terms(pairs: Iterable[tuple[str, object]]) -> Html:
    """List terms and what they are."""
    rows = (tag("div", tag("dt", term), tag("dd", meaning)) for term, meaning in pairs)
    return tag("dl", *rows)


def table(
    headings: Sequence[str],
    rows: Iterable[Sequence[object]],
    caption: str,
    *,
    numeric: Iterable[int] = (),
    marked: Iterable[int] = (),
) -> Html:
    """Lay out a table, which scrolls by itself where the page is too narrow for it.

    Args:
        headings: One a column; the first column heads the rows.
        rows: As many cells each.
        caption: What the table holds.
        numeric: Columns whose cells stand to the right.
        marked: Rows that stand out.
    """
    right, bold = set(numeric), set(marked)
    classes = ["number" if column in right else None for column in range(len(headings))]
    columns = zip(headings, classes, strict=True)
    head = tag("tr", *(tag("th", name, scope="col", class_=kind) for name, kind in columns))
    body = [
        tag("tr", *_cells(row, classes), class_="marked" if number in bold else None)
        for number, row in enumerate(rows)
    ]
    inside = tag(
        "table", tag("caption", tag("span", caption)), tag("thead", head), tag("tbody", *body)
    )
    return tag("div", inside, class_="scroll", tabindex="0", role="region", aria_label=caption)


def _cells(row: Sequence[object], classes: Sequence[str | None]) -> Iterable[Html]:
    """Lay out a row, whose first cell heads it."""
    first, *rest = zip(row, classes, strict=True)
    yield tag("th", first[0], class_=first[1], scope="row")
    yield from (tag("td", content, class_=kind) for content, kind in rest)
