"""What can be shown of TSynD: the images that it makes, and where two classifiers look."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from trainables.classification.assets import Data, Labelled, at_most
from trainables.models.attention import eigen_grad_cam
from trainables.models.autoencoder import VQVAE
from trainables.models.classifiers import Classifier
from trainables.models.modes import frozen
from trainables.runtime.seeding import generator
from trainables.studies.tsynd.latent import ascend, uncertainty_of
from trainables.studies.tsynd.settings import TSynDConfig
from trainables.studies.tsynd.uncertainty import UNCERTAINTIES
from trainables.study.sheet import Column, Sheet

SHOWN = 6  # images
LR, ITERATIONS = 0.1, 50  # of the latent adversarial examples: the paper's setting of its ascent


@dataclass(frozen=True, eq=False)
class Studio:
    """What pictures are made with.

    Attributes:
        data: The splits that a trial may see.
        autoencoder: Frozen.
        latent_std: The codebook's standard deviation.
        seed: Of noise and dropout masks.
    """

    data: Data
    autoencoder: VQVAE
    latent_std: float
    seed: int

    @property
    def multi_label(self) -> bool:
        """Whether each logit is a label of its own."""
        return self.data.task == "multi-label"

    def encode(self, images: Tensor) -> Tensor:
        """Return the codes of images."""
        with torch.no_grad():
            return self.autoencoder.quantise(images)


def draw_optimised(studio: Studio, classifier: Classifier, config: TSynDConfig) -> Sheet:
    """Show what a trial's regime makes of training images [tsynd, figure 1]."""
    few = _few(studio.data.train)
    images, device = few.images.float() / 255, few.images.device
    dice = generator(device, studio.seed, "pictures")
    codes = studio.encode(images)
    drawn = torch.randn(codes.shape, generator=dice, device=device)
    start = codes + config.latent_sigma * studio.latent_std * drawn
    masks = classifier.draw_masks(config.masks, dice)
    measure = UNCERTAINTIES[config.uncertainty]
    with frozen(classifier), frozen(studio.autoencoder):
        objective = uncertainty_of(classifier, measure, masks, multi_label=studio.multi_label)
        lr, decode = config.latent_lr * studio.latent_std, studio.autoencoder.decode
        before = ascend(decode, objective, start, lr, 0)
        best = ascend(decode, objective, start, lr, config.latent_iterations, config.max_shift)
        with torch.no_grad():
            reconstructed = decode(codes)
    pairs = zip(before.reached.tolist(), best.reached.tolist(), strict=True)
    reached = tuple(f"{old:.2g} → {new:.2g} nat" for old, new in pairs)
    caption = (
        f"Training images, and where {config.latent_iterations} of the winner's steps of size "
        f"{config.latent_lr:.3g} lead from their codes with noise of {config.latent_sigma:.3g}. "
        f"Below: its uncertainty ({config.uncertainty}) before and after. What moves pixels by a "
        f"root mean square of more than {config.max_shift:g} does not count."
    )
    moved = best.images - before.images
    columns = (
        _shown("image", images),
        _shown("reconstruction", reconstructed),
        _shown("noisy code", before.images),
        _shown("optimised", best.images, reached),
        _difference("change", moved, _most(moved)),
    )
    return Sheet("optimised", "Images made to be uncertain", caption, _names(studio, few), columns)


def draw_attention(studio: Studio, classifiers: Mapping[str, Classifier]) -> Sheet:
    """Show where classifiers look for the true class [tsynd, figure 2 left]."""
    few = _few(studio.data.val)
    images, chosen = few.images.float() / 255, _chosen(few.labels)
    columns = [_shown("image", images)]
    for name, classifier in classifiers.items():
        found = eigen_grad_cam(classifier, images, chosen)
        notes = tuple(f"p = {one:.2f}" for one in _probability(studio, classifier, images, chosen))
        columns.append(Column(name, _array(found), "heat", unit="attention", notes=notes))
    caption = (
        "Images of val, and what speaks for their class: EigenGradCAM, from none to most within "
        "each image. Below: the probability of the class."
    )
    return Sheet("attention", "Where they look", caption, _names(studio, few), tuple(columns))


