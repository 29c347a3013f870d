"""How classification studies describe themselves: threat model, scores, what ranks, columns."""

from trainables.data.task import Task
from trainables.study.about import About, Score, Threat

PIXELS = Threat(
    words="L∞: every pixel moves by at most ε and stays in [0, 1]; ε in 255ths of that range",
    unit="pixel range [0, 1]",
    bounds=(0.0, 1.0),
    axis="ε in 255ths",
    suffix="/255",
    scale=255.0,
    through="the whole model in eval mode, its normalisation included",
)
SCORES = {
    "acc": Score(words="accuracy", direction="max", from_zero=True),
    "bacc": Score(words="balanced accuracy", direction="max", from_zero=True),
    "auc": Score(words="AUC", direction="max", from_zero=True, level=0.5),
    "ap": Score(words="average precision", direction="max", from_zero=True),
    "pauc": Score(words="partial AUC", direction="max", from_zero=True, level=0.5),
}
COLUMNS = {
    "clean": "ranking_clean_{score}",
    "noise": "ranking_noise_{score}_skill",
    "fgsm": "ranking_fgsm_{score}_skill",
}


def about_classification(
    name: str, title: str, cites: tuple[str, ...], kept: str = "bacc"
) -> About:
    """Describe a study of classifiers whose images are attacked pixel by pixel.

    Args:
        name: The word on the command line.
        title: What the study asks, in a few words.
        cites: Keys of CITATIONS.bib, the study's own paper first.
        kept: The score that ranks, whose numbers of single images trials save.
    """
    return About(
        name=name,
        title=title,
        cites=cites,
        inputs="images",
        threat=PIXELS,
        scores=SCORES,
        kept=kept,
        level="a constant answer",
        columns=COLUMNS,
    )


def headline(task: Task) -> str:
    """Return the score that ranks where a study names none: no constant classifier can raise it.

    That is balanced accuracy, however imbalanced the data. For multi-label data it is the macro
    AUC, as a threshold of 0.5 has no meaning there.
    """
    return "auc" if task == "multi-label" else "bacc"


def ranking_metric(attack: str, score: str) -> str:
    """Return the metric that ranks trials unless the user names another.

    It is the mean skill over the radii: a constant answer scores 0, and no radius counts more than
    another.
    """
    return f"ranking_{attack}_{score}_skill"
