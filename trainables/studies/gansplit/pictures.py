"""Pictures of generators and of what classifiers answer."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from trainables.classification.assets import Data
from trainables.generative.quality import to_pixels
from trainables.metrics.generated.copies import FLIPS, find_copies, nearest
from trainables.models.classifiers import Classifier
from trainables.runtime.arrays import Floats32, Floats64
from trainables.runtime.seeding import derive
from trainables.studies.gansplit.answers import confusions
from trainables.studies.gansplit.composition import Synthesis, choose
from trainables.studies.gansplit.settings import GANSplitConfig
from trainables.study.sheet import Column, Sheet

COLUMNS = 8  # images in a row
CLASSES = 8  # at most
PAIRS = 6  # of a synthetic image and its nearest training image
CANDIDATES = 128  # synthetic images of a class, of which the nearest are shown
SIDE = 16  # pixels of a cell of a matrix


def draw_samples(
    name: str, synthesis: Synthesis, data: Data, config: GANSplitConfig, seed: int
) -> Sheet:
    """Show synthetic images of each class above authentic ones.

    Args:
        name: Of the generator.
        synthesis: Generator and critic.
        data: The splits that a trial may see.
        config: Truncation and the share that the critic keeps.
        seed: Of what is drawn.
    """
    rows, pictures = [], []
    for label, title in list(enumerate(data.classes))[:CLASSES]:
        authentic = data.train.images[data.train.labels == label][:COLUMNS]
        rows += [f"{title}, synthetic", f"{title}, authentic"]
        pictures += [choose(synthesis, config, label, COLUMNS, seed), _filled(authentic)]
    caption = (
        f"Images of the generator {name} as trials use them, above training images. Truncation "
        f"{config.truncation:.2g}; the critic keeps {config.keep:.0%}."
    )
    grid = torch.stack(pictures)
    columns = tuple(Column(str(number + 1), _array(grid[:, number])) for number in range(COLUMNS))
    return Sheet("samples", "Synthetic and authentic images", caption, tuple(rows), columns)


def draw_nearest(name: str, synthesis: Synthesis, data: Data, seed: int) -> Sheet:
    """Show the synthetic images that are nearest to training images, and these.

    Args:
        name: Of the generator.
        synthesis: Generator and critic.
        data: The splits that a trial may see.
        seed: Of what is drawn.
    """
    parts = [
        synthesis.generator.draw(label, CANDIDATES, derive(seed, "quality"))
        for label in range(len(data.classes))
    ]
    images, training = torch.cat(parts), data.train.images
    distances, positions = nearest(to_pixels(images), to_pixels(training))
    held_out, _ = nearest(to_pixels(data.val.images), to_pixels(training))
    threshold = find_copies(distances, held_out).threshold
    order = np.argsort(distances, kind="stable")[:PAIRS]
    pairs = [
        (images[row], _turned(images[row], training[positions[row]])) for row in order.tolist()
    ]
    first, second = (torch.stack(column) for column in zip(*pairs, strict=True))
    change = (first.float() - second.float()).mean(dim=1).cpu().numpy() / 255
    caption = (
        f"Of {len(images)} images of the generator {name} those that are nearest to training "
        "images, and these, mirrored where that is nearer. Below: root mean square difference. Of "
        f"held-out images a twentieth is nearer than {threshold:.3f}."
    )
    notes = tuple(f"{distances[row]:.3f}" for row in order)
    columns = (
        Column("synthetic", _array(first), notes=notes),
        Column("training image", _array(second)),
        Column("difference", change.astype(np.float32), "signed", high=0.5),
    )
    rows = tuple(f"pair {number + 1}" for number in range(len(order)))
    return Sheet("nearest", "The nearest training images", caption, rows, columns)


def draw_interpolations(name: str, synthesis: Synthesis, data: Data, seed: int) -> Sheet:
    """Show images between two of each class, along a line through the noise.

    Args:
        name: Of the generator.
        synthesis: Generator and critic.
        data: The splits that a trial may see.
        seed: Of both ends.
    """
    generator, rows, pictures = synthesis.generator, [], []
    for label, title in list(enumerate(data.classes))[:CLASSES]:
        start, end = generator.noise(label, 0, derive(seed, "interpolation"))[:2]
        steps = torch.linspace(0, 1, COLUMNS, device=start.device)[:, None]
        # Along the sphere: the middle of two draws would be nearer to 0 than any draw.
        noise = (1 - steps) * start + steps * end
        length = ((1 - steps) * start.norm() + steps * end.norm()) / noise.norm(dim=1, keepdim=True)
        rows.append(title)
        pictures.append(generator.decode(noise * length, label))
    caption = (
        f"From one image of the generator {name} to another of the same class. Where it learned "
        "the images by heart, they change by jumps."
    )
    grid = torch.stack(pictures)
    columns = tuple(Column(str(number + 1), _array(grid[:, number])) for number in range(COLUMNS))
    return Sheet("interpolations", "Between two images", caption, tuple(rows), columns)


def draw_confusions(
    classifiers: Mapping[str, Classifier], data: Data, radius: float, seed: int
) -> Sheet:
    """Show what classifiers answer to each class of val, clean and attacked.

    Args:
        classifiers: By name.
        data: The splits that a trial may see.
        radius: Of the attack, in pixels of [0, 1].
        seed: Of random starts.
    """
    columns: dict[str, list[Floats64]] = {}
    for classifier in classifiers.values():
        for condition, counts in confusions(classifier, data.val, radius, seed).items():
            shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
            columns.setdefault(condition, []).append(shares)
    caption = (
        f"Images of val, clean and under PGD within {255 * radius:.2g}/255. Each row is a class, "
        f"from the top {', '.join(data.classes)}; each column an answer, in the same order. Light: "
        "all images of the class; dark: none. Below: the mean of the diagonal."
    )
    cells = tuple(
        Column(
            condition,
            np.stack([np.kron(part, np.ones((SIDE, SIDE))) for part in parts]).astype(np.float32),
            unit="share of the class",
            notes=tuple(f"{np.diag(part).mean():.2f}" for part in parts),
        )
        for condition, parts in columns.items()
    )
    return Sheet("confusion", "Answers by class", caption, tuple(classifiers), cells)


def _filled(images: Tensor) -> Tensor:
    """Return as many images as a row has; what is missing is black."""
    missing = images.new_zeros((COLUMNS - len(images), *images.shape[1:]))
    return torch.cat([images, missing])


def _turned(image: Tensor, training: Tensor) -> Tensor:
    """Return a training image (C, H, W) mirrored such that it is nearest to another image."""
    turns = [training.flip(axes) for axes in FLIPS]
    errors = [float((turn.float() - image.float()).square().sum()) for turn in turns]
    return turns[int(np.argmin(errors))]


def _array(images: Tensor) -> Floats32:
    """Return images (N, C, H, W) uint8 as a sheet takes them: grey (N, H, W), or (N, H, W, 3)."""
    array: Floats32 = to_pixels(images).astype(np.float32) / np.float32(255)
    return array[..., 0] if array.shape[-1] == 1 else array
