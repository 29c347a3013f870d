"""A CT for every MR of a folder, as NIfTI on the MR's own grid."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console

from search.robmednas.rows import write_rows
from search.robmednas.sources import searched
from searchspace.errors import UserError
from trainables.data.nifti import read_grid, read_voxels, write_like
from trainables.data.volumes import find_mrs, head_of
from trainables.door.paths import inside, is_name
from trainables.door.records import read_json
from trainables.models.ct.networks import CTNetwork
from trainables.runtime.files import cannot_write, replacement
from trainables.saved.checkpoint import CARD, UNetCard, load_unet
from trainables.synthesis.whole import Synthesised, native_scores, synthesise

OUTPUT, PICTURE, TABLE = "sct.nii.gz", "sct.png", "synthesised.csv"
SHOWN_HU = (-1000.0, 1500.0)
GAP = 2  # pixels between the parts of a picture


@dataclass(frozen=True)
class Source:
    """What is known of a subject.

    Attributes:
        name: The folder's.
        files: By part: ``mr``, and maybe ``ct`` and ``mask``.
    """

    name: str
    files: Mapping[str, Path]

    def read(self) -> dict[str, npt.NDArray[np.float32]]:
        """Read the voxels of every part, on one grid.

        Raises:
            UserError: If a file is damaged, or lies on another grid than the MR.
        """
        shape = read_grid(self.files["mr"]).shape
        for file in self.files.values():
            if (extent := read_grid(file).shape) != shape:
                raise UserError(
                    f"subject '{self.name}': {file} has shape {extent}, its MR {shape}: register "
                    "them to one grid, or leave it out"
                )
        return {part: read_voxels(file) for part, file in self.files.items()}


def synthesise_folder(model: Path, data: Path, out: Path, console: Console) -> int:
    """Write a CT for every subject; print what was done, and the MAE where there is a CT.

    Args:
        model: A run, a final comparison, a confirmation, or a folder with a model.
        data: A folder with a folder for each subject, each with an MR.
        out: New or empty.
        console: Where the user reads.

    Raises:
        UserError: If there is no model, no subject or no place, or a file is damaged. What was
            written before is whole.
    """

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False)

    folder = find_model(model)
    network, card = load_unet(folder)
    sources = [Source(name, files) for name, files in find_mrs(data).items()]
    _begin(out)
    say(f"model: {folder}; {card.size} x {card.size} pixels over {card.field_mm:g} mm")
    rows: list[dict[str, object]] = []
    for number, source in enumerate(sources, 1):
        started = time.perf_counter()
        scores, notes = _write(source, network, card, out / source.name)
        for note in notes:
            say(f"subject '{source.name}': {note}")
        mae = scores.get("mae_head", float("nan"))
        error = "" if np.isnan(mae) else f", {_summary(scores)}"
        spent = time.perf_counter() - started
        say(f"[{number}/{len(sources)}] {source.name}{error}, {spent:.1f} s")
        rows.append({"subject": source.name, "mae_head": mae, "notes": "; ".join(notes)} | scores)
    names = dict.fromkeys(name for row in rows for name in row)
    write_rows(out / TABLE, [{name: row.get(name, float("nan")) for name in names} for row in rows])
    for line in _heads(sources):
        say(line)
    measured = [float(str(row["mae_head"])) for row in rows if row["mae_head"] == row["mae_head"]]
    if measured:
        say(
            f"mean head MAE of {len(measured)} subjects, on the voxels of their CT: "
            f"{np.mean(measured):.1f} HU"
        )
    say(f"everything: {out}")
    return 0


def find_model(path: Path) -> Path:
    """Return the folder of the model that a path stands for.

    Args:
        path: A run (its winner), a confirmation or an export (its model), a final comparison (its
            searched network), or a folder with a model.

    Raises:
        UserError: If there is none, or it is one of another study.
    """
    chosen = _chosen(inside(path, "final.json"))
    folders = [path, inside(path, "best"), *(inside(path, "models", name) for name in chosen)]
    folder = next((item for item in folders if (item / CARD).is_file()), None)
    if folder is None:
        raise UserError(
            f"no model in {path}: name a finished run, a confirmation, a robmednas-final or a "
            f"folder that holds {CARD}"
        )
    card = read_json(inside(folder, CARD))
    if not isinstance(card, dict) or "architecture" not in card:
        raise UserError(f"the model in {folder} predicts no CT: name one of a robmednas run")
    return folder


def _chosen(file: Path) -> list[str]:
    """Return the name of the searched network of a final comparison, in a list; or none."""
    if not file.is_file():
        return []
    comparison = read_json(file)
    chosen = comparison.get("chosen") if isinstance(comparison, dict) else None
    names = [chosen[row] for row in searched(chosen)] if isinstance(chosen, dict) else []
    return [name for name in names if isinstance(name, str) and is_name(name)][:1]


def _begin(out: Path) -> None:
    """Make the folder; refuse one that holds anything."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        if any(out.iterdir()):
            raise UserError(f"the folder {out} is not empty: name a new one with --out")
    except OSError as error:
        raise cannot_write(out, error) from error


