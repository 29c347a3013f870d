"""Splits of subjects for `robmednas_table.py`: the product's, folds, or one site kept apart."""

from collections.abc import Iterator, Sequence

from trainables.data.subjects import folds, splits_that_test
from trainables.studies.robmednas.settings import RobMedNASSettings
from trainables.synthesis.preparation.assets import draw_record
from trainables.synthesis.preparation.record import Record

PRODUCT = "product"


def records_of(
    settings: RobMedNASSettings, count: int = 0, apart: Sequence[str] = ()
) -> Iterator[tuple[str, Record]]:
    """Draw splits, each with a name: the product's own, unless something else is asked for.

    Args:
        settings: With the subjects.
        count: Of folds, in each of which other subjects are tested; 0 for none.
        apart: Beginnings of names, each of which is tested in turn while the rest trains.
    """
    for beginning in apart:
        yield beginning, draw_record(settings.model_copy(update={"apart": beginning}))
    if apart and not count:
        return
    record = draw_record(settings)
    if not count:
        yield PRODUCT, record
        return
    for number, (rest, test) in enumerate(
        folds(sorted(record.contents), count, settings.data_seed), 1
    ):
        splits = splits_that_test(rest, test, settings.data_seed)
        yield f"{number}of{count}", Record(splits, record.contents)
