"""HTML in small pieces: text is escaped on its way in, so that names of trials are never markup."""

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


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
    return text if isinstance(text, Html) else Html(html.escape(str(text)))


def tag(name: str, *inside: object, **attributes: str | None) -> Html:
    """Enclose in a tag; ``class_`` is written class, ``aria_label`` aria-label."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{written}>{join(inside)}</{name}>")


def join(parts: Iterable[object], between: str = "") -> Html:
    """Join pieces, each escaped unless it is HTML."""
    return Html(between.join(safe(part) for part in parts))


def link(target: str, text: object) -> Html:
    """Link to a file beside the page, or an anchor of it."""
    return tag("a", text, href=target)


def bullets(items: Iterable[object]) -> Html:
    """List items."""
    return tag("ul", *(tag("li", item) for item in items))


def terms(pairs: Iterable[tuple[str, object]]) -> Html:
    """List terms and what they are."""
    rows = (tag("div", tag("dt", term), tag("dd", found)) for term, found in pairs)
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

    def cell(kind: str, at: int, content: object) -> Html:
        scope = {"scope": "row"} if kind == "th" else {}
        return tag(kind, content, class_="number" if at in right else None, **scope)

    head = tag(
        "tr",
        *(
            tag("th", name, scope="col", class_="number" if at in right else None)
            for at, name in enumerate(headings)
        ),
    )
    body = [
        tag(
            "tr",
            *(cell("th" if at == 0 else "td", at, one) for at, one in enumerate(row)),
            class_="marked" if place in bold else None,
        )
        for place, row in enumerate(rows)
    ]
    inside = tag(
        "table", tag("caption", tag("span", caption)), tag("thead", head), tag("tbody", *body)
    )
    return tag("div", inside, class_="scroll", tabindex="0", role="region", aria_label=caption)
