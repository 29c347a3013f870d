"""What a CNN reads of a phantom's two cues, with and without adversarial training.

Of the phantom of lesions the table of `trainables.data.phantoms.lesions`, of that of balls, which
are volumes, the one of docs/deepauc.md: balanced accuracy on images that train nothing, clean and
under PGD, where both cues tell the class or one of them is drawn by lot:

    python benchmarks/phantom.py lesions [--seeds 2] [--images 120] [--epochs 27]
    python benchmarks/phantom.py balls --seeds 1 --images 200 --epochs 14 [--device cuda]
"""

import argparse
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from trainables.attacks.evaluation import evaluate
from trainables.attacks.registry import build_attack
from trainables.attacks.threat import pixels
from trainables.data.phantoms import balls, lesions
from trainables.data.phantoms.cues import STRAY
from trainables.losses.likelihood import likelihood_loss
from trainables.models.classifiers import Classifier, build_classifier

SIZE, BATCH = 28, 32
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Phantom:
    """A phantom, and how it is trained on and attacked.

    Attributes:
        module: Draws it.
        robust: Name of its robust cue.
        brittle: Name of its brittle cue.
        greys: Radii of PGD, in 255ths.
        train: Radius in 255ths and steps of adversarial training, and how many times longer it is.
        tested: Images of a measurement.
        rows: What tells the class of the training images, and whether they are attacked.
    """

    module: ModuleType
    robust: str
    brittle: str
    greys: tuple[int, ...]
    train: tuple[int, int, int]
    tested: int
    rows: dict[str, tuple[str, bool]]

    @property
    def eps(self) -> tuple[float, ...]:
        """Radii in [0, 1], from 0."""
        return (0.0, *(grey / 255 for grey in self.greys))

    def make(self, count: int, cue: str, seed: int) -> tuple[Tensor, Tensor]:
        """Draw images (N, 1, *spatial) in [0, 1], and labels; a cue not named is drawn by lot."""
        generator = np.random.Generator(np.random.PCG64([seed, 17]))
        labels = np.arange(count) % len(self.module.CLASSES)
        lot: Rows = generator.integers(0, len(self.module.CLASSES), count)
        stray = generator.random(count) < STRAY
        shapes = lot if cue == self.brittle else labels
        patterns = {"both": np.where(stray, lot, labels), self.brittle: labels, self.robust: lot}
        images = self.module.draw(shapes, patterns[cue], SIZE, generator)
        return torch.from_numpy(images).movedim(-1, 1).float() / 255, torch.from_numpy(labels)


PHANTOMS = {
    "lesions": Phantom(
        module=lesions,
        robust="lesions",
        brittle="stripes",
        greys=(1, 2, 4, 8),
        train=(4, 5, 0),
        tested=480,
        rows={
            "both cues": ("both", False),
            "lesions alone": ("lesions", False),
            "stripes alone": ("stripes", False),
            "both, adversarially": ("both", True),
            "lesions, adversarially": ("lesions", True),
        },
    ),
    "balls": Phantom(
        module=balls,
        robust="balls",
        brittle="pattern",
        greys=(1, 2, 4),
        train=(2, 3, 1),
        tested=120,
        rows={
            "both cues": ("both", False),
            "balls alone": ("balls", False),
            "both, adversarially": ("both", True),
        },
    ),
}


def train(
    phantom: Phantom, images: Tensor, labels: Tensor, epochs: int, *, adversarial: bool
) -> Classifier:
    """Train the small CNN by Adam, on attacked images where asked to."""
    task, shape = phantom.module.TASK, tuple(images.shape[2:])
    classifier = build_classifier("cnn", 1, shape, len(phantom.module.CLASSES)).to(images.device)
    optimiser = torch.optim.Adam(classifier.parameters(), lr=1e-3)
    radius, steps, further = phantom.train
    attack, threat = build_attack("pgd", task, steps), pixels(radius / 255)
    loss_of = likelihood_loss(task)
    for epoch in range(epochs * (1 + further * adversarial)):
        for rows in torch.randperm(len(images)).split(BATCH):
            batch = images[rows]
            if adversarial:
                batch = attack(classifier, batch, labels[rows], threat, epoch)
            classifier.train()
            loss = loss_of(classifier(batch), labels[rows]).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return classifier


def score(
    phantom: Phantom, classifier: Classifier, cue: str, seed: int, eps: tuple[float, ...]
) -> list[float]:
    """Measure balanced accuracy at each radius, on images where a cue tells the class.

    Args:
        phantom: Of the images.
        classifier: Trained.
        cue: ``both``, or the name of a cue.
        seed: Of the images.
        eps: Radii, rising from 0.
    """
    device = classifier.head.weight.device
    images, labels = (part.to(device) for part in phantom.make(phantom.tested, cue, seed + 1000))
    task = phantom.module.TASK
    report = evaluate(classifier, images, labels, task, build_attack("pgd", task), eps, seed=seed)
    return report.curve("bacc").tolist()


def main() -> None:
    """Print the table, means over seeds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("phantom", choices=PHANTOMS)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--images", type=int, default=120)
    parser.add_argument("--epochs", type=int, default=27)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    phantom = PHANTOMS[arguments.phantom]
    cues = (phantom.robust, phantom.brittle)
    attacked = [f"PGD {grey}/255" for grey in phantom.greys]
    heads = ["clean", *attacked, *(f"by {cue}" for cue in cues)]
    print(f"| trained on | {' | '.join(heads)} |\n| --- |" + " --- |" * len(heads))
    for name, (cue, adversarial) in phantom.rows.items():
        rows = []
        for seed in range(arguments.seeds):
            torch.manual_seed(seed)
            images, labels = (
                part.to(arguments.device) for part in phantom.make(arguments.images, cue, seed)
            )
            classifier = train(phantom, images, labels, arguments.epochs, adversarial=adversarial)
            single = [score(phantom, classifier, alone, seed, (0.0,))[0] for alone in cues]
            rows.append(score(phantom, classifier, cue, seed, phantom.eps) + single)
        cells = " | ".join(f"{value:.2f}" for value in np.mean(rows, axis=0))
        print(f"| {name} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
