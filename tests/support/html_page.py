"""A page of HTML, checked."""

import re
from html.parser import HTMLParser

VOID = {"meta", "link", "img", "br"}
FETCHED = ("src=", "@import", "url(http", "<script", "<link", "<iframe")


class Page(HTMLParser):
    """Checks that tags close, and collects ids, links, headings and texts."""

    def __init__(self, html):
        super().__init__()
        self.open, self.ids, self.targets, self.words, self.headings = [], [], [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, name, attributes):
        values = dict(attributes)
        self.ids += [values["id"]] if "id" in values else []
        self.targets += [values["href"]] if name == "a" else []
        if name not in VOID:
            self.open.append(name)

    def handle_startendtag(self, name, attributes):
        values = dict(attributes)
        self.ids += [values["id"]] if "id" in values else []

    def handle_endtag(self, name):
        assert self.open.pop() == name

    def handle_data(self, data):
        self.words.append(data)
        if self.open and self.open[-1] in {"h1", "h2"}:
            self.headings.append(data)


def check(html):
    """Check that a page is whole in itself, and return what is on it."""
    page = Page(html)
    assert len(page.ids) == len(set(page.ids))
    assert not [word for word in FETCHED if word in html]
    inside = [target[1:] for target in page.targets if target.startswith("#")]
    assert set(inside) <= set(page.ids)
    assert not re.search(r"\bnan\b", " ".join(page.words), re.IGNORECASE)
    return page
