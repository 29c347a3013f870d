"""What to cite, and files, on the page."""

from make_run import Blueprint

from analysis.report.sections.sources import citing, files


def test_papers_are_listed_with_their_entries(build):
    body = citing(build(Blueprint("t001"))).body
    assert "<code>tsynd</code>" in body
    assert "@inproceedings{tsynd," in body


def test_files_of_one_name_share_a_line():
    body = files(["report.csv", "trade_off.csv", "trade_off.png"]).body
    assert body.count("<li>") == 2
    assert (
        '<li>trade off: <a href="trade_off.csv">CSV</a> <a href="trade_off.png">PNG</a></li>'
    ) in body
