"""Licence, citation and version say the same wherever they are said."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PACKAGES = ("searchspace", "trainables", "search", "analysis")


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def citation():
    return yaml.safe_load((ROOT / "CITATION.cff").read_text())


def test_the_citation_is_of_this_version_and_licence(project, citation):
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"] == "Apache-2.0"
    assert citation["keywords"] == project["keywords"]
    assert citation["cff-version"] == "1.2.0"


def test_the_cited_papers_are_those_of_the_bibliography(citation):
    text = re.sub(r"[{}]", "", (ROOT / "CITATIONS.bib").read_text())
    for paper in citation["references"]:
        assert paper["title"] in text
        authors = [f"{name['family-names']}, {name['given-names']}" for name in paper["authors"]]
        assert " and ".join(authors) in text


def test_the_licence_is_apache_2(project):
    (name,) = project["license-files"]
    text = (ROOT / name).read_text()
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_nobody_is_named_and_no_address_given(project):
    assert project["authors"] == [{"name": "the maintainers"}]
    assert "urls" not in project


@pytest.mark.parametrize("package", PACKAGES)
def test_types_are_for_users_too(package):
    assert (ROOT / package / "py.typed").is_file()
