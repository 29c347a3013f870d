"""What a confirmation found, where a run was confirmed."""

from analysis.load import Run
from analysis.report.html import Section, tag

FILE = "confirm/confirm.json"


def confirmation(run: Run) -> Section | None:
    """Point to the confirmation of a run; nothing where there is none."""
    if not (run.folder / FILE).is_file():
        return None
    body = tag("p", "The leaders were trained again and tested: see ", tag("code", FILE), ".")
    return Section("confirmation", "Confirmation on test", body)
