"""Names of the metrics that rank."""

from trainables.data.task import Task


def headline(task: Task) -> str:
    """Return the score that neither a constant classifier nor an imbalance can flatter.

    Balanced accuracy; for multi-label data, whose 0.5 is no operating point, the macro AUC.
    """
    return "auc" if task == "multi-label" else "bacc"


def ranking_metric(attack: str, task: Task) -> str:
    """Return the metric that ranks trials unless the user names another."""
    return f"ranking_{attack}_{headline(task)}_curve"
