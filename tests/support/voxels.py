"""What subjects hold, to tell whether one that served is tested."""

import numpy as np

from trainables.synthesis.slices import read_split


def voxels_of(folder, splits):
    """Return what the MR and CT of every subject of some splits hold, on the networks' grid."""
    return {
        np.asarray(part).tobytes()
        for split in splits
        for subject in read_split(folder / split).subjects
        for part in (subject.mr, subject.ct)
    }
