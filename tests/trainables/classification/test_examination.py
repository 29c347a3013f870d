import numpy as np
import pytest
import torch
from torch import nn

from trainables.attacks.ensemble import run_ensemble
from trainables.attacks.presets import build_ensemble
from trainables.attacks.signs.steadiness import UnsteadyError
from trainables.classification.assets import LabelledImages
from trainables.classification.examination import examine_classifier
from trainables.study.examination import Exam

EPS = (0.0, 4 / 255, 16 / 255)
GREYS = torch.tensor([60, 100, 110, 120, 124, 131, 135, 145, 155, 200])
LABELS = (GREYS > 127).long()


class Brightness(nn.Module):
    """Tells light images from dark ones."""

    def forward(self, images):
        light = 50 * (images.mean(dim=(1, 2, 3)) - 127.5 / 255)
        return torch.stack([-light, light], dim=1)


def data(labels=LABELS):
    images = GREYS.to(torch.uint8).reshape(-1, 1, 1, 1).expand(-1, 1, 4, 4)
    return LabelledImages(images.contiguous(), labels)


def exam(**fields):
    return Exam(**({"attacks": "quick", "split": "test", "corruptions": False} | fields), seed=0)


def test_each_image_falls_at_its_distance_from_the_middle():
    examination = examine_classifier(
        Brightness(), data(), "binary", EPS, exam(images=None), {}, score="bacc"
    )
    distance = (GREYS.double() - 127.5).abs().numpy()
    expected = np.stack([distance > 255 * eps for eps in EPS]).astype(float)
    np.testing.assert_array_equal(examination.scores, expected)
    assert [kind for kind, _ in examination.conditions] == ["clean", "ensemble", "ensemble"]
    assert (examination.score, examination.direction) == ("balanced accuracy", "max")
    np.testing.assert_array_equal(examination.labels, LABELS.numpy())
    assert examination.wins.sum() > 0


def test_a_whole_examination_goes_beyond_attacks():
    examination = examine_classifier(
        Brightness(), data(), "binary", EPS, exam(images=None, corruptions=True), {}, score="bacc"
    )
    kinds = [kind for kind, _ in examination.conditions]
    assert "noise" in kinds
    assert examination.scores.shape == (len(kinds), len(GREYS))


def test_fewer_images_may_be_asked_for():
    examination = examine_classifier(
        Brightness(), data(), "binary", EPS, exam(images=4), {}, score="bacc"
    )
    assert examination.scores.shape == (3, 4)
    assert sorted(examination.labels.tolist()) == [0, 0, 1, 1]


def test_images_that_have_near_copies_stay_marked():
    near = torch.arange(10) % 3 == 0
    images = data()
    marked = LabelledImages(images.images, images.labels, near)
    whole = examine_classifier(
        Brightness(), marked, "binary", EPS, exam(images=None), {}, score="bacc"
    )
    np.testing.assert_array_equal(whole.near, near.numpy())
    part = examine_classifier(Brightness(), marked, "binary", EPS, exam(images=4), {}, score="bacc")
    assert len(part.near) == 4
    unknown = examine_classifier(
        Brightness(), images, "binary", EPS, exam(images=4), {}, score="bacc"
    )
    assert unknown.near is None


def test_of_many_labels_their_macro_auc_counts():
    labels = torch.stack([LABELS, 1 - LABELS], dim=1)  # the second logit is the first's negative

    class Both(Brightness):
        def forward(self, images):
            return super().forward(images).flip(1)

    examination = examine_classifier(
        Both(), data(labels), "multi-label", EPS, exam(images=None), {}, score="auc"
    )
    assert examination.score == "AUC"
    assert examination.scores[0] == pytest.approx(1.0)
    areas = examination.scores.mean(axis=1)
    assert (np.diff(areas) < 0).all()
    assert examination.labels.tolist() == (1 - LABELS).tolist()  # the label that each image has
    assert examination.scale == (0.5, 1.0)


