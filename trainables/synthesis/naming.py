"""Names of the metrics that rank."""

HEADLINE = "mae_head"


def ranking_metric(attack: str) -> str:
    """Return the metric that ranks trials unless the user names another."""
    return f"ranking_{attack}_{HEADLINE}_curve"
