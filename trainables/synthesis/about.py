"""How studies of MR-to-CT synthesis describe themselves: threat model, scores, columns, metric."""

from trainables.study.about import About, Score, Threat

MR_DEVIATIONS = Threat(
    words="L∞: every pixel of the MR moves by at most ε, without clipping; ε in standard "
    "deviations of the subject's MR",
    unit="standard deviations of the subject's MR",
    bounds=None,
    axis="ε in standard deviations of the MR",
    suffix=" SD",
    scale=1.0,
    through="the whole network in eval mode, on the normalised MR: its mean and deviation, or its "
    "percentiles, are taken before the attack and stay",
)
HEADLINE = "mae_head"  # the score that ranks
REGIONS = {"head": "head", "air": "air", "bone": "bone", "soft": "soft tissue"}
# Axes do not start at 0: the scores of networks differ little, and all lines would coincide.
SCORES = {
    f"mae_{key}": Score(words=f"{name} MAE in HU", direction="min", digits=1)
    for key, name in REGIONS.items()
} | {
    f"dice_{key}": Score(words=f"Dice of {name}", direction="max") for key, name in REGIONS.items()
}
COLUMNS = {
    "clean": "ranking_clean_{score}",
    "pgd": "ranking_pgd_{score}_curve",
    "fgsm": "ranking_fgsm_{score}_curve",
    "parameters": "parameters",
    "multiply_adds": "multiply_adds",
}
BESIDE = {"clean\nHU": f"ranking_clean_{HEADLINE}", "PGD\nHU": f"ranking_pgd_{HEADLINE}_curve"}


def about_synthesis(name: str, title: str, cites: tuple[str, ...]) -> About:
    """Describe a study of networks that predict CT from MR.

    Args:
        name: The word on the command line.
        title: What the study asks, in a few words.
        cites: Keys of CITATIONS.bib, the study's own paper first.
    """
    return About(
        name=name,
        title=title,
        cites=cites,
        inputs="MR",
        threat=MR_DEVIATIONS,
        scores=SCORES,
        kept=HEADLINE,
        level="the best single grey",
        columns=COLUMNS,
        beside=BESIDE,
        items="subjects",
    )


def ranking_metric(attack: str) -> str:
    """Return the metric that ranks trials unless the user names another."""
    return f"ranking_{attack}_{HEADLINE}_skill"
