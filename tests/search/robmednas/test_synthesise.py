"""A CT for every MR: on its own grid, whatever way its axes run."""

import io

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import torch
from nibabel.orientations import apply_orientation, axcodes2ornt, inv_ornt_aff
from rich.console import Console

from search.robmednas.synthesise import OUTPUT, PICTURE, TABLE, find_model, synthesise_folder
from searchspace.errors import UserError
from trainables.data.phantoms.heads import phantom_subjects, write_nifti
from trainables.saved.checkpoint import ModelCard, UNetCard, save_model

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
    assert "mean head MAE of 1 subjects" in output
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


def test_a_constant_mr_and_a_ct_on_another_grid_are_named(model, data, tmp_path):
    file = data / "p001" / "mr.nii.gz"
    image = nib.load(file)
    nib.save(nib.Nifti1Image(np.ones(image.shape, np.float32), image.affine), file)
    with pytest.raises(UserError, match="subject 'p001': its MR is 1 everywhere"):
        run(model, data, tmp_path / "out")
    assert (tmp_path / "out" / "p000" / OUTPUT).is_file()
    assert not (tmp_path / "out" / "p001").exists()
    other = nib.Nifti1Image(np.zeros((4, 4, 3), np.int16), image.affine)
    nib.save(other, data / "p000" / "ct.nii.gz")
    with pytest.raises(UserError, match=r"subject 'p000': .* has shape"):
        run(model, data, tmp_path / "again")


def test_a_run_a_confirmation_and_a_final_folder_stand_for_their_model(model, tmp_path):
    assert find_model(model) == model
    save_model(tmp_path / "run" / "best", CARD.build(), CARD)
    assert find_model(tmp_path / "run") == tmp_path / "run" / "best"
    save_model(tmp_path / "final" / "models" / "t-1", CARD.build(), CARD)
    (tmp_path / "final" / "final.json").write_text('{"chosen": {"RobMedNAS-T": "t-1"}}')
    assert find_model(tmp_path / "final").name == "t-1"