def _write(
    source: Source, network: CTNetwork, card: UNetCard, folder: Path
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Write the CT of a subject and its picture; return its scores, if it has a CT, and notes."""
    parts = source.read()
    spacing = read_grid(source.files["mr"]).spacing
    try:
        outcome = synthesise(network, card, parts["mr"], spacing)
    except ValueError as error:
        raise UserError(f"subject '{source.name}': its MR {error}") from None
    try:
        folder.mkdir()
    except OSError as error:
        raise cannot_write(folder, error) from error
    write_like(folder / OUTPUT, outcome.ct, source.files["mr"])
    _draw(folder / PICTURE, parts, outcome)
    if "ct" not in parts:
        return {}, outcome.notes
    mask = head_of(parts["mask"])[0] if "mask" in parts else None
    return native_scores(outcome.ct, parts["ct"], mask), outcome.notes


def _summary(scores: Mapping[str, float]) -> str:
    """Write the scores of a subject that fit into a line."""
    return (
        f"head MAE {scores['mae_head']:.1f} HU, bone {scores['bias_bone']:+.0f} HU, "
        f"PSNR {scores['psnr']:.1f} dB, SSIM {scores['ssim']:.3f}"
    )


def _heads(sources: Sequence[Source]) -> Iterator[str]:
    """Say where errors are within heads of two kinds, which differ."""
    masks = ["mask" in source.files for source in sources if "ct" in source.files]
    if any(masks) and not all(masks):
        yield (
            f"{masks.count(False)} subjects have no mask: their errors are within the head that "
            "their CT shows, those of the rest within their mask"
        )


def _draw(file: Path, parts: Mapping[str, npt.NDArray[np.float32]], outcome: Synthesised) -> None:
    """Draw the middle slice: MR, its CT, and the truth and the error where there is one.

    Front is up, and the patient's right on the left, as radiologists look at it.
    """
    from matplotlib.image import imsave  # noqa: PLC0415 - slow to import

    middle = outcome.ct.shape[2] // 2
    mr, ct = parts["mr"][:, :, middle], outcome.ct[:, :, middle].astype(np.float32)
    panels = [_scaled(mr, *np.quantile(mr, (0.01, 0.995))), _scaled(ct, *SHOWN_HU)]
    if "ct" in parts:
        truth = parts["ct"][:, :, middle]
        panels += [_scaled(truth, *SHOWN_HU), _scaled(np.abs(ct - truth), 0.0, 500.0)]
    gap = np.ones((panels[0].shape[1], GAP), np.float32)
    pictures = [panel.T[::-1, ::-1] for panel in panels]
    row = np.concatenate([item for picture in pictures for item in (picture, gap)][:-1], axis=1)
    try:
        with replacement(file) as part, part.open("wb") as stream:
            imsave(stream, row, cmap="gray", vmin=0, vmax=1, format="png")
    except OSError as error:
        raise cannot_write(file, error) from error


def _scaled(values: npt.NDArray[np.float32], low: float, high: float) -> npt.NDArray[np.float32]:
    scaled: npt.NDArray[np.float32] = np.clip((values - low) / max(high - low, 1e-6), 0, 1)
    return scaled
