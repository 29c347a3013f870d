"""The test subjects: opened once a folder, checked to be no one else, and scored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from search.record.places import is_signed
from search.robmednas.sources import GREY, INTENSITY, Source
from search.storage.guard import count_model, locate, refuse_trial
from search.storage.openings import Opening, count_elsewhere, identity_of
from searchspace.errors import UserError
from searchspace.words import plural
from trainables.attacks.registry import build_synthesis_attack
from trainables.attacks.signs.steadiness import UnsteadyError, require_steady
from trainables.attacks.threat import mr_deviations
from trainables.corruptions.noise import gaussian
from trainables.data.nifti import digest_of
from trainables.data.volumes import FolderSubject
from trainables.runtime.seeding import derive
from trainables.saved.checkpoint import WEIGHTS, load_unet
from trainables.studies.robmednas.settings import RobMedNASSettings
from trainables.study.study import Say
from trainables.synthesis.constant import ByIntensity, OneGrey, best_grey, fit_intensity
from trainables.synthesis.measurement import Perturb, score_subjects
from trainables.synthesis.preparation.assets import read_data, write_test
from trainables.synthesis.preparation.record import PERSONAL, read_record
from trainables.synthesis.robustness.disturbances import STRENGTHS, disturbance
from trainables.synthesis.robustness.errors import aim
from trainables.synthesis.robustness.worst import WorstOf
from trainables.synthesis.slices import Split, read_split

BATCH = 16  # slices attacked at a time
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Condition:
    """What is done to the MR before a network sees it.

    Attributes:
        kind: ``clean``, ``noise``, a disturbance of `STRENGTHS`, or the name of an attack.
        strength: Radius or standard deviation, in standard deviations of the MR; of a disturbance
            what it counts.
    """

    kind: str
    strength: float

    def perturb(self, network: nn.Module, split: Split, seed: int) -> Perturb | None:
        """Return what does it; None where nothing is done.

        Args:
            network: The network under attack.
            split: Whose slices are perturbed.
            seed: Of noise and attacks.
        """
        if self.kind == "clean":
            return None
        if self.kind == "noise":
            threat, noise_seed = mr_deviations(0), derive(seed, "noise")
            return lambda mr, _ct, numbers: gaussian(
                mr, self.strength, derive(noise_seed, int(numbers[0])), threat
            )
        if self.kind in STRENGTHS:
            return disturbance(self.kind, self.strength, seed)
        attacks = aim({self.kind: build_synthesis_attack(self.kind, BATCH)})
        seed = derive(seed, "attack")
        return WorstOf(network, split, attacks, self.strength, seed=seed, batch_size=BATCH)


def count_openings(
    sources: Sequence[Source], folder: Path, chosen: Mapping[str, str], say: Say
) -> None:
    """Count, in each run that is compared, that its test subjects are opened.

    Args:
        sources: The runs.
        folder: Of the comparison.
        chosen: The name of the network that stands for each row.
        say: Told how often they were, and where that cannot be written.
    """
    identity = f"final {identity_of(folder)}"
    for source in sources:
        opening = Opening(identity=identity, folder=folder, winner=chosen[source.row])
        count_elsewhere(source.folder, opening, say)


def count_looks(comparison: Mapping[str, Any], folder: Path, looks: int, say: Say) -> int:
    """Count looks at further trainings on test in the runs that were compared, see `count_later`.

    Args:
        comparison: What `search.robmednas.final.read_final` read.
        folder: Of it.
        looks: How often verdicts were read here, from 1.
        say: Told how often test was opened, and where that is not counted.
    """
    opening = Opening(
        identity=f"stability {identity_of(folder)}",
        folder=folder,
        winner="its trainings with other seeds",
        looks=looks,
    )
    return count_later(comparison, opening, say)


def count_later(comparison: Mapping[str, Any], opening: Opening, say: Say) -> int:
    """Count, in the runs that were compared, an opening of test that follows the comparison's.

    Args:
        comparison: What `search.robmednas.final.read_final` read. Which runs it compared is a place
            in a record, and followed where this user wrote it.
        opening: The present one.
        say: Told how often test was opened, and where that is not counted.

    Returns:
        How often test was opened: the most of all runs, and once by the comparison at least.
    """
    sources, count = comparison.get("sources"), opening.looks + 1
    if sources is None or not is_signed(sources):
        say("which runs were compared, this user did not write: no run counts that test is opened")
        return count
    runs = map(Path, dict.fromkeys(sources["settings"]["runs"]))
    return max(count, *(count_elsewhere(run, opening, say) for run in runs))


def count_synthesis(model: Path, subjects: Sequence[FolderSubject], say: Say) -> None:
    """Count in a model's run that its test subjects are scored, where some are among subjects.

    Where some are scored that trained, chose or ranked the model, that is said.

    Args:
        model: Folder of the model.
        subjects: A CT is made for each; those that have one are scored.
        say: Told that test is opened.

    Raises:
        UserError: If the model is a single trial of the run and a test subject would be scored.
    """
    location = locate(model)
    if location is None:
        return
    try:
        record = read_record(location.run / "assets")
    except UserError:  # of an earlier version: which subjects are test is not known
        return
    test = {digest for name in record.splits.test for digest in record.personal(name)}
    served = {digest for name in record.contents for digest in record.personal(name)} - test
    contents = [subject.digests() for subject in subjects if subject.ct is not None]
    scored = [{digests[part] for part in PERSONAL} for digests in contents]
    if any(not test.isdisjoint(each) for each in scored):
        refuse_trial(location, model, "leave out the CT of subjects that are test there")
        count_model(location, digest_of(model / WEIGHTS), say)
    if count := sum(not served.isdisjoint(each) for each in scored):
        say(
            f"{count} of {plural(len(scored), 'subject')} with a CT train, choose or rank in "
            f"{location.run.name}: their errors flatter the model, and so does a mean with them"
        )


def open_test(settings: RobMedNASSettings, folder: Path, say: Say) -> Split:
    """Open the test subjects, at the first time from their source.

    Args:
        settings: Of all subjects.
        folder: Of the final experiment; its ``assets`` hold the other splits.
        say: Told what takes long.

    Raises:
        UserError: If a test subject's MR is also that of another subject.
    """
    write_test(settings, folder / "assets", folder / "test", say)
    return read_split(folder / "test" / "test")


def networks_of(folder: Path, chosen: Mapping[str, str]) -> dict[str, nn.Module]:
    """Return what stands for each row; first what needs no network, of the training subjects.

    Args:
        folder: Of the final experiment.
        chosen: The name of the network that stands for each row.
    """
    train = read_data(folder / "assets").train
    plain = {GREY: OneGrey(best_grey(train)), INTENSITY: ByIntensity(fit_intensity(train))}
    models = {row: load_unet(folder / "models" / name)[0] for row, name in chosen.items()}
    return {**plain, **models}


def score(
    networks: Mapping[str, nn.Module],
    split: Split,
    conditions: Sequence[Condition],
    seed: int,
    device: torch.device = CPU,
    *,
    full: bool = False,
    say: Say | None = None,
) -> list[dict[str, object]]:
    """Score networks on every subject.

    Args:
        networks: By the row that each stands for.
        split: The test subjects.
        conditions: What is done to the MR, one after the other.
        seed: Of noise and attacks.
        device: Of the networks.
        full: Whether to add what the field reports, and scores on the subjects' own voxels.
        say: Told which network is scored; minutes may pass until the next.

    Returns:
        A row for each network, condition, subject and score, with the keys ``row``, ``kind``,
        ``strength``, ``subject``, ``score`` and ``value``.

    Raises:
        UserError: If a network answers the same MR differently.
    """
    rows: list[dict[str, object]] = []
    names = [subject.name for subject in split.subjects]
    for number, (row, network) in enumerate(networks.items(), 1):
        if say is not None:
            counts = f"{plural(len(conditions), 'condition')} on {plural(len(names), 'subject')}"
            say(f"scoring {row}, {number} of {len(networks)}: {counts}")
        check_steady(row, network, split, device)
        perturbations = [condition.perturb(network, split, seed) for condition in conditions]
        results = score_subjects(network, split, perturbations, device, BATCH, full=full)
        rows += [
            {"row": row, "kind": condition.kind, "strength": condition.strength}
            | {"subject": subject, "score": name, "value": float(value)}
            for condition, scores in zip(conditions, results, strict=True)
            for name, values in scores.items()
            for subject, value in zip(names, values, strict=True)
        ]
    return rows


def check_steady(name: str, network: nn.Module, split: Split, device: torch.device) -> None:
    """Refuse a network whose answers are random, as its scores under attack would be.

    Args:
        name: Of the network, for the message.
        network: That is asked.
        split: Whose first slices it is asked for.
        device: Of the network.

    Raises:
        UserError: If it answers the same MR differently.
    """
    mr, _ = split.batch(range(min(BATCH, len(split))), device)
    try:
        require_steady(network, mr)
    except UnsteadyError as error:
        raise UserError(f"{name}: {error}") from None
