"""The disk that slices take is what was predicted, and a disk that is too small is said before."""

from types import SimpleNamespace

import pytest

from searchspace.errors import UserError
from trainables.studies.robmednas.settings import RobMedNASSettings
from trainables.synthesis.preparation import space
from trainables.synthesis.preparation.assets import draw_record, open_subjects, write_data
from trainables.synthesis.preparation.space import check_space, predict_bytes


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize(("limit", "neighbours"), [(None, 0), (2, 0), (2, 1)])
def test_what_is_predicted_is_what_is_written(tmp_path, native, limit, neighbours):
    settings = RobMedNASSettings(
        subjects=6, slices=3, size=32, max_depth=2, rank_slices=limit, neighbours=neighbours
    )
    record = draw_record(settings)
    names = {split: getattr(record.splits, split) for split in ("train", "val", "ranking")}
    subjects = {subject.name: subject for subject in open_subjects(settings)}
    need = predict_bytes(subjects, names, settings, native=native)
    write_data(tmp_path, settings, record, names, lambda _: None, native=native)
    written = sum(file.stat().st_size for file in tmp_path.rglob("*.npy"))
    assert need < written < need + 200 * len(list(tmp_path.rglob("*.npy")))  # headers of npy


def test_a_disk_that_is_too_small_is_said_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(space.shutil, "disk_usage", lambda _: SimpleNamespace(free=1e9))
    lines = []
    check_space(tmp_path / "assets" / "new", 0.5e9, lines.append)
    assert lines == ["slices will take 0.5 GB of 1 GB that are free; --pool shares them"]
    check_space(tmp_path, 1e6, lines.append)
    assert len(lines) == 1
    with pytest.raises(UserError, match=r"slices would take 1 GB, but .* has 1 GB"):
        check_space(tmp_path, 1e9, lines.append)
