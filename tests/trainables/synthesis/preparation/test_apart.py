"""Test subjects that earlier runs trained, chose or ranked on are refused, by content."""

import gzip
import json
import shutil

import pytest

from searchspace.errors import UserError
from trainables.data.phantoms.heads import phantom_subjects, write_nifti
from trainables.runtime.config import parse
from trainables.synthesis.preparation.apart import check_apart, used_items
from trainables.synthesis.preparation.assets import SUBJECTS, draw_record, splits_of
from trainables.synthesis.preparation.record import FILE, read_record
from trainables.synthesis.settings import SynthesisSettings

COUNT = 14


@pytest.fixture(scope="module")
def heads(tmp_path_factory):
    folder = tmp_path_factory.mktemp("heads") / "all"
    write_nifti(phantom_subjects(COUNT, 8, 1, 256.0, 0), folder, lambda _: None)
    return folder


@pytest.fixture
def prepared(tmp_path):
    """Write what a run writes down of its subjects."""

    def prepare(name, **values):
        settings = parse(SynthesisSettings, {"device": "cpu", **values})
        record, folder = draw_record(settings), tmp_path / name
        record.write(folder)
        splits = splits_of(record, settings)
        names = {split: getattr(splits, split) for split in ("train", "val", "ranking")}
        (folder / SUBJECTS).write_text(json.dumps(names))
        return folder

    return prepare


def shared(first, second):
    """Count the test subjects of the second that the first does not test."""
    tested = (set(read_record(folder).splits.test) for folder in (first, second))
    before, after = tested
    return len(after - before)


def test_with_the_same_splits_nothing_is_refused(prepared, heads):
    first = prepared("first", data=heads)
    items = used_items(first)
    assert len(items) == 4 * (COUNT - len(read_record(first).splits.test))
    check_apart(first, items)
    check_apart(prepared("second", data=heads), items)


def test_with_other_splits_the_line_says_how_many_and_what_to_do(prepared, heads):
    first, second = prepared("first", data=heads), prepared("second", data=heads, data_seed=1)
    count = shared(first, second)
    assert count > 0
    with pytest.raises(UserError, match=rf"^{count} of 2 test subjects of this run") as error:
        check_apart(second, used_items(first))
    for words in ("--data-seed", "--test-site", "without --warm-start"):
        assert words in str(error.value)


def repacked(heads, folder):
    """Copy heads into files that hold the same voxels in other bytes."""
    shutil.copytree(heads, folder)
    for file in folder.rglob("*.nii.gz"):
        file.write_bytes(gzip.compress(gzip.decompress(file.read_bytes()), 1))
    return folder


def test_the_same_voxels_in_other_files_are_the_same_subjects(prepared, heads, tmp_path):
    again = repacked(heads, tmp_path / "again")
    first, second = prepared("first", data=heads), prepared("second", data=again, data_seed=1)
    contents = [
        {digest for digests in read_record(run).contents.values() for digest in digests.values()}
        for run in (first, second)
    ]
    assert contents[0].isdisjoint(contents[1])
    with pytest.raises(UserError, match=rf"^{shared(first, second)} of 2 test subjects"):
        check_apart(second, used_items(first))


def test_phantom_heads_that_were_written_as_files_are_the_same_subjects(prepared, heads):
    made = prepared("made", subjects=COUNT, size=8, slices=1, max_depth=2)
    with pytest.raises(UserError, match=r"^\d of 2 test subjects"):
        check_apart(prepared("read", data=heads, data_seed=1), used_items(made))


def test_records_of_earlier_versions_are_compared_by_their_files(prepared, heads, tmp_path):
    first, second = prepared("first", data=heads), prepared("second", data=heads, data_seed=1)
    again = prepared("again", data=repacked(heads, tmp_path / "repacked"), data_seed=1)
    values = json.loads((first / FILE).read_text())
    del values["voxels"]
    (first / FILE).write_text(json.dumps(values))
    assert len(used_items(first)) == 2 * 12
    with pytest.raises(UserError, match=rf"^{shared(first, second)} of 2 test subjects"):
        check_apart(second, used_items(first))
    check_apart(again, used_items(first))  # these cannot be told


def test_a_site_that_trained_before_is_no_test(prepared, heads):
    site = prepared("site", data=heads, test_site="p000,p001")
    other = prepared("other", data=heads, test_site="p002")
    with pytest.raises(UserError, match=r"^1 of 1 test subjects"):
        check_apart(other, used_items(site))


def test_a_subject_of_another_name_is_told_by_its_mr_or_its_ct(prepared, heads, tmp_path):
    first = prepared("first", data=heads)
    renamed = shutil.copytree(heads, tmp_path / "renamed")
    name = read_record(first).splits.train[0]
    (renamed / name).rename(renamed / "zebra")
    second = prepared("second", data=renamed, test_site="zebra")
    with pytest.raises(UserError, match=r"^1 of 1 test subjects"):
        check_apart(second, used_items(first))
    mr, ct = (read_record(second).contents["zebra"][part] for part in ("mr", "ct"))
    for digest in (mr, ct):
        with pytest.raises(UserError, match=r"^1 of 1 test subjects"):
            check_apart(second, (digest,))


def test_subjects_that_the_papers_subset_leaves_out_were_not_used(prepared, heads):
    first = prepared("first", data=heads, subset="paper")
    assert len(used_items(first)) == 4 * 6


def test_other_phantoms_are_other_subjects(prepared):
    first, second = (prepared(str(seed), subjects=8, data_seed=seed) for seed in (0, 1))
    check_apart(second, used_items(first))


def test_a_run_that_does_not_say_what_it_used_is_refused(prepared, heads):
    first = prepared("first", data=heads)
    (first / SUBJECTS).write_text('{"train": ["nobody"]}')
    with pytest.raises(UserError, match=r"subjects\.json is missing or damaged"):
        used_items(first)
    (first / SUBJECTS).unlink()
    with pytest.raises(UserError, match=r"subjects\.json is missing or damaged"):
        used_items(first)
    (first / FILE).unlink()
    with pytest.raises(UserError, match="of an earlier version"):
        used_items(first)
