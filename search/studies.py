"""The one table of studies: a study is a row here and a folder of `trainables.studies`."""

from typing import TYPE_CHECKING

from search.study import STUDY_CLASSES, StudyRow, load_study
from searchspace.errors import UserError
from searchspace.names import lookup
from trainables.runtime.plugins import absolute, is_path

if TYPE_CHECKING:  # what the list of commands does without
    from trainables.study.about import About


def _row(name: str, title: str, class_name: str) -> StudyRow:
    package = f"trainables.studies.{name}"
    return StudyRow(
        name, title, f"{package}.study:{class_name}", f"{package}.settings:{class_name}Settings"
    )


STUDIES = {
    row.name: row
    for row in (
        _row("tsynd", "training beside images of high epistemic uncertainty", "TSynD"),
        _row("robmednas", "U-Nets for MR-to-CT synthesis that withstand attack", "RobMedNAS"),
        _row("deepauc", "classifiers trained to maximise the area under a curve", "DeepAUC"),
        _row(
            "nonrobust",
            "how much of what a network uses is brittle, and training that does without",
            "Nonrobust",
        ),
        _row("gansplit", "the best split of authentic and synthetic training images", "GANSplit"),
    )
}


def find_study(name: str) -> StudyRow:
    """Return a study of the table, of an installed package, or of a path.

    Args:
        name: A name in the table; the name of an entry point of the group
            ``robust_medical_search.studies``; or ``module:Class`` or ``./file.py:Class``. The
            latter two run the code that they name.

    Raises:
        UserError: If there is no such study.
    """
    if name in STUDIES:
        return STUDIES[name]
    if not is_path(name):
        lookup(dict.fromkeys([*STUDIES, *STUDY_CLASSES.names()]), name, "study")
    path = absolute(name)
    plugin, settings = STUDY_CLASSES.find(path), load_study(path).settings
    description = getattr(settings, "about", None)
    if description is None:
        raise UserError(f"the study {name} does not describe itself: give its settings an about")
    return StudyRow(description.name, description.title, path, source=plugin.provenance())


def about(name: str) -> "About | None":
    """Return the description of a study of the table; None where it has no such row."""
    row = STUDIES.get(name)
    return row.load_settings().about if row else None
