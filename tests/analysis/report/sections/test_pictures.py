"""Pictures on the page."""

import pytest
from made_sheet import SHEET
from make_run import Blueprint

from analysis.report.sections.pictures import pictures
from searchspace.errors import UserError


@pytest.fixture
def run(build):
    return build(Blueprint("r01", "baseline"), Blueprint("t001"))


def test_every_sheet_is_shown_with_links_to_its_files(run):
    SHEET.write(run.folder / "pictures" / "1-some.npz")
    body = pictures(run).body
    assert "Some &lt;pictures&gt;" in body
    assert "How they came about." in body
    assert body.count("<image") >= 6
    assert 'href="some_pictures.png"' in body
    assert 'href="some_pictures.svg"' in body


def test_a_run_without_pictures_has_no_section(run):
    assert pictures(run) is None


def test_damaged_pictures_are_said(run):
    (run.folder / "pictures").mkdir()
    (run.folder / "pictures" / "1-some.npz").write_bytes(b"PK")
    with pytest.raises(UserError, match="damaged"):
        pictures(run)
