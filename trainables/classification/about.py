"""How classification studies describe themselves: threat model, scores, columns."""

from trainables.study.about import About, Score, Threat

PIXELS = Threat(
    words="L∞: every pixel moves by at most ε and stays in [0, 1]; ε in 255ths of that range",
    unit="pixel range [0, 1]",
    bounds=(0.0, 1.0),
    axis="ε in 255ths",
    suffix="/255",
    scale=255.0,
)
SCORES = {
    "acc": Score(words="accuracy", direction="max", from_zero=True),
    "bacc": Score(words="balanced accuracy", direction="max", from_zero=True),
    "auc": Score(words="AUC", direction="max", from_zero=True, level=0.5),
}
COLUMNS = {
    "clean": "ranking_clean_{score}",
    "noise": "ranking_noise_{score}_skill",
    "fgsm": "ranking_fgsm_{score}_skill",
}


def about_classification(name: str, title: str, cites: tuple[str, ...]) -> About:
    """Describe a study of classifiers whose images are attacked pixel by pixel.

    Args:
        name: The word on the command line.
        title: What the study asks, in a few words.
        cites: Keys of CITATIONS.bib, the study's own paper first.
    """
    return About(
        name=name,
        title=title,
        cites=cites,
        inputs="images",
        threat=PIXELS,
        scores=SCORES,
        kept="bacc",
        level="a constant answer",
        columns=COLUMNS,
    )
