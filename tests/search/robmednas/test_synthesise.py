"""A CT for every MR: on its own grid, whatever way its axes run."""

import errno
import io
import json
import shutil

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import torch
from make_run import METRIC, Blueprint, make_run
from nibabel.orientations import apply_orientation, axcodes2ornt, inv_ornt_aff
from rich.console import Console

from search.record.run_folder import OPENINGS
from search.robmednas import synthesise as module
from search.robmednas.synthesise import (
    OUTPUT,
    PICTURE,
    RECORD,
    TABLE,
    find_model,
    synthesise_folder,
)
from searchspace.errors import UserError
from trainables.data.phantoms.heads import phantom_subjects, write_nifti
from trainables.data.subjects import SubjectSplits
from trainables.data.volumes import open_mrs
from trainables.saved.checkpoint import ModelCard, UNetCard, save_model
from trainables.synthesis.preparation.record import Record

CARD = UNetCard(
    architecture="plain 4 8", kernels="square", norm="instance", size=32, field_mm=256.0
)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    torch.manual_seed(0)
    save_model(folder, CARD.build(), CARD)
    return folder


@pytest.fixture
def data(tmp_path):
    write_nifti(phantom_subjects(2, 40, 3, 256.0, 0), tmp_path / "data", lambda _: None)
    return tmp_path / "data"


def run(model, data, out):
    output = io.StringIO()
    assert synthesise_folder(model, data, out, Console(file=output, width=200)) == 0
    return output.getvalue()


def turned(image, codes):
    """Store the same voxels along other axes."""
    orientation = axcodes2ornt(codes)
    source = nib.orientations.ornt_transform(nib.io_orientation(image.affine), orientation)
    values = apply_orientation(np.asanyarray(image.dataobj), source)
    affine = image.affine @ inv_ornt_aff(source, image.shape)
    return nib.Nifti1Image(values, affine)


def test_a_ct_has_grid_and_type_and_its_error_is_said(model, data, tmp_path):
    (data / "p001" / "ct.nii.gz").unlink()
    (data / "p001" / "mask.nii.gz").unlink()
    output = run(model, data, tmp_path / "out")
    mr, ct = nib.load(data / "p000" / "mr.nii.gz"), nib.load(tmp_path / "out" / "p000" / OUTPUT)
    assert ct.shape == mr.shape
    assert ct.get_data_dtype() == np.int16
    np.testing.assert_allclose(ct.affine, mr.affine)
    values = np.asarray(ct.dataobj)
    assert -1024 <= values.min() < values.max() <= 3071
    table = pd.read_csv(tmp_path / "out" / TABLE).set_index("subject")
    truth = np.asarray(nib.load(data / "p000" / "ct.nii.gz").dataobj, dtype=float)
    head = np.asarray(nib.load(data / "p000" / "mask.nii.gz").dataobj) > 0
    assert table.loc["p000", "mae_head"] == pytest.approx(
        np.abs(values - truth)[head].mean(), rel=1e-5
    )
    assert np.isnan(table.loc["p001", "mae_head"])
    assert table.loc["p000", "bias_head"] == pytest.approx((values - truth)[head].mean(), rel=1e-4)
    assert 0 < table.loc["p000", "ssim"] < 1
    assert f"PSNR {table.loc['p000', 'psnr']:.1f} dB" in output
    assert "[2/2] p001" in output
    assert "mean head MAE of 1 subject, on" in output
    assert (tmp_path / "out" / "p001" / PICTURE).stat().st_size > 100


@pytest.mark.parametrize("codes", ["LPS", "PIR", "SAL"])
def test_however_the_axes_run_the_same_place_gets_the_same_hu(model, data, tmp_path, codes):
    run(model, data, tmp_path / "straight")
    for name in ("p000", "p001"):
        for part in ("mr", "ct", "mask"):
            file = data / name / f"{part}.nii.gz"
            nib.save(turned(nib.load(file), codes), file)
    run(model, data, tmp_path / "turned")
    mr = nib.load(data / "p000" / "mr.nii.gz")
    image = nib.load(tmp_path / "turned" / "p000" / OUTPUT)
    assert nib.aff2axcodes(image.affine) == tuple(codes) == nib.aff2axcodes(mr.affine)
    straight = nib.load(tmp_path / "straight" / "p000" / OUTPUT)
    back = nib.as_closest_canonical(image)
    assert np.abs(np.asarray(back.dataobj, float) - np.asarray(straight.dataobj, float)).max() <= 1
    tables = [pd.read_csv(tmp_path / name / TABLE)["mae_head"] for name in ("straight", "turned")]
    np.testing.assert_allclose(*tables, atol=0.2)


