"""What a confirmation saves by making adversarial images on each rival once, not for each model.

    python benchmarks/rival_seconds.py --models 8

Untrained networks examine one another's images at radii too small to break any: each attack runs on
all images, as it does for a score of an order. Where images break, less is saved.
"""

import argparse
from time import perf_counter

import torch

from trainables.attacks.presets import ENSEMBLES
from trainables.attacks.transfer import LIMIT, STORE
from trainables.classification.assets import LabelledImages
from trainables.classification.examination import examine_classifier
from trainables.models.classifiers import BODIES, Classifier, build_classifier
from trainables.study.examination import Exam


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--classifier", choices=list(BODIES), default="cnn")
    parser.add_argument("--attacks", choices=list(ENSEMBLES), default="quick")
    parser.add_argument("--models", type=int, default=8)
    parser.add_argument("--images", type=int, default=128)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    models = {
        f"m{number}": build_classifier(arguments.classifier, 1, (28, 28), 2).eval()
        for number in range(arguments.models)
    }
    images = torch.randint(64, 192, (arguments.images, 1, 28, 28)).to(torch.uint8)
    spent = {}
    for words, limit in (("kept", LIMIT), ("made anew", 0)):
        STORE.limit, STORE.images = limit, {}
        spent[words] = seconds(models, images, arguments.attacks)
        print(f"adversarial images of rivals are {words}: {spent[words]:.1f} s")
    print(f"{spent['made anew'] / spent['kept']:.2f} times as fast")


def seconds(models: dict[str, Classifier], images: torch.Tensor, attacks: str) -> float:
    """Examine every model beside all others; return seconds."""
    start = perf_counter()
    for name, model in models.items():
        with torch.no_grad():
            labels = model(images.float() / 255).argmax(dim=1)
        rivals = {label: rival for label, rival in models.items() if label != name}
        exam = Exam(attacks=attacks, split="ranking", corruptions=False, images=None, seed=0)
        data = LabelledImages(images, labels)
        examine_classifier(model, data, "binary", (0, 1e-7, 2e-7), exam, rivals, score="bacc")
    return perf_counter() - start


if __name__ == "__main__":
    main()
