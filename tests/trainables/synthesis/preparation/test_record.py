"""What a run wrote down of its subjects: found again by content, or refused by name."""

import gzip
import json
import shutil

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings, strategies
from voxels import voxels_of

from searchspace.errors import UserError
from trainables.data.phantoms.heads import phantom_subjects, write_nifti
from trainables.data.subjects import split_subjects
from trainables.data.volumes import open_folder
from trainables.door.seal import check_seal, seal
from trainables.runtime.config import parse
from trainables.synthesis.preparation.assets import (
    TRIAL_SPLITS,
    draw_record,
    find_test,
    write_data,
    write_test,
)
from trainables.synthesis.preparation.record import FILE, new_record, read_record
from trainables.synthesis.settings import SynthesisSettings
from trainables.synthesis.slices import read_split

COUNT = 8


@pytest.fixture(scope="module")
def heads(tmp_path_factory):
    """Ten heads as NIfTI: eight for the search, two that come later."""
    folder = tmp_path_factory.mktemp("heads")
    write_nifti(phantom_subjects(COUNT + 2, 8, 1, 256.0, 0), folder / "all", lambda _: None)
    return folder / "all"


@pytest.fixture
def data(heads, tmp_path):
    return fill(tmp_path / "data", heads)


def fill(data, heads):
    """Copy the heads that the search sees."""
    for number in range(COUNT):
        shutil.copytree(heads / f"p{number:03d}", data / f"p{number:03d}")
    return data


def record_of(data):
    subjects = open_folder(data)
    return new_record(split_subjects([subject.name for subject in subjects], 0), subjects)


def test_a_record_is_read_as_it_was_written(data, tmp_path):
    record = record_of(data)
    record.write(tmp_path)
    again = read_record(tmp_path)
    assert again.splits == record.splits
    assert again.contents == record.contents
    assert again.voxels == record.voxels
    assert set(again.voxels) == set(record.contents)
    assert (again.digest, again.difference(record)) == (record.digest, "")


def test_subjects_that_came_later_are_not_looked_at(data, heads):
    record = record_of(data)
    shutil.copytree(heads / "p008", data / "a_new_one")
    located = record.locate(record.splits.test, "test", open_folder(data))
    assert list(located) == list(record.splits.test)
    assert all(subject.name == name for name, subject in located.items())


def test_a_renamed_subject_is_found_by_its_content(data):
    record = record_of(data)
    name = record.splits.test[0]
    (data / name).rename(data / "renamed")
    located = record.locate(record.splits.test, "test", open_folder(data))
    assert located[name].name == "renamed"


def test_two_subjects_whose_names_were_swapped_are_told_by_their_content(data):
    record = record_of(data)
    test, train = record.splits.test[0], record.splits.train[0]
    (data / test).rename(data / "aside")
    (data / train).rename(data / test)
    (data / "aside").rename(data / train)
    assert record.locate([test], "test", open_folder(data))[test].name == train


def delete(folder, _):
    shutil.rmtree(folder)


def overwrite(folder, _):
    image = nib.load(folder / "ct.nii.gz")
    values = np.asanyarray(image.dataobj).copy()
    values[4, 4] += 1
    nib.save(nib.Nifti1Image(values, image.affine), folder / "ct.nii.gz")


def unmask(folder, _):
    (folder / "mask.nii.gz").unlink()


def exchange(folder, other):
    shutil.copy(other / "mr.nii.gz", folder / "mr.nii.gz")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (delete, "it is gone"),
        (overwrite, "its ct changed"),
        (unmask, "its mask is gone"),
        (exchange, "its mr is now that of 'p"),
    ],
)
def test_a_subject_that_changed_is_refused_in_a_line_that_names_the_change(data, change, words):
    record = record_of(data)
    name = record.splits.test[0]
    change(data / name, data / record.splits.train[0])
    with pytest.raises(UserError) as caught:
        record.locate(record.splits.test, "test", open_folder(data))
    assert str(caught.value).startswith(f"subject '{name}' is of the test split of this run, but")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_mask_that_is_new_is_named(data):
    name = split_subjects([folder.name for folder in data.iterdir()], 0).test[0]
    mask = data / name / "mask.nii.gz"
    mask.rename(data.parent / "aside")
    record = record_of(data)
    (data.parent / "aside").rename(mask)
    with pytest.raises(UserError, match="it has a mask that it had not"):
        record.locate([name], "test", open_folder(data))


def test_the_same_ct_in_two_splits_is_refused_before_anything_is_trained(data):
    splits = split_subjects([folder.name for folder in data.iterdir()], 0)
    for name in (splits.train[0], splits.test[0]):
        shutil.copy(data / "p003" / "ct.nii.gz", data / name / "ct.nii.gz")
    with pytest.raises(UserError, match="have the same CT: remove one"):
        record_of(data)


