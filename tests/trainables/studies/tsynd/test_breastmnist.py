"""TSynD on real images: it makes classifiers more robust, and not by hiding gradients [tsynd].

At 10 % of BreastMNIST, 20 epochs, weights of the last epoch (the best on val comes early in so
short a training, and a classifier that has learnt little is hard to break), means of three seeds,
balanced accuracy on 128 images under PGD-10 at 3/255. Over eight seeds when this was written:
reconstruction 0.15, TSynD 0.33 (clean 0.61 and 0.57), the difference above 0 for each seed, with a
standard deviation of 0.08 between seeds and so of 0.045 in the mean of three. Other processors
round otherwise, which is as good as another seed: the bound lies three of these below the mean.
"""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pytest
import torch

from trainables.attacks.apgd import APGD
from trainables.attacks.attack import Attack
from trainables.attacks.evaluation import evaluate, predict
from trainables.attacks.gradient import FGSM, PGD
from trainables.attacks.square import Square
from trainables.attacks.threat import pixels
from trainables.attacks.transfer import Transfer
from trainables.classification.assets import LabelledImages, at_most
from trainables.classification.trial import ClassifierTrial
from trainables.models.classifiers import Classifier
from trainables.studies.tsynd.settings import TSynDSettings
from trainables.studies.tsynd.study import TSynD

tsynd = TSynD()

pytestmark = [pytest.mark.shared_data, pytest.mark.slow]
SEEDS = (0, 1, 2)
ARMS = {
    "reconstruction": {"regime": "reconstruction"},
    "tsynd": {"regime": "tsynd", "latent_lr": 0.2, "latent_iterations": 8},
}


class Arms:
    """A classifier of each arm and seed, and the images that rank."""

    def __init__(self, settings: TSynDSettings, assets) -> None:
        self.trained: dict[tuple[str, int], Classifier] = {}
        for name, config in ARMS.items():
            for seed in SEEDS:
                seeded = settings.model_copy(update={"seed": seed})
                trial = tsynd.build({"lr": 3e-3, **config}, seeded, assets)
                assert isinstance(trial, ClassifierTrial)
                for _ in range(settings.epochs):
                    trial.step()
                    trial.epoch += 1
                self.trained[name, seed] = trial.classifier.eval()
                self.ranking: LabelledImages = trial.data.ranking


@pytest.fixture(scope="module")
def arms(shared_data, tmp_path_factory) -> Arms:
    folder = tmp_path_factory.mktemp("breast")
    settings = tsynd.parse_settings(
        {
            "dataset": "breastmnist", "data_root": shared_data / "medmnist", "ranking_images": 128,
            "epochs": 20, "eps": "0,3/255", "autoencoder_steps": 200, "cache": folder / "cache",
            "device": "cpu", "precision": "fp32",
        }
    )  # fmt: skip
    tsynd.prepare(settings, folder / "assets", lambda _: None)
    return Arms(settings, folder / "assets")


def test_tsynd_is_more_robust_than_reconstruction_alone(arms):
    images = arms.ranking.images.float() / 255

    def score(classifier: Classifier) -> np.ndarray:
        labels, eps = arms.ranking.labels, (0, 3 / 255)
        return evaluate(classifier, images, labels, "binary", PGD(), eps, seed=0).curve("bacc")

    def under_attack(arm: str) -> float:
        clean, attacked = np.mean([score(arms.trained[arm, seed]) for seed in SEEDS], axis=0)
        assert clean > 0.52, f"{arm} has learnt nothing"
        return attacked

    control, uncertain = under_attack("reconstruction"), under_attack("tsynd")
    print(f"balanced accuracy under PGD-10 at 3/255: {control:.3f} -> {uncertain:.3f}")
    assert uncertain > control + 0.045


@pytest.fixture(scope="module")
def survivors(arms) -> Mapping[str, np.ndarray]:
    """Tell which of 96 images the classifier of seed 1 still gets right, at 4/255, by attack."""
    classifier, data = arms.trained["tsynd", 1], at_most(arms.ranking, 96)
    images = data.images.float() / 255
    attacks: dict[str, Attack] = {
        "FGSM": FGSM(),
        "PGD-10": PGD(),
        "PGD-50": PGD(steps=50),
        "APGD-100": APGD(),
        "Square-500": Square(queries=500),
        "transfer": Transfer(source=arms.trained["reconstruction", 1], attack=PGD(steps=20)),
    }
    rights = {}
    for name, attack in attacks.items():
        attacked = attack(classifier, images, data.labels, pixels(4 / 255), seed=0)
        right = predict(classifier, attacked, "binary").argmax(dim=1) == data.labels
        rights[name] = right.numpy()
    with torch.no_grad():
        rights["clean"] = (classifier(images).argmax(dim=1) == data.labels).numpy()
    print({name: round(float(right.mean()), 3) for name, right in rights.items()})
    return rights


def test_stronger_attacks_break_more(survivors):
    names = ["clean", "FGSM", "PGD-10", "PGD-50", "APGD-100"]
    rates = [survivors[name].mean() for name in names]
    one_image = 1 / len(survivors["clean"])
    assert all(stronger <= weaker + one_image for weaker, stronger in pairwise(rates))
    assert rates[0] > rates[-1] > 0, "no room to tell attacks apart"


def test_what_a_longer_attack_leaves_a_shorter_one_left_too(survivors):
    """Image by image where it is exact: PGD-50 repeats PGD-10 and goes on; all start clean."""
    for weaker, stronger in [("clean", "PGD-10"), ("PGD-10", "PGD-50"), ("clean", "APGD-100")]:
        assert not bool((survivors[stronger] & ~survivors[weaker]).any())


def test_attacks_that_see_no_gradient_break_less(survivors):
    for blind in ("Square-500", "transfer"):
        assert survivors[blind].mean() > survivors["PGD-50"].mean()
        assert survivors[blind].mean() > survivors["APGD-100"].mean()
