"""Pictures of TSynD: the images that it makes, and where two classifiers look."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from trainables.classification.assets import Data, LabelledImages, at_most
from trainables.models.attention import eigen_grad_cam
from trainables.models.autoencoder import VQVAE
from trainables.models.classifiers import Classifier
from trainables.models.modes import frozen
from trainables.runtime.arrays import Floats32
from trainables.runtime.seeding import generator
from trainables.studies.tsynd.latent import ascend, uncertainty_of
from trainables.studies.tsynd.settings import TSynDConfig
from trainables.studies.tsynd.uncertainty import UNCERTAINTIES
from trainables.study.sheet import Column, Sheet

IMAGES = 6  # rows of a sheet
LR, ITERATIONS = 0.1, 50  # of the latent adversarial examples, as in the paper


@dataclass(frozen=True, eq=False)
class Studio:
    """The data and models that pictures are made with.

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
        """Return the codes of images (N, C, H, W) in [0, 1], (N, D, h, w)."""
        with torch.no_grad():
            return self.autoencoder.quantise(images)


def draw_optimised(studio: Studio, classifier: Classifier, config: TSynDConfig) -> Sheet:
    """Show training images and what a trial's regime makes of them [tsynd, figure 1].

    Args:
        studio: The data and the autoencoder.
        classifier: Trained; its uncertainty is maximised.
        config: Of the trial: the ascent and its start.
    """
    subset = _subset(studio.data.train)
    images, device = subset.images.float() / 255, subset.images.device
    random = generator(device, studio.seed, "pictures")
    codes = studio.encode(images)
    noise = torch.randn(codes.shape, generator=random, device=device)
    start = codes + config.latent_sigma * studio.latent_std * noise
    masks = classifier.draw_masks(config.masks, random)
    measure = UNCERTAINTIES[config.uncertainty]
    with frozen(classifier), frozen(studio.autoencoder):
        objective = uncertainty_of(classifier, measure, masks, multi_label=studio.multi_label)
        lr, decode = config.latent_lr * studio.latent_std, studio.autoencoder.decode
        before = ascend(decode, objective, start, lr, 0)
        best = ascend(decode, objective, start, lr, config.latent_iterations, config.max_shift)
        with torch.no_grad():
            reconstruction = decode(codes)
    pairs = zip(before.values.tolist(), best.values.tolist(), strict=True)
    notes = tuple(f"{old:.2g} → {new:.2g} nat" for old, new in pairs)
    caption = (
        f"Training images, and where {config.latent_iterations} of the winner's steps of size "
        f"{config.latent_lr:.3g} lead from their codes with noise of {config.latent_sigma:.3g}. "
        f"Below: its uncertainty ({config.uncertainty}) before and after. What moves pixels by a "
        f"root mean square of more than {config.max_shift:g} does not count."
    )
    change = best.images - before.images
    columns = (
        _images("image", images),
        _images("reconstruction", reconstruction),
        _images("noisy code", before.images),
        _images("optimised", best.images, notes),
        _difference("change", change, _bound(change)),
    )
    return Sheet(
        "optimised", "Images made to be uncertain", caption, _names(studio, subset), columns
    )


def draw_attention(studio: Studio, classifiers: Mapping[str, Classifier]) -> Sheet:
    """Show where classifiers look for the true class [tsynd, figure 2 left]."""
    subset = _subset(studio.data.val)
    images, labels = subset.images.float() / 255, _labels_of(subset.labels)
    columns = [_images("image", images)]
    for name, classifier in classifiers.items():
        attention = eigen_grad_cam(classifier, images, labels)
        probabilities = _probability(studio, classifier, images, labels)
        notes = tuple(f"p = {probability:.2f}" for probability in probabilities)
        columns.append(Column(name, _array(attention), "heat", unit="attention", notes=notes))
    caption = (
        "Images of val, and what speaks for their class: EigenGradCAM, from none to most within "
        "each image. Below: the probability of the class."
    )
    return Sheet("attention", "Where they look", caption, _names(studio, subset), tuple(columns))