@pytest.mark.parametrize("part", ["mr", "ct"])
def test_the_same_voxels_in_two_files_are_refused_before_anything_is_trained(data, part):
    splits = split_subjects([folder.name for folder in data.iterdir()], 0)
    source, copy = data / splits.train[0], data / splits.test[0]
    packed = gzip.decompress((source / f"{part}.nii.gz").read_bytes())
    (copy / f"{part}.nii.gz").write_bytes(gzip.compress(packed, 1))
    with pytest.raises(UserError, match=f"have the same {part.upper()}: remove one"):
        record_of(data)


@pytest.fixture
def fine(tmp_path):
    """Heads of as many voxels as it takes to tell them apart, and the name of a copy of p000."""
    folder = tmp_path / "fine"
    write_nifti(phantom_subjects(COUNT, 32, 1, 256.0, 0), folder, lambda _: None)
    shutil.copytree(folder / "p000", folder / "copy")
    rewrite(folder / "copy" / "mr.nii.gz", lambda mr: mr + np.eye(32)[:, :, None] * (mr > 100))
    rewrite(folder / "copy" / "ct.nii.gz", lambda ct: ct + 3 * (ct > 0))
    return folder


def rewrite(file, how):
    image = nib.load(file)
    values = how(np.asanyarray(image.dataobj)).astype(np.float32)
    nib.save(nib.Nifti1Image(values, image.affine), file)


def test_near_copies_are_refused_in_a_line_that_names_both_or_kept_if_asked(fine):
    values = {"data": fine, "size": 32, "max_depth": 2, "device": "cpu"}
    with pytest.raises(UserError, match=r"the MR of 'copy' and 'p000' \(0\.99|\(1\.00") as caught:
        draw_record(parse(SynthesisSettings, values))
    assert "remove one of each, or say --keep-near" in str(caught.value)
    assert "\n" not in str(caught.value)
    record = draw_record(parse(SynthesisSettings, {**values, "keep_near": True}))
    assert record.splits.notes[-1].startswith("kept: near copies, by the correlation of their")
    shutil.rmtree(fine / "copy")
    notes = draw_record(parse(SynthesisSettings, values)).splits.notes
    assert not any("near copies" in note for note in notes)


def test_a_ct_that_is_a_near_copy_is_refused_in_two_splits_alone(fine):
    rewrite(fine / "copy" / "mr.nii.gz", lambda mr: mr[::-1])  # of another kind, say
    subjects = open_folder(fine)
    names = [subject.name for subject in subjects]
    splits = next(
        splits
        for splits in (split_subjects(names, seed) for seed in range(50))
        if {"copy", "p000"} <= set(splits.train)
    )
    assert len(new_record(splits, subjects).voxels) == COUNT + 1
    apart = next(
        splits
        for splits in (split_subjects(names, seed) for seed in range(50))
        if len({"copy", "p000"} & set(splits.train)) == 1
    )
    with pytest.raises(UserError, match="the CT of 'copy' and 'p000'"):
        new_record(apart, subjects)


def test_the_first_difference_of_two_records_is_named(data, heads):
    before = record_of(data)
    overwrite(data / "p002", None)
    assert before.difference(record_of(data)) == "the ct of subject 'p002' differ"
    shutil.copytree(heads / "p008", data / "a_new_one")
    assert before.difference(record_of(data)) == "subject 'a_new_one' is in one of them only"


