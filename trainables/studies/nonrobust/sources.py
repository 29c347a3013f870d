"""What a run says of its source and of the sets that were made with it, before anything trains."""

from typing import Any

from trainables.attacks.evaluation import predict_logits
from trainables.classification.assets import LabelledImages
from trainables.metrics.alarms import collapse
from trainables.metrics.classification import Labels, chance, mean_recall
from trainables.metrics.intervals import Interval, summary_interval
from trainables.metrics.skill import Area
from trainables.models.classifiers import Classifier
from trainables.runtime.arrays import Mask
from trainables.runtime.seeding import derive
from trainables.studies.nonrobust.linear import fit_linear
from trainables.studies.nonrobust.making import MadeSet, Maker
from trainables.studies.nonrobust.settings import DETERMINISTIC, LABEL_OF, ROBUST

ENOUGH = 0.9  # share of images that should be taken for their targets
LINEAR_IMAGES = 10_000  # at most that the linear control trains on


def check_source(maker: Maker) -> tuple[str, ...]:
    """Say what the source scores on val, and where it learned nothing."""
    val, task, seed = maker.data.val, maker.data.task, maker.settings.seed
    right = answers(maker.standard, val)
    labels = val.labels.cpu().numpy()
    score, least = float(mean_recall(right, labels)), chance(task, labels)
    line = f"source {maker.settings.classifier}: balanced accuracy {score:.3f} on val"
    logits = predict_logits(maker.standard, val.images.float() / 255)
    probabilities = logits.softmax(dim=1).cpu().numpy()
    if collapse(task, probabilities, labels, derive(seed, "source")) > 0:
        line = (
            f"{line}, no better than chance ({least:.3f}): it learned nothing, and sets made with "
            "it are noise; train longer, or take a greater fraction"
        )
        return (line,)
    return (f"{line} (chance {least:.3f})",)


def describe_sets(maker: Maker) -> tuple[tuple[str, ...], dict[str, str], dict[str, Any]]:
    """Make the sets of a run, train the linear control on each, and say how they came out.

    Args:
        maker: Of the run's seed.

    Returns:
        Sentences, digests by name, and details by the label of the reference.
    """
    lines, digests, details = list[str](), dict[str, str](), dict[str, Any]()
    for name in maker.settings.made_sets:
        maker.say(f"making the {name} set ...")
        twins = maker.make(name, "train")
        maker.make(name, "val")  # chooses epochs: trials find it in the cache
        leak = leak_of(maker, twins, maker.data.ranking)
        digests[f"{name} set"] = twins.digest
        details[LABEL_OF[name]] = detail_of(twins, leak)
        lines += _lines(name, twins, leak, maker)
    return tuple(lines), digests, details


def leak_of(maker: Maker, twins: MadeSet, data: LabelledImages) -> Interval:
    """Compute the balanced accuracy of a linear model of pixels that trained on a made set.

    Args:
        maker: Says how many classes there are.
        twins: The set.
        data: Clean images that it answers.
    """
    images, labels = (
        tensor[:LINEAR_IMAGES].cpu().numpy() for tensor in (twins.images, twins.labels)
    )
    model = fit_linear(images, labels, len(maker.data.classes))
    truth = data.labels.cpu().numpy()
    right = model.predict(data.images.cpu().numpy() / 255).argmax(axis=1) == truth
    return accuracy_interval(right, truth)


def accuracy_interval(right: Mask, labels: Labels) -> Interval:
    """Compute the balanced accuracy of right and wrong answers (N,), with its interval."""
    return summary_interval(right[None], labels, Area((0.0,)), seed=0)


def answers(classifier: Classifier, data: LabelledImages) -> Mask:
    """Return which images are answered rightly, (N,)."""
    logits = predict_logits(classifier, data.images.float() / 255)
    right: Mask = (logits.argmax(dim=1) == data.labels).cpu().numpy()
    return right


def detail_of(twins: MadeSet, leak: Interval) -> dict[str, Any]:
    """Return what a record holds of a set: how it came out, and what a linear model makes of it."""
    making = twins.making
    if making is None:
        raise ValueError("a set that no network was fooled by has no details")
    return {
        "fooled": making.fooled,
        "length": making.length,
        "greatest": making.greatest,
        "linear": leak.value,
        "linear_low": leak.low,
        "linear_high": leak.high,
    }


def _lines(name: str, twins: MadeSet, leak: Interval, maker: Maker) -> list[str]:
    making, least = twins.making, chance(maker.data.task, maker.data.ranking.labels.cpu().numpy())
    if making is None:
        raise ValueError("a set that no network was fooled by has no lines")
    share = f"its network takes {making.fooled:.0%} of the images for their labels"
    text = (
        f"{LABEL_OF[name]}: {share}, after a change of length {making.length:.2f} (a pixel by up "
        f"to {255 * making.greatest:.0f}/255; medians); a linear model of pixels learns from it to "
        f"score {leak.value:.3f} [{leak.low:.3f}, {leak.high:.3f}] on clean images (chance "
        f"{least:.3f})"
    )
    lines = [text]
    if making.fooled < ENOUGH and name != ROBUST:
        lines.append(
            f"{LABEL_OF[name]}: {making.fooled:.0%} is little: give nonrobust more "
            "--construct-steps, or a greater --construct-radius"
        )
    if name == DETERMINISTIC and len(maker.data.classes) == 2:
        lines.append(
            f"{LABEL_OF[name]}: of two classes the target is always the wrong one, so what is "
            "robust teaches the opposite: chance is no floor of its score"
        )
    return lines
