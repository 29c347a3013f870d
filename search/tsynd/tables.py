"""Tables 1 and 2 as Markdown: means over seeds, with intervals."""

from collections.abc import Mapping, Sequence

from search.comparison.rows import CUT, Row, table
from search.tsynd.answer import answer
from search.tsynd.methods import TABLE_1, TABLE_2
from trainables.metrics.skill import SKILL

COLUMNS: Mapping[str, str] = {
    "clean": "test_clean_acc",
    "noise 0.2": "test_noise_acc",
    "FGSM 2/255": "test_fgsm_acc_eps2",
    "FGSM 8/255": "test_fgsm_acc_eps8",
    "clean, balanced": "test_clean_{headline}",
    "robust skill": f"test_pgd_{{headline}}_{SKILL}",
    "without near copies": f"test_apart_pgd_{{headline}}_{SKILL}",
}
"""The paper's accuracies; then the headline score, and the skill under PGD that ranks runs, also
without the test images that have near copies among those that trained, chose or ranked."""

NOTE = (
    "In per cent, on the official test images: the mean over seeds and the half width of its 95 % "
    f"interval (Student's t). {CUT} Each seed has a training subset, an autoencoder and "
    "initial weights of its own; the test images are the same for all. "
    "Robust skill: the mean over 0.25, 0.5, 1, "
    "2, 4 and 8/255 under PGD of the share of what lies between a constant answer and a perfect "
    "one (balanced accuracy; AUC where an image has several labels); then the same without the "
    "test images that have near copies among those that trained, chose or ranked."
)


def markdown(rows: Sequence[Row], looks: int = 1) -> str:
    """Lay out table 1, with what a search tuned, table 2, and what both say in words.

    Args:
        rows: All trainings.
        looks: How often such verdicts are read.
    """
    present = dict.fromkeys(row.method for row in rows)
    tuned = [method for method in present if method not in {*TABLE_1, *TABLE_2}]
    parts = [
        "## Table 1: TSynD beside other methods",
        table(rows, [*TABLE_1, *tuned], COLUMNS),
        "## Table 2: mutual information (TSynD) against entropy",
        table(rows, TABLE_2, COLUMNS),
        NOTE,
        "## In words",
        answer(rows, looks),
    ]
    return "\n\n".join(parts) + "\n"
