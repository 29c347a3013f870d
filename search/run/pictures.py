"""Pictures of what a run came to, written at its end for whoever reads it; no defect ends a run."""

from collections.abc import Iterable

from search.results.ranking import Row
from search.run.session import Session
from searchspace.errors import UserError
from trainables.runtime.errors import first_line
from trainables.study.study import WINNER


def write_pictures(session: Session, winner: Row, rows: Iterable[Row]) -> str:
    """Write the study's sheets of the winner and the references; say in a line what was done.

    Args:
        session: Of the run.
        winner: Row of the winner.
        rows: The ranking, with the references.
    """
    folder = session.folder
    try:
        folder.clear_pictures()  # those of an earlier winner
        models = {
            row.trial.label: folder.saved(row.trial.id)
            for row in rows
            if row.trial.is_reference and row.trial.reports
        }
        models[WINNER] = folder.saved(winner.trial.id)
        sheets = session.study.illustrate(models, folder.assets, session.settings)
        for number, sheet in enumerate(sheets, start=1):
            sheet.write(folder.pictures / f"{number}-{sheet.name}.npz")
    except (UserError, OSError, ValueError, RuntimeError, ArithmeticError, LookupError) as error:
        return f"no pictures: {first_line(error)}"
    except KeyboardInterrupt:
        return f"no pictures: interrupted; python -m search resume {folder.path} makes them"
    return f"pictures: {', '.join(sheet.title for sheet in sheets)}" if sheets else ""
