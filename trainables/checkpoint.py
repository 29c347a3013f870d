"""A trained classifier on disk: weights as safetensors, everything else as JSON; no pickle."""

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import Field
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from searchspace.errors import UserError
from trainables.config import Frozen, parse
from trainables.models.classifiers import Classifier, build_classifier

WEIGHTS = "model.safetensors"
CARD = "model.json"


class ModelCard(Frozen):
    """What is needed to build a classifier again, and where it comes from.

    Attributes:
        classifier: A name of `trainables.models.classifiers.BODIES`.
        channels: Image channels.
        size: Height and width in pixels.
        task: ``binary``, ``multi-class``, ``ordinal`` or ``multi-label``.
        classes: Names of the logits.
        dropout: Probability before the last layer.
        provenance: Dataset, config, seed, epoch: JSON values only.
    """

    classifier: str
    channels: int = Field(ge=1)
    size: int = Field(ge=1)
    task: Literal["binary", "multi-class", "ordinal", "multi-label"]
    classes: tuple[str, ...] = Field(min_length=1)
    dropout: float = Field(ge=0, lt=1)
    provenance: dict[str, Any] = Field(default_factory=dict)

    def build(self) -> Classifier:
        """Build the classifier, with untrained weights."""
        return build_classifier(
            self.classifier, self.channels, self.size, len(self.classes), self.dropout
        )


def save_classifier(folder: Path, classifier: Classifier, card: ModelCard) -> None:
    """Write the weights and the card into ``folder``, which is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: tensor.cpu().contiguous() for name, tensor in classifier.state_dict().items()}
    save_file(weights, folder / WEIGHTS)
    (folder / CARD).write_text(card.model_dump_json(indent=2) + "\n")


def load_classifier(folder: str | Path) -> tuple[Classifier, ModelCard]:
    """Load a classifier that `save_classifier` wrote, in eval mode, on the CPU.

    Its input is images (N, C, H, W) in [0, 1]; normalisation is inside.

    Raises:
        UserError: If a file is missing, damaged, or of another shape than the card says.
    """
    folder = Path(folder)
    for name in (CARD, WEIGHTS):
        if not (folder / name).is_file():
            raise UserError(f"no model in {folder}: {name} is missing")
    try:
        card = parse(ModelCard, json.loads((folder / CARD).read_text()))
        classifier = card.build()
        classifier.load_state_dict(load_file(folder / WEIGHTS))
    except (OSError, ValueError, TypeError, SafetensorError, RuntimeError) as error:
        first = str(error).splitlines()[0].rstrip(":")
        raise UserError(f"the model in {folder} is damaged ({first}): export it again") from None
    return classifier.eval(), card
