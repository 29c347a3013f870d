"""Generators of a run and of other seeds: of training images alone, recorded, and checked."""

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from searchspace.errors import UserError
from trainables.classification.assets import ARRAYS, CONTENTS
from trainables.generative.gan_training import DivergedError
from trainables.metrics.alarms import COPIED, GENERATOR_COLLAPSE
from trainables.studies.gansplit import assets as module
from trainables.studies.gansplit.assets import RECORD, alarms_of, synthesis_of
from trainables.studies.gansplit.settings import GANSplitConfig, GANSplitSettings
from trainables.studies.gansplit.study import GANSplit

STUDY = GANSplit()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    values = dict(GANSplitSettings.SMALL) | {"cache": folder / "cache", "device": "cpu"}
    settings = STUDY.parse_settings(values)
    (folder / "assets").mkdir()
    facts = STUDY.prepare(settings, folder / "assets", lambda _: None)
    return settings, folder / "assets", facts


def with_seed(settings, folder, seed):
    return settings.model_copy(update={"seed": seed, "cache": folder})


def test_a_run_says_and_records_how_good_its_generators_are(prepared):
    settings, assets, facts = prepared
    assert {"critic", *settings.generator_names} <= set(facts.digests)
    lines = [line for line in facts.lines if line.startswith(settings.generator_names)]
    assert len(lines) == 2
    assert all("KID" in line and "class fidelity" in line for line in lines)
    record = json.loads((assets / RECORD).read_text())
    assert record["quality"] == json.loads(json.dumps(facts.details["generators"]))
    assert any(line.startswith("Flawed: ") for line in facts.lines)  # two steps: collapsed


@pytest.mark.parametrize(
    ("allow_flawed", "consequence"),
    [
        (False, "no trial that uses them can win (--allow-flawed lets them)."),
        (True, "trials that use them are not barred."),  # a table allows them, too
    ],
)
def test_what_follows_of_a_flaw_is_true_of_runs_and_tables(allow_flawed, consequence):
    quality = SimpleNamespace(
        images=8, held_out=4, critic=SimpleNamespace(value=0.5), line="bad", alarms={"copied": 1.0}
    )
    settings = GANSplitSettings(allow_flawed=allow_flawed)
    *_, line = module.quality_lines({"hinge": quality}, settings)
    assert line == f"Flawed: hinge: {consequence}"


def test_a_trial_of_the_runs_seed_takes_what_the_run_made(prepared, tmp_path):
    settings, assets, _ = prepared
    elsewhere = with_seed(settings, tmp_path, settings.seed)
    synthesis_of("hinge", elsewhere, assets)
    assert list(tmp_path.iterdir()) == []  # nothing was trained
    assert set(alarms_of("hinge", elsewhere, assets)) == {COPIED, GENERATOR_COLLAPSE}


@pytest.mark.parametrize("allow_flawed", [False, True])
def test_a_flawed_generator_reaches_the_report_as_a_violated_constraint(prepared, allow_flawed):
    """From the record of the run to what the engine bars a trial by."""
    settings, assets, _ = prepared
    settings = settings.model_copy(update={"allow_flawed": allow_flawed})
    quality = json.loads((assets / RECORD).read_text())["quality"]
    name, alarm = next(
        (name, alarm)
        for name, measures in quality.items()
        for alarm, value in measures["alarms"].items()
        if value > 0
    )
    constraints = {}
    for source in (name, "repeats"):
        trial = STUDY.build(GANSplitConfig(source=source).model_dump(), settings, assets)
        constraints[source] = trial.advance(settings.rungs[0]).constraints
    assert (constraints[name].get(alarm, 0.0) > 0) == (not allow_flawed)
    assert alarm not in constraints["repeats"]


def test_another_seed_makes_a_generator_and_a_critic_of_its_own(prepared, tmp_path):
    settings, assets, _ = prepared
    first = synthesis_of("hinge", settings, assets)
    second = synthesis_of("hinge", with_seed(settings, tmp_path, 1), assets)
    assert first.generator.digest != second.generator.digest
    assert not torch.equal(first.critic.head.weight, second.critic.head.weight)
    assert {file.name.split("-")[0] for file in tmp_path.glob("*.safetensors")} == {
        "generator",
        "critic",
    }
    assert len(alarms_of("hinge", with_seed(settings, tmp_path, 1), assets)) == 2


def test_no_image_but_those_of_training_reaches_a_generator(prepared, tmp_path):
    """Val and ranking are turned to noise, and training images: the last alone changes anything."""
    settings, assets, _ = prepared
    digests = []
    for number, split in enumerate((None, "val", "ranking", "train")):
        folder = tmp_path / str(number)
        shutil.copytree(assets, folder)
        if split:
            with np.load(folder / ARRAYS) as arrays:
                changed = dict(arrays)
            changed[f"{split}_images"] = np.random.default_rng(0).integers(
                0, 256, changed[f"{split}_images"].shape, dtype=np.uint8
            )
            np.savez(folder / ARRAYS, **changed)
            (folder / CONTENTS).unlink()
        record = json.loads((folder / RECORD).read_text())
        (folder / RECORD).write_text(json.dumps(record | {"seed": -1}))  # so that it is made anew
        synthesis = synthesis_of("hinge", with_seed(settings, tmp_path / "cache", 0), folder)
        digests.append(synthesis.generator.weights_digest)
    assert digests[0] == digests[1] == digests[2] != digests[3]


def test_other_weights_than_those_recorded_are_refused(prepared, tmp_path):
    settings, assets, _ = prepared
    folder = tmp_path / "assets"
    shutil.copytree(assets, folder)
    shutil.copy(folder / "hinge.safetensors", folder / "latent-gaussian.safetensors")
    with pytest.raises(UserError, match="not the weights that the run was prepared with"):
        synthesis_of("latent-gaussian", settings, folder)
    (folder / "hinge.safetensors").write_bytes(b"cut")
    with pytest.raises(UserError, match="cannot read") as error:
        synthesis_of("hinge", settings, folder)
    assert "\n" not in str(error.value)


def test_a_generator_that_diverges_ends_the_preparation_in_one_line(
    prepared, tmp_path, monkeypatch
):
    settings, _, _ = prepared

    def diverge(*_arguments):
        raise DivergedError("the generator hinge diverged: after step 3 of 9 its losses are nan")

    monkeypatch.setattr(module, "obtain_generator", diverge)
    with pytest.raises(UserError, match="leave it out of --generators") as error:
        STUDY.prepare(settings, tmp_path, lambda _: None)
    assert "\n" not in str(error.value)


def test_a_class_of_few_images_is_refused_by_its_name(prepared, tmp_path):
    settings, _, _ = prepared
    small = settings.model_copy(update={"fraction": 0.01})
    with pytest.raises(UserError, match=r"train has 12 images, 4 of one lesion.*needs 8") as error:
        STUDY.prepare(small, tmp_path, lambda _: None)
    assert "\n" not in str(error.value)
