"""The one table of studies: a study is a row here and a module of trials."""

from search.study import Study

STUDIES = {
    "tsynd": Study(
        name="tsynd",
        title="training beside images of high epistemic uncertainty",
        module="trainables.studies.tsynd.study",
    ),
    "robmednas": Study(
        name="robmednas",
        title="U-Nets for MR-to-CT synthesis that withstand attack",
        module="trainables.studies.robmednas.study",
    ),
}