def test_assets_without_a_record_are_refused(tmp_path):
    with pytest.raises(UserError, match="of an earlier version"):
        read_record(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", '{"splits": {}}', '{"splits": 3, "contents": {}}'])
def test_a_damaged_record_is_refused(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    with pytest.raises(UserError, match="is damaged"):
        read_record(tmp_path)


CHANGES = strategies.sampled_from(
    ["delete", "add", "overwrite", "rename", "swap", "exchange", "restore", "test"]
)


def disturb(data, heads, change, number, rival):
    """Change the folder of subjects in one of the ways in which people do."""
    folders = sorted(data.iterdir())
    folder, other = folders[number % len(folders)], folders[rival % len(folders)]
    if change == "delete" and len(folders) > 4:
        shutil.rmtree(folder)
    elif change == "add":
        shutil.copytree(
            heads / f"p{COUNT + number % 2:03d}", data / f"a{number % 2}", dirs_exist_ok=True
        )
    elif change == "overwrite":
        overwrite(folder, None)
    elif change == "rename" and not (data / f"z{number}").exists():
        folder.rename(data / f"z{number}")
    elif change == "swap" and folder != other:
        folder.rename(data / "aside")
        other.rename(folder)
        (data / "aside").rename(other)
    elif change == "exchange" and folder != other:
        exchange(folder, other)
    elif change == "restore":
        shutil.rmtree(data)
        fill(data, heads)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    steps=strategies.lists(
        strategies.tuples(CHANGES, strategies.integers(0, 9), strategies.integers(0, 9)),
        max_size=5,
    )
)
def test_no_sequence_of_changes_and_commands_brings_what_trained_into_test(
    heads, tmp_path_factory, steps
):
    """Every command opens test and folds by these two functions, in whatever order."""
    folder = tmp_path_factory.mktemp("sequence")
    data = fill(folder / "data", heads)
    run, record = begin(data, folder)
    trained = voxels_of(folder / "assets", TRIAL_SPLITS)
    for count, (change, number, rival) in enumerate([*steps, ("test", 0, 0)]):
        disturb(data, heads, change, number, rival)
        if change == "test":
            refusals = [
                refusal(step, run, folder / "assets", folder / str(count))
                for step in (find_test, write_test)
            ]
            assert refusals[0] == refusals[1]  # what the one finds, the other opens
            if not (folder / str(count) / "test" / "subjects.json").is_file():
                continue  # refused
            tested = read_split(folder / str(count) / "test").subjects
            assert tuple(subject.name for subject in tested) == record.splits.test
            assert trained.isdisjoint(voxels_of(folder / str(count), ["test"]))


@pytest.mark.parametrize("spoil", ["another split", "another name"])
def test_what_stands_in_place_of_test_is_refused(data, tmp_path, spoil):
    """As the folder of another run that was copied there."""
    run, record = begin(data, tmp_path)
    for _ in range(2):
        assert refusal(write_test, run, tmp_path / "assets", tmp_path / "opened") is None
    written = tmp_path / "opened" / "test"
    if spoil == "another name":
        rename(written, record.splits.test[0], record.splits.train[0])
    else:
        shutil.rmtree(written)
        shutil.copytree(tmp_path / "assets" / "val", written)
        rename(written, record.splits.val[0], record.splits.test[0])
    (tmp_path / "opened" / "seal.json").write_text(json.dumps(seal(written)))
    for step in (find_test, write_test):
        line = refusal(step, run, tmp_path / "assets", tmp_path / "opened")
        assert "opened holds other subjects than the test split of the run: remove " in line


@pytest.mark.parametrize("part", ["mr", "ct", "mask", "native"])
def test_written_test_subjects_that_were_damaged_are_refused(data, tmp_path, part):
    run, _ = begin(data, tmp_path)
    assert refusal(write_test, run, tmp_path / "assets", tmp_path / "opened") is None
    file = min((tmp_path / "opened" / "test").glob(f"*{part}*"))
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    for step in (find_test, write_test):
        line = refusal(step, run, tmp_path / "assets", tmp_path / "opened")
        assert line.endswith(
            f"{file.name} is not what was prepared: remove {tmp_path / 'opened'}, "
            "and give the same command again"
        )


def test_a_test_split_whose_writing_broke_off_is_written_anew(data, tmp_path):
    run, _ = begin(data, tmp_path)
    assert refusal(write_test, run, tmp_path / "assets", tmp_path / "opened") is None
    whole = seal(tmp_path / "opened" / "test")
    (tmp_path / "opened" / "seal.json").unlink()
    next((tmp_path / "opened" / "test").glob("*_ct.npy")).unlink()
    assert refusal(write_test, run, tmp_path / "assets", tmp_path / "opened") is None
    check_seal(tmp_path / "opened" / "test", whole)


def test_a_seal_that_is_damaged_is_named(data, tmp_path):
    run, _ = begin(data, tmp_path)
    assert refusal(write_test, run, tmp_path / "assets", tmp_path / "opened") is None
    (tmp_path / "opened" / "seal.json").write_text("[]")
    line = refusal(find_test, run, tmp_path / "assets", tmp_path / "opened")
    assert "seal.json is damaged, it holds no digests by name: remove " in line


def begin(data, folder):
    """Write the record and the splits of a run."""
    run = parse(SynthesisSettings, {"data": data, "size": 8, "max_depth": 2, "device": "cpu"})
    record = draw_record(run)
    record.write(folder / "assets")
    names = {split: getattr(record.splits, split) for split in TRIAL_SPLITS}
    write_data(folder / "assets", run, record, names, lambda _: None)
    return run, record


def rename(written, before, after):
    """Give a written subject another name."""
    file = written / "subjects.json"
    file.write_text(file.read_text().replace(before, after))


def refusal(step, run, assets, folder):
    """Return why test cannot be opened; None where it can."""
    try:
        step(run, assets, folder, lambda _: None)
    except UserError as error:
        return str(error)
    return None


def test_what_a_search_read_is_what_its_record_says(data, tmp_path):
    run = parse(SynthesisSettings, {"data": data, "size": 8, "max_depth": 2, "device": "cpu"})
    record = draw_record(run)
    record.write(tmp_path / "assets")
    names = {split: getattr(record.splits, split) for split in TRIAL_SPLITS}
    shutil.rmtree(data / record.splits.val[0])
    with pytest.raises(UserError, match=f"'{record.splits.val[0]}' is of the val split"):
        write_data(tmp_path / "assets", run, record, names, lambda _: None)
    assert set(json.loads((tmp_path / "assets" / FILE).read_text())["contents"]) == {
        subject for split in ("train", "val", "ranking", "test")
        for subject in getattr(record.splits, split)
    }  # fmt: skip
