"""The one table of studies: a study is a row here, a space and a module of trials."""

from search.study import Study

STUDIES = {
    "tsynd": Study(
        name="tsynd",
        title="training beside images of high epistemic uncertainty",
        space="searchspace.tsynd:SPACE",
        module="trainables.tsynd",
    ),
}
