"""The ladder of a simulated search: what each rung measures, on how many images, at what price.

Prices are forward and backward passes of the network for each image, and a rung costs them times
its images. Training has no price: the networks of a table are trained already.
"""

from dataclasses import dataclass

from search.simulation.tables.table import CLEAN
from searchspace.errors import UserError
from searchspace.names import lookup

ALL = 10_000  # images whose accuracies the table gives: the test split of CIFAR-10
SUBSET = 1000  # images at rungs below the last
# One forward pass for the prediction of clean images. Each step of a gradient attack is one forward
# and one backward pass, then one more forward pass says which answers are still right: FGSM has 1
# step, PGD of the NAS-Bench-201 table 40, APGD 100; Square asks 5000 times without a gradient.
PRICES = {CLEAN: 1.0, "fgsm": 3.0, "pgd": 81.0, "apgd_ce": 201.0, "square": 5001.0}
Prices = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Measurement:
    """What a rung measures.

    Attributes:
        metric: A column of the table.
        images: On how many images, from 1 to `ALL`.
        passes: Price for each image.
    """

    metric: str
    images: int
    passes: float

    @property
    def cost(self) -> float:
        """Passes for all images."""
        return self.passes * self.images


@dataclass(frozen=True)
class Ladder:
    """What a search pays for, rung by rung.

    Attributes:
        rungs: From the first to the last, by which the winner is chosen.
        clean: Passes for clean accuracy on all images, paid at the first rung.
    """

    rungs: tuple[Measurement, ...]
    clean: float

    def cost(self, rung: int) -> float:
        """Return the passes that a trial needs from the rung below to this one."""
        return self.rungs[rung].cost + (self.clean if rung == 0 else 0.0)

    def __str__(self) -> str:
        return ", then ".join(
            step.metric if step.images == ALL else f"{step.metric} on {step.images} images"
            for step in self.rungs
        )


def parse_ladder(metrics: str, images: str | None, prices: Prices) -> Ladder:
    """Read ``pgd_eps1,apgd_ce_eps1`` and ``1000,all``.

    Args:
        metrics: Of each rung, separated by commas.
        images: For each rung, or one number for all, from 1 to `ALL`; by default `SUBSET`, and all
            at the last rung.
        prices: In passes for an image.

    Raises:
        UserError: If the two differ in length, a number of images is out of range, or a metric has
            no price.
    """
    names = split(metrics)
    if not names:
        raise UserError("--ladder is empty: give metrics such as pgd_eps1,apgd_ce_eps1")
    sizes = split(images) if images else [str(SUBSET)] * (len(names) - 1) + ["all"]
    if len(sizes) == 1:
        sizes *= len(names)
    if len(sizes) != len(names):
        raise UserError(
            f"--images has {len(sizes)} numbers for {len(names)} rungs of --ladder: give one "
            "for all, or one for each"
        )
    rungs = tuple(
        Measurement(name, _images(size), price_of(name, prices))
        for name, size in zip(names, sizes, strict=True)
    )
    return Ladder(rungs, ALL * price_of(CLEAN, prices))


def parse_prices(text: str) -> Prices:
    """Read ``pgd=41,square=1001`` over the defaults.

    Raises:
        UserError: If a price is no number above 0.
    """
    prices = dict(PRICES)
    for pair in split(text):
        name, _, number = pair.partition("=")
        try:
            price = float(number)
        except ValueError:
            price = 0.0
        if not 0 < price < float("inf"):
            raise UserError(f"--prices has '{pair}': give passes for an image, such as pgd=81")
        prices[name.strip()] = price
    return tuple(prices.items())


def price_of(metric: str, prices: Prices) -> float:
    """Return the price of a metric for an image: its own, or that of its attack at any radius.

    Raises:
        UserError: If neither has a price.
    """
    table = dict(prices)
    if metric in table:
        return table[metric]
    return lookup(table, metric.rpartition("_eps")[0] or metric, "attack of --prices")


def _images(text: str) -> int:
    if text == "all":
        return ALL
    if not text.isdecimal() or not 1 <= int(text) <= ALL:
        raise UserError(f"--images has '{text}': give 1 to {ALL}, or all")
    return int(text)


def split(text: str) -> list[str]:
    """Read names that commas separate."""
    return [part.strip() for part in text.split(",") if part.strip()]
