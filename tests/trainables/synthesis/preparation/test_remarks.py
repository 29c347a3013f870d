"""What is said of the subjects of a run."""

import numpy as np

from trainables.data.grid import to_slices
from trainables.data.volumes import Volume
from trainables.studies.robmednas.settings import RobMedNASSettings
from trainables.synthesis.preparation.remarks import Remarks, some


def volume(mask=None, slices=1, notes=()):
    ct = np.full((32, 32, slices), -1000.0, dtype=np.float32)
    ct[8:24, 8:24] = 40
    ct[10:12, 8:24:2] = 900
    return Volume(ct + 1000, ct, mask, (1.0, 1.0, 1.0), notes)


def remarks_of(volumes, size=32, ranks=False):
    settings = RobMedNASSettings(size=size, field_mm=32.0, max_depth=2)
    remarks = Remarks(settings)
    for number, item in enumerate(volumes):
        remarks.see(item, to_slices(f"s{number}", item, size, 32.0), ranks=ranks)
    return remarks


def test_heads_of_mask_files_and_computed_ones_are_not_mixed_without_a_word():
    mask = np.zeros((32, 32, 1), dtype=bool)
    mask[8:24, 8:24] = True
    alike = remarks_of([volume(mask), volume(mask)])
    assert not any("mask" in line for line in alike.lines())
    (line,) = [
        text
        for text in remarks_of([volume(mask), volume(), volume(mask)]).lines()
        if "mask" in text
    ]
    assert line.startswith("s1 have no mask file, unlike the other 2")
    (line,) = [
        text for text in remarks_of([volume(mask), volume(), volume()]).lines() if "mask" in text
    ]
    assert line.startswith("s0 have a mask file")


def test_a_coarse_grid_is_warned_of_by_subjects_that_rank():
    assert not any("perfect" in line for line in remarks_of([volume()], ranks=True).lines())
    assert not any("perfect" in line for line in remarks_of([volume()], size=8).lines())
    lines = list(remarks_of([volume()], size=8, ranks=True).lines())
    assert any(
        "scores are of pixels of 4 mm" in line and "voxels of 1 mm" in line for line in lines
    )
    assert "a pixel is 4 voxels wide: give --size up to 32" in lines
    fine = list(remarks_of([volume()], size=24, ranks=True).lines())
    assert any("perfect network" in line for line in fine)
    assert not any("voxels wide" in line for line in fine)


def test_single_slices_and_notes_of_files_are_said_once():
    lines = list(remarks_of([volume(notes=("odd",)), volume(notes=("odd",))]).lines())
    assert "s0, s1: odd" in lines
    assert any("one slice" in line for line in lines)
    assert not any("one slice" in line for line in remarks_of([volume(slices=2)]).lines())


def test_long_lists_are_cut():
    assert some([str(number) for number in range(10)]) == "0, 1, 2, 3, 4, 5, 6, 7 and 2 more"
