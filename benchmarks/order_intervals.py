"""How often 95 % intervals of AUC, average precision and partial AUC contain the truth.

Scores of positives and negatives are normal, one standard deviation apart (an AUC of .76) or three
(of .98):

    python benchmarks/order_intervals.py [--draws 1000]
"""

import argparse
from itertools import product

import numpy as np

from trainables.metrics.classification import ORDERS
from trainables.metrics.orders.answers import order_interval
from trainables.metrics.orders.rank_scores import balance, jackknife_values, pseudo_values

SETTINGS = ((100, 35), (136, 37), (100, 20), (100, 5))  # images, and positives among them
APART = (1.0, 3.0)  # standard deviations
MANY = 200_000  # images of which a score is taken for the truth


def coverage(name: str, images: int, positives: int, apart: float, draws: int) -> float:
    """Compute the share of samples whose interval contains the score of very many images.

    Args:
        name: A key of `ORDERS`.
        images: Of a sample.
        positives: Among them.
        apart: How far their scores lie above those of the others, in standard deviations.
        draws: Samples.
    """
    score, generator = ORDERS[name], np.random.default_rng(7)
    positive = np.arange(images) < positives
    many = np.arange(MANY) < MANY * positives / images
    truth, hits = score(generator.normal(size=MANY) + apart * many, many), 0
    for _ in range(draws):
        scores = generator.normal(size=images) + apart * positive
        values = (
            pseudo_values(scores, positive)
            if name == "auc"
            else jackknife_values(scores, positive, score)
        )
        low, high = order_interval(balance(values, positive), positive)
        hits += low <= truth <= high
    return hits / draws


def main() -> None:
    """Print a line for each score and setting."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--draws", type=int, default=1000, help="samples (default: %(default)s)")
    arguments = parser.parse_args()
    print(f"| images | positives | apart | {' | '.join(ORDERS)} |\n{'| --- ' * (3 + len(ORDERS))}|")
    for (images, positives), apart in product(SETTINGS, APART):
        shares = [coverage(name, images, positives, apart, arguments.draws) for name in ORDERS]
        cells = " | ".join(f"{share:.3f}" for share in shares)
        print(f"| {images} | {positives} | {apart:g} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
