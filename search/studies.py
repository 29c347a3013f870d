"""The one table of studies: a study is a row here and a folder of `trainables.studies`."""

from search.study import Study
from trainables.study.about import About


def _row(name: str, title: str, class_name: str) -> Study:
    package = f"trainables.studies.{name}"
    return Study(
        name, title, f"{package}.study:{class_name}", f"{package}.settings:{class_name}Settings"
    )


STUDIES = {
    row.name: row
    for row in (
        _row("tsynd", "training beside images of high epistemic uncertainty", "TSynD"),
        _row("robmednas", "U-Nets for MR-to-CT synthesis that withstand attack", "RobMedNAS"),
    )
}


def about(name: str) -> About | None:
    """Return the description of a study; None where no study of that name is there."""
    row = STUDIES.get(name)
    return row.load_settings().about if row else None
