"""Splits of subjects for `robmednas_table.py`: the product's, folds, or one site kept apart."""

from collections.abc import Iterator, Sequence

from searchspace.errors import UserError
from trainables.data.subjects import SubjectSplits, folds, notes_of, split_subjects
from trainables.studies.robmednas.settings import RobMedNASSettings
from trainables.synthesis.preparation.assets import draw_record
from trainables.synthesis.preparation.record import Record

SHARES = (0.65, 0.1, 0.15, 0.1)  # of those that are not tested; the last part trains, too
PRODUCT = "product"


def records_of(
    settings: RobMedNASSettings, count: int = 0, apart: Sequence[str] = ()
) -> Iterator[tuple[str, Record]]:
    """Draw splits, each with a name: the product's own, unless something else is asked for.

    Args:
        settings: With the subjects.
        count: Of folds, in each of which other subjects are tested; 0 for none.
        apart: Beginnings of names, each of which is tested in turn while the rest trains. Where
            names begin with their site, that is another site than those of training.

    Raises:
        UserError: If no subject, or each, has a name that begins so.
    """
    record = draw_record(settings)
    names = sorted(record.contents)
    if not count and not apart:
        yield PRODUCT, record
    if count:
        for number, (rest, test) in enumerate(folds(names, count, settings.data_seed), 1):
            yield f"{number}of{count}", _tested(record, rest, test, settings.data_seed)
    for beginning in apart:
        test = tuple(name for name in names if name.startswith(beginning))
        rest = tuple(name for name in names if not name.startswith(beginning))
        if not test or not rest:
            raise UserError(f"{len(test)} of {len(names)} subjects begin with {beginning}")
        yield beginning, _tested(record, rest, test, settings.data_seed)


def _tested(record: Record, rest: Sequence[str], test: tuple[str, ...], seed: int) -> Record:
    """Test some subjects; split the rest."""
    part = split_subjects(rest, seed, SHARES)
    names = tuple(sorted((*part.train, *part.test))), part.val, part.ranking, test
    return Record(SubjectSplits(*names, notes=notes_of(*names)), record.contents)