@pytest.mark.parametrize("several", [False, True])
def test_what_only_guessing_breaks_is_counted(several):
    """Without a gradient, the images nearest to the middle fall to squares, and to a rival's."""

    class Certain(Brightness):
        def forward(self, images):
            return (super().forward(images)).sign().flip(1 if several else ())

    labels = torch.stack([LABELS, 1 - LABELS], dim=1) if several else LABELS
    task, score = ("multi-label", "auc") if several else ("binary", "bacc")
    for sources in ({}, {"rival": Brightness()} if not several else {}):
        examination = examine_classifier(
            Certain(), data(labels), task, EPS, exam(images=None), sources, score=score
        )
        fallen = (GREYS.double() - 127.5).abs() < 255 * EPS[1]
        assert examination.guessed[0] == pytest.approx(int(fallen.sum()))
        assert examination.guessed[-1] > 0
    honest = examine_classifier(
        Brightness(), data(), "binary", EPS, exam(images=None), {}, score="bacc"
    )
    assert honest.guessed.tolist() == [0, 0]


def test_a_classifier_that_answers_at_random_is_not_examined():
    class Random(Brightness):
        def forward(self, images):
            return super().forward(images) + torch.randn(len(images), 2)

    with pytest.raises(UnsteadyError, match="answers are random"):
        examine_classifier(Random(), data(), "binary", EPS, exam(images=None), {}, score="bacc")


def test_models_of_others_are_tried_as_well():
    examination = examine_classifier(
        Brightness(),
        data(),
        "binary",
        EPS,
        exam(images=None),
        {"rival": Brightness()},
        score="bacc",
    )
    assert "transfer" in examination.attacks


def test_an_auc_falls_with_every_image_broken_or_not():
    """Positives lose what the radius allows, and negatives gain it: the order of all pairs."""
    examination = examine_classifier(
        Brightness(), data(), "binary", EPS, exam(images=None), {}, score="auc"
    )
    light, dark = GREYS[LABELS == 1].double(), GREYS[LABELS == 0].double()
    for eps, values in zip(EPS, examination.scores, strict=True):
        gaps = (light[:, None] - dark[None]) - 2 * 255 * eps
        area = (gaps > 1e-3).double().mean() + (gaps.abs() <= 1e-3).double().mean() / 2
        assert values.mean() == pytest.approx(float(area)), eps
    assert examination.score == "AUC"


class Rows(nn.Module):
    """Of three classes: the brighter a row of the image, the likelier its class."""

    def forward(self, images):
        return 40 * images.mean(dim=(1, 3))


def test_each_class_of_several_has_the_worst_case_of_its_own_order():
    """To lower the AUC of a class, its images lose its row, other images gain it: the closed form.

    The attack on the true class alone leaves the rows of the two other classes where they are.
    """
    random = torch.Generator().manual_seed(0)
    pixels = torch.randint(90, 150, (12, 1, 3, 1), generator=random).expand(-1, 1, 3, 3)
    labels = torch.arange(12) % 3
    images = LabelledImages(pixels.to(torch.uint8).contiguous(), labels)
    examination = examine_classifier(
        Rows(), images, "multi-class", EPS, exam(images=None), {}, score="auc"
    )
    rows = images.images[:, 0, :, 0].double() / 255
    for eps, values in zip(EPS, examination.scores, strict=True):
        areas = []
        for each in range(3):
            sign = torch.where(labels == each, -1.0, 1.0)[:, None]  # of the change of its row
            moved = rows + eps * sign * torch.where(torch.arange(3) == each, 1.0, -1.0)
            rest = [column for column in range(3) if column != each]
            odds = 40 * moved[:, each] - (40 * moved[:, rest]).logsumexp(dim=1)
            gaps = odds[labels == each][:, None] - odds[labels != each][None]
            areas.append(float((gaps > 0).double().mean()))
        assert values.mean() == pytest.approx(np.mean(areas)), eps
    one = run_ensemble(
        Rows(), images.images.float() / 255, labels, "multi-class",
        build_ensemble("quick", "multi-class"), EPS, seed=0, spare_broken=False,
    )  # fmt: skip
    assert examination.scores[1].mean() < one.worst.curve("auc")[1]


def test_without_near_copies_the_auc_is_that_of_the_other_images():
    near = torch.arange(10) % 3 == 0
    images = data()
    flipped = LABELS.clone()
    flipped[[0, 4, 7]] = 1 - flipped[[0, 4, 7]]
    marked, apart = (
        LabelledImages(images.images[rows], flipped[rows], mask)
        for rows, mask in ((slice(None), near), (~near, None))
    )
    whole, alone = (
        examine_classifier(Brightness(), images, "binary", EPS, exam(images=None), {}, score="auc")
        for images in (marked, apart)
    )
    np.testing.assert_allclose(whole.without_near().scores, alone.scores)
