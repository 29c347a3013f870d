"""Pieces of HTML: escaped, well-formed."""

from html.parser import HTMLParser

from analysis.report.html import Html, bullets, join, link, safe, table, tag, terms


class Text(HTMLParser):
    """Collects what a reader sees."""

    def __init__(self, html):
        super().__init__()
        self.words = []
        self.feed(html)

    def handle_data(self, data):
        self.words.append(data)


EVIL = '<script>alert("x")</script>'


def test_text_is_never_markup():
    page = join(
        (
            safe(EVIL),
            tag("p", EVIL),
            link(EVIL, EVIL),
            bullets([EVIL]),
            terms([(EVIL, EVIL)]),
            table([EVIL], [[EVIL]], EVIL),
        )
    )
    assert "<script" not in page
    assert Text(page).words.count(EVIL) == 9


def test_html_stays_html():
    assert tag("p", Html("<b>x</b>"), " & y", class_="a") == '<p class="a"><b>x</b> &amp; y</p>'
    assert safe(safe("&")) == "&amp;"


def test_attributes_that_are_none_are_left_out():
    assert tag("td", 1, class_=None) == "<td>1</td>"
    assert tag("div", aria_label="x") == '<div aria-label="x"></div>'


def test_a_table_has_headers_for_rows_and_columns():
    page = table(["a", "b"], [["x", 1], ["y", 2]], "words", numeric=[1], marked=[1])
    assert '<th scope="col">a</th><th scope="col" class="number">b</th>' in page
    assert '<tr><th scope="row">x</th><td class="number">1</td></tr>' in page
    assert '<tr class="marked"><th scope="row">y</th>' in page
    assert "<caption><span>words</span></caption>" in page
