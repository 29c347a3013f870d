"""The score that ranks classifiers, and the metric that ranks trials. Loads no torch."""

from trainables.data.task import Task


def headline(task: Task) -> str:
    """Return the score that a constant classifier cannot raise, however imbalanced the data.

    That is balanced accuracy. For multi-label data it is the macro AUC, as a threshold of 0.5 has
    no meaning there.
    """
    return "auc" if task == "multi-label" else "bacc"


def ranking_metric(attack: str, task: Task) -> str:
    """Return the metric that ranks trials unless the user names another.

    It is the mean skill over the radii: a constant answer scores 0, and no radius counts more than
    another.
    """
    return f"ranking_{attack}_{headline(task)}_skill"
