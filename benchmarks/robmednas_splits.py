"""Splits of subjects for `robmednas_table.py`: the product's, folds, or one site after another."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from trainables.data.subjects import SubjectSplits, folds, notes_of, split_subjects
from trainables.studies.robmednas.settings import RobMedNASSettings
from trainables.synthesis.preparation.assets import draw_record
from trainables.synthesis.preparation.record import Record

PRODUCT = "product"


def records_of(
    settings: RobMedNASSettings, count: int = 0, sites: Sequence[str] = ()
) -> Iterator[tuple[str, Record]]:
    """Draw splits, each with a name: the product's own, unless something else is asked for.

    Args:
        settings: With the subjects.
        count: Of folds, in each of which other subjects are tested; 0 for none.
        sites: Beginnings of names, each of which is tested in turn while the rest trains.
    """
    if sites:
        for site in sites:
            yield site, draw_record(settings.model_copy(update={"test_site": site}))
        return
    record = draw_record(settings)
    if not count:
        yield PRODUCT, record
        return
    pairs = folds(sorted(record.contents), count, settings.data_seed)
    for number, (rest, test) in enumerate(pairs, 1):
        part = split_subjects(rest, settings.data_seed)
        names = tuple(sorted((*part.train, *part.test))), part.val, part.ranking, test
        splits = SubjectSplits(*names, notes=notes_of(*names))
        yield f"{number}of{count}", replace(record, splits=splits)