def test_a_folder_that_is_not_empty_is_refused(model, data, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    with pytest.raises(UserError, match="is not empty"):
        run(model, data, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine"]


def test_what_is_no_model_or_no_data_is_one_line(model, data, tmp_path):
    with pytest.raises(UserError, match="no model in"):
        run(data, data, tmp_path / "out")
    card = ModelCard(
        classifier="cnn", channels=1, shape=(8, 8), task="binary", classes=("a", "b"), dropout=0.0
    )
    save_model(tmp_path / "classifier", card.build(), card)
    with pytest.raises(UserError, match="predicts no CT"):
        run(tmp_path / "classifier", data, tmp_path / "out")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no subjects in"):
        run(model, tmp_path / "empty", tmp_path / "out")
    (data / "p000" / "mr.nii.gz").unlink()
    with pytest.raises(UserError, match="subject 'p000' has no mr"):
        run(model, data, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def change(file, values=None, affine=None):
    """Give a file other voxels, or another affine; values may be a function of the old ones."""
    image = nib.load(file)
    old = np.asarray(image.dataobj, dtype=np.float32)
    new = old if values is None else values(old) if callable(values) else values
    nib.save(nib.Nifti1Image(new, image.affine if affine is None else affine), file)


def sagittal(data):
    """Subject p001 with one sagittal slice of an MR, and nothing else."""
    for part in ("ct", "mask"):
        (data / "p001" / f"{part}.nii.gz").unlink()
    values = np.random.default_rng(0).random((1, 40, 40)).astype(np.float32)
    change(data / "p001" / "mr.nii.gz", values, np.diag([4.0, 4.0, 4.0, 1.0]))


def moved(data):
    affine = nib.load(data / "p001" / "ct.nii.gz").affine.copy()
    affine[2, 3] += 60
    change(data / "p001" / "ct.nii.gz", affine=affine)


def coarse(side):
    def make(data):
        for part in ("mr", "ct", "mask"):
            change(data / "p001" / f"{part}.nii.gz", affine=np.diag([side, side, 3.0, 1.0]))

    return make


def voxels(part, values):
    return lambda data: change(data / "p001" / f"{part}.nii.gz", values)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (voxels("mask", lambda mask: 7.7 * np.arange(mask.size).reshape(mask.shape) % 77.3),
         "mask.* holds fractions up to 77"),
        (voxels("mask", np.zeros_like), "mask.* is empty"),
        (voxels("ct", lambda ct: (ct - ct.min()) / np.ptp(ct)), "ct.* which is not HU"),
        (voxels("ct", lambda ct: ct + 1024), "ct.* runs from .* which is not HU"),
        (voxels("ct", np.zeros((4, 4, 3), np.float32)), "ct.* has shape"),
        (voxels("mr", np.ones_like), "mr.* is 1 everywhere"),
        (voxels("mr", lambda mr: mr * np.nan), "mr.* holds NaN"),
        (moved, "ct.* has another affine than mr.nii.gz, by which voxels lie up to 60 mm apart"),
        (sagittal, "no axial slice, but a few sagittal"),
        (coarse(40.0), "its MR has voxels of 40 mm, the network pixels of 8 mm"),
        (coarse(80.0), "its MR has voxels of 80 mm"),
        (coarse(0.1), "its MR covers 4 x 4 mm, the network a field of 256 mm"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_before_anything_is_written(
    model, data, tmp_path, spoil, message
):
    spoil(data)
    with pytest.raises(UserError, match=f"subject 'p001': .*{message}"):
        run(model, data, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_noise_thick_slices_and_padding_are_named_in_output_and_table(model, data, tmp_path):
    rng = np.random.default_rng(0)
    for part in ("ct", "mask"):
        (data / "p000" / f"{part}.nii.gz").unlink()
    change(
        data / "p000" / "mr.nii.gz", lambda mr: np.hypot(*rng.normal(size=(2, *mr.shape))),
        np.diag([6.4, 6.4, 50.0, 1.0]),
    )  # fmt: skip

    def padded(ct):
        ct[:2] = -2000
        return ct

    change(data / "p001" / "ct.nii.gz", padded)
    output = run(model, data, tmp_path / "out")
    notes = pd.read_csv(tmp_path / "out" / TABLE).set_index("subject")["notes"]
    for name, words in (
        ("p000", "its MR looks like noise"),
        ("p000", "its slices are 50 mm apart"),
        ("p001", "CT below -1100 HU"),
    ):
        assert f"subject '{name}': " in output
        assert words in output
        assert words in notes[name]


@pytest.mark.parametrize("writer", ["write_like", "_draw"])
def test_a_full_disk_leaves_whole_subjects_and_the_same_command_goes_on(
    model, data, tmp_path, monkeypatch, writer
):
    write = getattr(module, writer)

    def full(file, *arguments):
        if file.parent.name == "p001":
            raise OSError(errno.ENOSPC, "No space left on device")
        write(file, *arguments)

    out = tmp_path / "out"
    monkeypatch.setattr(module, writer, full)
    with pytest.raises(UserError, match=r"cannot write .*p001: No space left on device"):
        run(model, data, out)
    assert sorted(path.name for path in out.iterdir()) == ["p000", TABLE, RECORD]
    assert list(pd.read_csv(out / TABLE)["subject"]) == ["p000"]
    monkeypatch.undo()
    before = (out / "p000" / OUTPUT).stat().st_mtime_ns
    output = run(model, data, out)
    assert "1 of 2 subjects are finished" in output
    assert "[1/1] p001" in output
    assert "mean head MAE of 2 subjects" in output
    assert (out / "p000" / OUTPUT).stat().st_mtime_ns == before
    run(model, data, tmp_path / "straight")
    for name in (TABLE, RECORD):
        assert (out / name).read_text() == (tmp_path / "straight" / name).read_text()


def test_ctrl_c_leaves_nothing_of_the_subject_that_is_written(model, data, tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_draw", stop)
    with pytest.raises(KeyboardInterrupt):
        run(model, data, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == [RECORD]


def test_a_disk_that_is_full_for_the_record_leaves_no_subject_without_a_line(
    model, data, tmp_path, monkeypatch
):
    write = module.write_rows

    def full(file, rows):
        if len(rows) == 2:
            raise UserError(f"cannot write {file}: No space left on device")
        write(file, rows)

    monkeypatch.setattr(module, "write_rows", full)
    with pytest.raises(UserError, match="No space left"):
        run(model, data, tmp_path / "out")
    assert not (tmp_path / "out" / "p001").exists()
    assert list(pd.read_csv(tmp_path / "out" / TABLE)["subject"]) == ["p000"]
    monkeypatch.undo()
    run(model, data, tmp_path / "out")
    assert len(pd.read_csv(tmp_path / "out" / TABLE)) == 2


def test_a_subject_whose_files_changed_is_made_again_and_other_files_stay(model, data, tmp_path):
    out = tmp_path / "out"
    run(model, data, out)
    (out / "p000" / "mine.txt").touch()
    change(data / "p000" / "mr.nii.gz", lambda mr: mr * (1 + np.arange(mr.shape[0])[:, None, None]))
    before = (out / "p000" / OUTPUT).read_bytes()
    assert "[1/1] p000" in run(model, data, out)
    assert (out / "p000" / OUTPUT).read_bytes() != before
    assert (out / "p000" / "mine.txt").is_file()
    assert len(pd.read_csv(out / TABLE)) == 2


def test_a_folder_of_another_model_or_with_a_damaged_record_is_refused(model, data, tmp_path):
    out = tmp_path / "out"
    run(model, data, out)
    save_model(tmp_path / "other", CARD.build(), CARD)
    with pytest.raises(UserError, match="was begun with another model"):
        run(tmp_path / "other", data, out)
    (out / RECORD).write_text('{"model": 3}')
    with pytest.raises(UserError, match="is not as it was written"):
        run(model, data, out)
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="is a file: name a folder"):
        run(model, data, tmp_path / "file")


def test_a_network_whose_weights_give_no_numbers_is_one_line(data, tmp_path):
    network = CARD.build()
    with torch.no_grad():
        for weights in network.parameters():
            weights.fill_(1e38)
    save_model(tmp_path / "huge", network, CARD)
    with pytest.raises(UserError, match=r"subject 'p000': .* not finite"):
        run(tmp_path / "huge", data, tmp_path / "out")
    assert not (tmp_path / "out" / "p000").exists()


def test_a_terminal_shows_a_bar_while_a_volume_runs(model, data, tmp_path):
    output = io.StringIO()
    console = Console(file=output, width=200, force_terminal=True)
    assert synthesise_folder(model, data, tmp_path / "out", console) == 0
    assert "p000 " in output.getvalue()
    assert "100%" in output.getvalue()


def test_a_run_a_confirmation_and_a_final_folder_stand_for_their_model(model, tmp_path):
    assert find_model(model) == model
    save_model(tmp_path / "run" / "best", CARD.build(), CARD)
    assert find_model(tmp_path / "run") == tmp_path / "run" / "best"
    save_model(tmp_path / "final" / "models" / "t-1", CARD.build(), CARD)
    (tmp_path / "final" / "final.json").write_text('{"chosen": {"RobMedNAS-T": "t-1"}}')
    assert find_model(tmp_path / "final").name == "t-1"


@pytest.fixture
def searched(tmp_path, data):
    """A run whose second subject is test, with a best model and a trial."""
    run = make_run(tmp_path / "run", [Blueprint("t001", metrics={METRIC: 0.3})])
    for folder in (run / "best", run / "trials" / "t001"):
        torch.manual_seed(0)
        save_model(folder, CARD.build(), CARD)
    subjects = open_mrs(data)
    splits = SubjectSplits(train=("p000",), val=("a",), ranking=("b",), test=("p001",))
    others = {name: {"mr": name * 64, "ct": name * 64} for name in ("a", "b")}
    contents = {subject.name: subject.digests() for subject in subjects} | others
    Record(splits, contents).write(run / "assets")
    return run


def test_test_subjects_of_the_models_run_are_counted_there(searched, data, tmp_path):
    assert "is opened, and counted there" in run(searched, data, tmp_path / "out")
    run(searched, data, tmp_path / "again")
    assert len(json.loads((searched / OPENINGS).read_text())) == 1
    with pytest.raises(UserError, match=r"is a single trial of .* leave out the CT of subjects"):
        run(searched / "trials" / "t001", data, tmp_path / "trial")
    assert not (tmp_path / "trial").exists()


def test_subjects_that_are_not_scored_or_not_test_open_nothing(searched, data, tmp_path):
    (data / "p001" / "ct.nii.gz").unlink()
    run(searched / "trials" / "t001", data, tmp_path / "out")
    assert not (searched / OPENINGS).exists()


def test_that_subjects_trained_the_model_is_said_beside_their_mean(searched, data, tmp_path):
    said = run(searched, data, tmp_path / "out")
    assert "1 of 2 subjects with a CT train, choose or rank in run: their errors flatter" in said
    (data / "p000" / "ct.nii.gz").unlink()
    assert "flatter" not in run(searched, data, tmp_path / "test alone")


def test_of_several_searches_the_network_that_was_best_on_ranking_subjects_is_taken(
    model, data, tmp_path
):
    folder, rows = tmp_path / "final", {"Baseline": 0.9, "RobMedNAS-T": 0.5, "RobMedNAS-B": 0.6}
    for row, skill in rows.items():
        place = folder / "models" / row.lower()
        save_model(place, CARD.build(), CARD)
        metrics = {"ranking_fgsm_mae_head_skill": skill, "ranking_pgd_mae_head_skill": -skill}
        retrained = {"epochs": 1, "best_epoch": 1, "metrics": metrics, "seconds": 1.0}
        (place / "retrained.json").write_text(json.dumps(retrained))
    comparison = {"chosen": {row: row.lower() for row in rows}, "settings": {"attack": "fgsm"}}
    (folder / "final.json").write_text(json.dumps(comparison))
    assert find_model(folder).name == "robmednas-b"
    line = (
        "network: RobMedNAS-B, the best on ranking subjects (ranking_fgsm_mae_head_skill 0.6), of "
        "RobMedNAS-T, RobMedNAS-B"
    )
    assert line in run(folder, data, tmp_path / "out")


def test_a_normalisation_that_is_none_is_one_line_and_leaves_nothing(model, data, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(model, other)
    card = json.loads((other / "model.json").read_text())
    (other / "model.json").write_text(json.dumps(card | {"normalisation": "median"}))
    with pytest.raises(UserError, match=r"is damaged .*normalisation.*'whole'") as refused:
        run(other, data, tmp_path / "out")
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "out").exists()


def test_a_network_that_could_not_win_is_taken_after_one_that_could(tmp_path):
    values = {"robmednas-t-1": (0.9, 0.3), "robmednas-b-1": (0.5, -0.1)}
    for name, (value, alarm) in values.items():
        outcome = {"epochs": 1, "best_epoch": 1, "seconds": 1.0, "constraints": {"rising": alarm}}
        outcome["metrics"] = {"ranking_pgd_mae_head_skill": value}
        folder = tmp_path / "models" / name
        folder.mkdir(parents=True)
        (folder / "retrained.json").write_text(json.dumps(outcome))
    chosen = {"RobMedNAS-T": "robmednas-t-1", "RobMedNAS-B": "robmednas-b-1"}
    (tmp_path / "final.json").write_text(json.dumps({"chosen": chosen}))
    lines = []
    assert module._chosen(tmp_path, lines.append) == [tmp_path / "models" / "robmednas-b-1"]
    assert lines[0].startswith("network: RobMedNAS-B, the best on ranking subjects")
