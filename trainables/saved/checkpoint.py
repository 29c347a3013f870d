"""A trained model on disk: weights as safetensors, everything else as JSON; no pickle."""

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, final

from pydantic import Field
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from searchspace.errors import UserError
from searchspace.unet import NORMS
from trainables.door.opening import MIB, check_regular, replacement
from trainables.door.paths import inside
from trainables.door.records import read_json
from trainables.models.classifiers import Classifier, build_classifier
from trainables.models.ct.mirrored import Mirrored
from trainables.models.ct.named import CodeError
from trainables.models.ct.networks import CTNetwork, build_network
from trainables.runtime.config import Frozen, parse
from trainables.runtime.errors import first_line
from trainables.saved.shapes import check_size

WEIGHTS = "model.safetensors"
CARD = "model.json"
CARD_BYTES = MIB
PREPROCESSING = (
    "'What a network is fed, and what it answers', in the documentation of robust-medical-search"
)

# Weights do not bound these: whoever uses a stranger's model makes images and volumes by them.
Side = Annotated[int, Field(ge=1, le=512)]  # in pixels or voxels
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Card(Frozen):
    """What is needed to build a model again, and where it comes from.

    Attributes:
        provenance: Dataset, config, seed, epoch: JSON values only.
    """

    provenance: dict[str, Any] = Field(default_factory=dict)

    @classmethod
    def upgrade(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Bring the values of a card that an earlier version wrote up to date."""
        return values

    @abstractmethod
    def build(self) -> nn.Module:
        """Build the model, with untrained weights."""


AnyCard = TypeVar("AnyCard", bound=Card)


@final
class ModelCard(Card):
    """A classifier's.

    Attributes:
        classifier: A name of `trainables.models.classifiers.BODIES`.
        channels: Image channels.
        shape: Height and width in pixels, of volumes depth, height and width in voxels.
        task: ``binary``, ``multi-class``, ``ordinal`` or ``multi-label``.
        classes: Names of the logits.
        dropout: Probability before the last layer.
    """

    classifier: str
    channels: int = Field(ge=1)
    shape: tuple[Side, ...] = Field(min_length=2, max_length=3)
    task: Literal["binary", "multi-class", "ordinal", "multi-label"]
    classes: tuple[str, ...] = Field(min_length=1)
    dropout: float = Field(ge=0, lt=1)

    @classmethod
    def upgrade(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Read ``size``, the side of a square image, which cards held before there were volumes."""
        if "size" not in values or "shape" in values:
            return values
        rest = {name: value for name, value in values.items() if name != "size"}
        return rest | {"shape": (values["size"],) * 2}

    @property
    def volumes(self) -> bool:
        """Whether the classifier takes volumes."""
        return len(self.shape) == 3

    def build(self) -> Classifier:
        """Build the classifier, with untrained weights."""
        return build_classifier(
            self.classifier, self.channels, self.shape, len(self.classes), self.dropout
        )


class Heads(Frozen):
    """What the MR of training showed of heads, see `trainables.synthesis.unlike.describe`.

    Attributes:
        left_right: Axis of a slice along which most are symmetric, ``first`` or ``second``; None
            where they are alike along both.
        extent_mm: 5th and 95th percentile of the extent of a head.
        quartiles: Of the grey values of tissue, brought to mean 0 and deviation 1: of each the
            median.
    """

    left_right: Literal["first", "second"] | None
    extent_mm: tuple[Finite, Finite]
    quartiles: tuple[Finite, Finite, Finite]


@final
class UNetCard(Card):
    """A network's that predicts CT: with it another program can do the same.

    Attributes:
        architecture: One line of text, see `searchspace.unet.parse_network`.
        kernels: Kernel sizes of the branches, a name of `searchspace.unet.KERNELS`.
        norm: Normalisation after convolutions, a name of `searchspace.unet.NORMS`.
        size: Height and width in pixels that it was trained at.
        field_mm: Side of the field that they cover, in mm, around the middle of the image.
        normalisation: Of the MR, see `trainables.data.grid.standardise`.
        centre_hu: HU that the network predicts as 0.
        scale_hu: HU of a difference of 1 in what it predicts.
        padding_hu: HU of the CT beyond the image; the MR is its least value there.
        tissue: Median of the normalised MR of tissue in training; None where it is not known.
        neighbours: Slices above and below that it sees as well, from below upwards: its input has
            2 neighbours + 1 channels, and the first and last slice stand for those beyond.
        mirrored: Axis of a slice along which it is predicted a second time, mirrored: ``first`` or
            ``second``; None where a slice is predicted once.
        slice_norm: How the network brings each slice to a scale of its own, a key of
            `trainables.models.ct.slice_norm.KINDS`; or ``none``.
        heads: Of training; None on cards of earlier versions.
        preprocessing: For people: where the way from an MR to the input is written down.
    """

    architecture: str
    kernels: str
    norm: str = "batch"
    size: int = Field(ge=1, le=1024)
    field_mm: float = Field(gt=0, le=10_000)
    normalisation: Literal["whole", "tissue", "percentiles"] = "whole"
    centre_hu: Finite = 250.0
    scale_hu: float = Field(default=2500.0, gt=0, allow_inf_nan=False)
    padding_hu: Finite = -1000.0
    tissue: Finite | None = None
    neighbours: int = Field(default=0, ge=0, le=4)
    mirrored: Literal["first", "second"] | None = None
    slice_norm: Literal["none", "whole", "tissue", "percentiles"] = "none"
    heads: Heads | None = None
    preprocessing: str = PREPROCESSING

    @property
    def channels(self) -> int:
        """Slices of the MR that it sees."""
        return 2 * self.neighbours + 1

    def build(self) -> CTNetwork:
        """Build the network, with untrained weights."""
        if self.norm not in NORMS:
            raise ValueError(f"norm is {self.norm!r}, and not one of {', '.join(NORMS)}")
        network = build_network(
            self.architecture, self.kernels, self.norm, self.channels, self.slice_norm
        )
        return network if self.mirrored is None else Mirrored(network, self.mirrored)


def save_model(folder: Path, model: nn.Module, card: Card) -> None:
    """Write a model as two files, which `load_network` reads without anything else.

    Args:
        folder: Made where it is missing; files of an earlier model are replaced.
        model: On any device, in any mode.
        card: What builds it again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    card_text = card.model_dump_json(indent=2) + "\n"
    weights = {name: tensor.cpu().contiguous() for name, tensor in model.state_dict().items()}
    with replacement(inside(folder, WEIGHTS)) as part:
        part.write_bytes(save(weights))
    with replacement(inside(folder, CARD)) as part:
        part.write_text(card_text, encoding="utf-8")


def load_network(folder: str | Path) -> tuple[nn.Module, tuple[int, ...]]:
    """Load whatever `save_model` wrote, in eval mode, on the CPU.

    Returns:
        The model, and the shape of one input, (C, H, W) or (C, D, H, W).

    Raises:
        UserError: As `load_classifier` and `load_unet`.
    """
    if "architecture" in _read_card(Path(folder)):
        network, unet = load_unet(folder)
        return network, (unet.channels, unet.size, unet.size)
    classifier, card = load_classifier(folder)
    return classifier, (card.channels, *card.shape)


def load_classifier(folder: str | Path) -> tuple[Classifier, ModelCard]:
    """Load a classifier that `save_model` wrote, in eval mode, on the CPU.

    Its input is images (N, C, H, W) or volumes (N, C, D, H, W) in [0, 1], as the card's shape says;
    normalisation is inside.

    Raises:
        UserError: If a file is missing, damaged, or of another shape than the card says.
    """
    model, card = _load(Path(folder), ModelCard)
    if not isinstance(model, Classifier):
        raise TypeError(f"a card built a {type(model).__name__}")
    return model, card


def load_unet(folder: str | Path) -> tuple[CTNetwork, UNetCard]:
    """Load a U-Net that `save_model` wrote, in eval mode, on the CPU.

    Its input is MR (N, C, H, W) in standard deviations of the subject's volume, its output CT that
    `trainables.synthesis.slices.to_hu` turns into HU. C is 1, or what its card says of neighbours.

    Raises:
        UserError: If a file is missing, damaged, or of another shape than the card says.
    """
    model, card = _load(Path(folder), UNetCard)
    if not isinstance(model, CTNetwork):
        raise TypeError(f"a card built a {type(model).__name__}")
    return model, card


def _load(folder: Path, kind: type[AnyCard]) -> tuple[nn.Module, AnyCard]:
    values, file = _read_card(folder), inside(folder, WEIGHTS)
    _check_kind(folder, values, kind)
    if not file.is_file():
        raise UserError(f"no model in {folder}: {WEIGHTS} is missing")
    try:
        card = parse(kind, kind.upgrade(values))
        check_regular(file)
        with safe_open(file, framework="pt") as weights:
            names = list(weights.keys())
            check_size(card.build, [weights.get_slice(name).get_shape() for name in names])
            model = card.build()
            model.load_state_dict({name: weights.get_tensor(name) for name in names})
    except CodeError:
        raise
    except (OSError, ValueError, TypeError, SafetensorError, RuntimeError) as error:
        raise _damaged(folder, error) from None
    return model.eval(), card


def _check_kind(folder: Path, values: Mapping[str, Any], kind: type[AnyCard]) -> None:
    """Refuse a network for CT where a classifier is needed, and the other way round."""
    is_network, is_classifier = "architecture" in values, "classifier" in values
    if kind is ModelCard and is_network and not is_classifier:
        raise UserError(f"the model in {folder} predicts CT from MR: name one that classifies")
    if kind is UNetCard and is_classifier and not is_network:
        raise UserError(f"the model in {folder} is a classifier: name one that predicts CT")


def _read_card(folder: Path) -> dict[str, Any]:
    try:
        values = read_json(inside(folder, CARD), CARD_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(f"no model in {folder}: {CARD} is missing") from None
    except (OSError, UserError) as error:
        raise _damaged(folder, error) from None
    if not isinstance(values, dict):
        raise UserError(f"the model in {folder} is damaged ({CARD} holds no JSON object)")
    return values


def _damaged(folder: Path, error: Exception) -> UserError:
    line = first_line(error).rstrip(":")
    return UserError(f"the model in {folder} is damaged ({line}): export it again")