def draw_adversarial(studio: Studio, classifiers: Mapping[str, Classifier]) -> Sheet:
    """Show what it takes to lose the true class, from the image's code on [tsynd, figure 2 right].

    The paper minimises the probability; here its logarithm, which has the same minimum, and a
    gradient where the classifier is sure.
    """
    few = _few(studio.data.val)
    images, chosen = few.images.float() / 255, _chosen(few.labels)
    codes, decode = studio.encode(images), studio.autoencoder.decode
    with torch.no_grad():
        reconstructed = decode(codes)
    found = []
    for name, classifier in classifiers.items():

        def unlikely(seen: Tensor, classifier: Classifier = classifier) -> Tensor:
            return -_log_probability(studio, classifier(seen), chosen)

        with frozen(classifier), frozen(studio.autoencoder):
            worst = ascend(decode, unlikely, codes, LR * studio.latent_std, ITERATIONS)
        pair = (
            _probability(studio, classifier, seen, chosen) for seen in (reconstructed, worst.images)
        )
        notes = tuple(f"p {old:.2f} → {new:.2f}" for old, new in zip(*pair, strict=True))
        found.append((_shown(name, worst.images, notes), worst.images - reconstructed))
    most = _most(*(moved for _, moved in found))  # the same for all, to be compared
    columns = [_shown("reconstruction", reconstructed)]
    for shown, moved in found:
        shift = moved.square().mean(dim=(1, 2, 3)).sqrt().tolist()
        sizes = tuple(f"rms {one:.3f}" for one in shift)
        columns += [shown, _difference("change", moved, most, sizes)]
    caption = (
        f"Images of val after {ITERATIONS} steps of size {LR:g} in the autoencoder's latents that "
        "make the true class less likely. Below: its probability before and after, and how far "
        "pixels moved; where they had to move more, the classifier is harder to fool."
    )
    title = "Adversarial examples in the latents"
    return Sheet("latent_adversarial", title, caption, _names(studio, few), tuple(columns))


def _few(data: Labelled) -> Labelled:
    if data.labels.ndim == 2:  # multi-label: only those that have a finding
        found = data.labels.sum(dim=1) > 0
        data = Labelled(data.images[found], data.labels[found]) if found.any() else data
    return at_most(data, SHOWN)


def _chosen(labels: Tensor) -> Tensor:
    """Return the class of each image, (N,); of several findings the first."""
    return labels if labels.ndim == 1 else labels.argmax(dim=1)


def _names(studio: Studio, few: Labelled) -> tuple[str, ...]:
    return tuple(studio.data.classes[label] for label in _chosen(few.labels).tolist())


def _log_probability(studio: Studio, logits: Tensor, chosen: Tensor) -> Tensor:
    if studio.multi_label:
        log_p = functional.logsigmoid(logits)
    else:
        log_p = functional.log_softmax(logits, dim=1)
    return log_p.gather(1, chosen[:, None])[:, 0]


def _probability(
    studio: Studio, classifier: Classifier, images: Tensor, chosen: Tensor
) -> list[float]:
    with frozen(classifier), torch.no_grad():
        found: list[float] = _log_probability(studio, classifier(images), chosen).exp().tolist()
    return found


def _array(pictures: Tensor) -> npt.NDArray[np.float32]:
    found: npt.NDArray[np.float32] = pictures.detach().float().cpu().numpy()
    return found


def _shown(title: str, images: Tensor, notes: tuple[str, ...] = ()) -> Column:
    """Show images (N, 1 or 3, H, W)."""
    cells = images.squeeze(1) if images.shape[1] == 1 else images.permute(0, 2, 3, 1)
    return Column(title, _array(cells), notes=notes)


def _difference(title: str, moved: Tensor, most: float, notes: tuple[str, ...] = ()) -> Column:
    """Show a change of images (N, C, H, W), the mean over colours."""
    cells = _array(moved.mean(dim=1))
    return Column(title, cells, "signed", high=most, unit="of 1", notes=notes)


def _most(*moved: Tensor) -> float:
    """Return what all but a thousandth of the pixels stay below: a single one would pale all."""
    sizes = np.concatenate([np.abs(_array(one.mean(dim=1))).ravel() for one in moved])
    return max(float(np.quantile(sizes, 0.999)), 0.01)
