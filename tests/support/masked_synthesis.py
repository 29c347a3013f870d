"""Networks that predict CT and look more robust than they are, with what they really withstand.

As in `pathology`, each is an honest network in disguise. The honest one is a single convolution.
"""

import numpy as np
import torch
from pathology import (
    Alternating,
    Change,
    Cut,
    Disguised,
    Pathology,
    compressed,
    rippled,
    shifted,
    steps,
)
from torch import Tensor, nn
from torch.nn import functional

from trainables.attacks.apgd import APGD
from trainables.attacks.ensemble import Ensemble
from trainables.attacks.square import Square
from trainables.attacks.transfer import Transfer
from trainables.metrics.skill import Skill
from trainables.synthesis.about import HEADLINE
from trainables.synthesis.constant import constant_error
from trainables.synthesis.measurement import score_subjects
from trainables.synthesis.robustness.errors import aim
from trainables.synthesis.robustness.worst import WorstOf
from trainables.synthesis.slices import Split, SubjectSlices, to_normalised

SIZE = 16
EPS = (0.0, 0.1, 0.2, 0.4)
CPU = torch.device("cpu")
UNSTEADY = frozenset({"noisy outputs", "random shifts of inputs", "alternating outputs"})


def heads(count: int, seed: int) -> Split:
    """Make subjects of one slice: smooth tissue, whose CT rises with what the noisy MR shows."""
    random = torch.Generator().manual_seed(seed)
    noise = torch.randn((count, 1, SIZE + 4, SIZE + 4), generator=random)
    tissue = 5 * functional.avg_pool2d(noise, 5, stride=1)[:, 0]
    mr = tissue + 0.1 * torch.randn(tissue.shape, generator=random)
    ct = (100 + 350 * tissue).clamp(-900, 1400)
    places = torch.arange(SIZE) - (SIZE - 1) / 2
    head = (places[:, None] ** 2 + places**2 < (SIZE / 2) ** 2).numpy()
    return Split(
        tuple(
            SubjectSlices(
                str(n),
                mr[n, None].numpy().astype(np.float16),
                ct[n, None].numpy().astype(np.int16),
                head[None],
            )
            for n in range(count)
        )
    )


def convolution(train: Split, seed: int = 0, hidden: int = 0) -> nn.Module:
    """Train the honest network: a convolution, or two with so many channels between them."""
    mr, ct = train.batch(range(len(train)), CPU)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network: nn.Module = nn.Conv2d(1, 1, 3, padding=1)
        if hidden:
            first, last = (nn.Conv2d(*each, 3, padding=1) for each in ((1, hidden), (hidden, 1)))
            network = nn.Sequential(first, nn.ReLU(), last)
        optimiser = torch.optim.Adam(network.parameters(), 1e-2)
        for _ in range(300):
            optimiser.zero_grad()
            functional.l1_loss(network(mr), ct).backward()
            optimiser.step()
    return network.eval()


class Decoy(nn.Module):
    """Answers as the honest network does, and offers the gradient of another one."""

    def __init__(self, honest: nn.Module, scale: float) -> None:
        super().__init__()
        self.honest, self.scale = honest, scale

    def forward(self, mr: Tensor) -> Tensor:
        offered = self.scale * self.honest(mr.flip(3))
        return self.honest(mr).detach() + offered - offered.detach()


def classes(ct: Tensor) -> Tensor:
    """Predict one of 20 tissues, chosen by a softmax so sharp that hardly a gradient is left."""
    tissues = torch.linspace(-0.5, 0.5, 20).reshape(-1, 1, 1)
    shares = (-1e5 * (ct - tissues).square()).softmax(dim=1)
    return (shares * tissues).sum(dim=1, keepdim=True)


def masked(mr: Tensor) -> Tensor:
    """Blank what is near the mean; the gradient there is 0."""
    return torch.where(mr.abs() < 0.2, 0, mr)


def pathologies(honest: nn.Module) -> list[Pathology]:
    """List the networks; the honest one predicts normalised CT from MR."""

    def after(change: Change) -> nn.Module:
        return Disguised(honest, None, change)

    def before(change: Change) -> nn.Module:
        return Disguised(honest, change, None)

    constant = after(lambda ct: 0 * ct + to_normalised(torch.tensor(100.0)))
    return [
        Pathology("quantised outputs", after(lambda ct: steps(ct, 25)), honest),
        Pathology("tissue classes", after(classes), honest),
        Pathology("gradient of a decoy", Decoy(honest, 1e-6), honest),
        Pathology("gradient of a decoy, of honest size", Decoy(honest, 1.0), honest),
        *(
            Pathology(f"gradient cut at {share:.0%} of pixels", Cut(honest, share, SIZE), honest)
            for share in (0.5, 0.9)
        ),
        Pathology("rounded inputs", before(lambda mr: steps(mr, 4)), honest),
        Pathology("compressed inputs", before(compressed), honest),
        Pathology("shattered gradients", before(rippled), honest),
        Pathology("masked inputs", before(masked), honest),
        Pathology("constant", constant, constant),
        Pathology("noisy outputs", after(lambda ct: ct + 0.01 * torch.randn_like(ct)), honest),
        Pathology("random shifts of inputs", before(shifted), honest),
        Pathology("alternating outputs", Alternating(honest), honest),
    ]


def truth(pathology: Pathology, split: Split, seed: int = 0) -> float:
    """Compute the skill of what the network really withstands.

    The twin is attacked by its gradient, and the network sees the result, besides guesses.
    """
    transfer = Transfer(source=pathology.twin, attack=APGD(iterations=50, restarts=2))
    attacks = aim({"twin": transfer, "square": Square(queries=500)})
    return skill_under(pathology.model, split, attacks, seed)


def skill_under(network: nn.Module, split: Split, attacks: Ensemble, seed: int = 0) -> float:
    """Compute the skill that the worst of some attacks leaves."""
    worst = [WorstOf(network, split, attacks, eps, seed=seed) for eps in EPS[1:]]
    scores = score_subjects(network, split, [None, *worst], CPU, 32)
    curve = np.stack([by_name[HEADLINE] for by_name in scores]).mean(axis=1)
    return float(Skill(EPS, constant_error(split), best=0.0)(curve))
