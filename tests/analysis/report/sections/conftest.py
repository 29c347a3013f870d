"""Sections are tested for their words and tables: their figures are tested by themselves."""

import importlib

import pytest

from analysis.report.html import Html

MODULES = ("cost", "ranking", "search", "settings", "trust")


@pytest.fixture
def alts(monkeypatch):
    """Draw no figure; return what would stand in its place for those who cannot see it."""
    texts = {}

    def show(_, name, alt, note, *__):
        texts[name] = f"{alt} {note}"
        return Html()

    for name in MODULES:
        module = importlib.import_module(f"analysis.report.sections.{name}")
        for function in ("show", "show_panels"):
            if hasattr(module, function):
                monkeypatch.setattr(module, function, show)
    return texts
