"""Pictures of what a run came to, written at its end for whoever reads it; no defect ends a run."""

import shutil
from collections.abc import Iterable

from search.results.ranking import Row
from search.run.session import Session
from searchspace.errors import UserError
from trainables.study.study import WINNER


def write_pictures(session: Session, winner: Row, rows: Iterable[Row]) -> str:
    """Write the study's sheets of the winner and the references; say in a line what was done."""
    folder = session.folder
    shutil.rmtree(folder.pictures, ignore_errors=True)  # those of an earlier winner
    try:
        models = {
            row.trial.label: folder.saved(row.trial.id)
            for row in rows
            if row.trial.is_reference and row.trial.reports
        }
        models[WINNER] = folder.saved(winner.trial.id)
        sheets = session.module.illustrate(models, folder.assets, session.settings)
        for place, sheet in enumerate(sheets, start=1):
            sheet.write(folder.pictures / f"{place}-{sheet.name}.npz")
    except (UserError, OSError, ValueError, RuntimeError, ArithmeticError, LookupError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        return f"no pictures: {first}"
    except KeyboardInterrupt:
        return f"no pictures: interrupted; python -m search resume {folder.path} makes them"
    return f"pictures: {', '.join(sheet.title for sheet in sheets)}" if sheets else ""