def draw_adversarial(studio: Studio, classifiers: Mapping[str, Classifier]) -> Sheet:
    """Show latent adversarial examples: how far pixels move to change the class.

    They start at the code of an image [tsynd, figure 2 right]. The paper minimises the probability
    of the true class. Here it is the logarithm, which has the same minimum, and a useful gradient
    where the classifier is sure.
    """
    subset = _subset(studio.data.val)
    images, labels = subset.images.float() / 255, _labels_of(subset.labels)
    codes, decode = studio.encode(images), studio.autoencoder.decode
    with torch.no_grad():
        reconstruction = decode(codes)
    examples = []
    for name, classifier in classifiers.items():

        def unlikely(decoded: Tensor, classifier: Classifier = classifier) -> Tensor:
            return -_log_probability(studio, classifier(decoded), labels)

        with frozen(classifier), frozen(studio.autoencoder):
            worst = ascend(decode, unlikely, codes, LR * studio.latent_std, ITERATIONS)
        pair = (
            _probability(studio, classifier, decoded, labels)
            for decoded in (reconstruction, worst.images)
        )
        notes = tuple(f"p {old:.2f} → {new:.2f}" for old, new in zip(*pair, strict=True))
        examples.append((_images(name, worst.images, notes), worst.images - reconstruction))
    bound = _bound(*(change for _, change in examples))  # one scale, to compare the classifiers
    columns = [_images("reconstruction", reconstruction)]
    for column, change in examples:
        shifts = change.square().mean(dim=(1, 2, 3)).sqrt().tolist()
        notes = tuple(f"rms {shift:.3f}" for shift in shifts)
        columns += [column, _difference("change", change, bound, notes)]
    caption = (
        f"Images of val after {ITERATIONS} steps of size {LR:g} in the autoencoder's latents that "
        "make the true class less likely. Below: its probability before and after, and how far "
        "pixels moved; where they had to move more, the classifier is harder to fool."
    )
    title = "Adversarial examples in the latents"
    return Sheet("latent_adversarial", title, caption, _names(studio, subset), tuple(columns))


def _subset(data: LabelledImages) -> LabelledImages:
    if data.labels.ndim == 2:  # multi-label: only those that have a finding
        positive = data.labels.sum(dim=1) > 0
        if positive.any():
            data = LabelledImages(data.images[positive], data.labels[positive])
    return at_most(data, IMAGES)


def _labels_of(labels: Tensor) -> Tensor:
    """Return the class of each image, (N,); of several findings the first."""
    return labels if labels.ndim == 1 else labels.argmax(dim=1)


def _names(studio: Studio, subset: LabelledImages) -> tuple[str, ...]:
    return tuple(studio.data.classes[label] for label in _labels_of(subset.labels).tolist())


def _log_probability(studio: Studio, logits: Tensor, labels: Tensor) -> Tensor:
    if studio.multi_label:
        log_p = functional.logsigmoid(logits)
    else:
        log_p = functional.log_softmax(logits, dim=1)
    return log_p.gather(1, labels[:, None])[:, 0]


def _probability(
    studio: Studio, classifier: Classifier, images: Tensor, labels: Tensor
) -> list[float]:
    with frozen(classifier), torch.no_grad():
        probabilities = _log_probability(studio, classifier(images), labels).exp()
    values: list[float] = probabilities.tolist()
    return values


def _array(pictures: Tensor) -> Floats32:
    array: Floats32 = pictures.detach().float().cpu().numpy()
    return array


def _images(title: str, images: Tensor, notes: tuple[str, ...] = ()) -> Column:
    """Make a column of images (N, 1 or 3, H, W)."""
    cells = images.squeeze(1) if images.shape[1] == 1 else images.permute(0, 2, 3, 1)
    return Column(title, _array(cells), notes=notes)


def _difference(title: str, change: Tensor, bound: float, notes: tuple[str, ...] = ()) -> Column:
    """Make a column of changes of images (N, C, H, W), the mean over colours."""
    cells = _array(change.mean(dim=1))
    return Column(title, cells, "signed", high=bound, unit="of 1", notes=notes)


def _bound(*changes: Tensor) -> float:
    """Return the end of a colour scale, which one pixel in a thousand exceeds."""
    sizes = np.concatenate([np.abs(_array(change.mean(dim=1))).ravel() for change in changes])
    return max(float(np.quantile(sizes, 0.999)), 0.01)
