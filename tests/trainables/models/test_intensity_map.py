import numpy as np
import pytest
from scipy.stats import binned_statistic

from trainables.models.intensity_map import IntensityMap


def draw(seed, shape=(3, 20, 20)):
    rng = np.random.default_rng(seed)
    mr = rng.normal(0, 1, shape)
    return mr, 300 * mr**2 - 500 + rng.normal(0, 20, shape)


def test_it_is_the_mean_ct_of_each_bin():
    mr, ct = draw(0)
    fitted = IntensityMap.fit([(mr, ct, None)], bins=15)
    oracle = binned_statistic(mr.ravel(), ct.ravel(), "mean", bins=15, range=(-5, 10)).statistic
    filled = ~np.isnan(oracle)
    assert filled.sum() > 4
    np.testing.assert_allclose(fitted.ct[filled], oracle[filled], rtol=1e-5)


def test_batches_are_as_good_as_the_whole():
    mr, ct = draw(1)
    full = IntensityMap.fit([(mr, ct, None)])
    parts = IntensityMap.fit((mr[i : i + 1], ct[i : i + 1], None) for i in range(3))
    np.testing.assert_allclose(parts.ct, full.ct, rtol=1e-5)


def test_only_the_mask_is_learnt_from():
    mr, ct = draw(2)
    mask = np.zeros(mr.shape, dtype=bool)
    mask[:, 5:15, 5:15] = True
    masked = IntensityMap.fit([(mr, np.where(mask, ct, -1000), mask)])
    alone = IntensityMap.fit([(mr[mask], ct[mask], None)])
    np.testing.assert_allclose(masked.ct, alone.ct, rtol=1e-5)


def test_predictions_keep_the_shape_and_the_bins():
    fitted = IntensityMap(ct=np.array([-1000, 0, 40], dtype=np.float32))
    mr = np.array([[-4.9, -0.1, 0.1], [4.9, 5.1, 9.9]])
    assert fitted.predict(mr).tolist() == [[-1000, -1000, 0], [0, 40, 40]]


def test_the_ends_are_open():
    fitted = IntensityMap(ct=np.array([-1000, 0, 40], dtype=np.float32))
    assert fitted.predict(np.array([-100.0, -5.0, 10.0, 1e9])).tolist() == [-1000, -1000, 40, 40]
    far = IntensityMap.fit([(np.array([-70.0, 80.0]), np.array([1.0, 2.0]), None)], bins=2)
    assert far.ct.tolist() == [1, 2]


def test_empty_bins_lie_on_the_line_between_their_neighbours():
    mr, ct = np.array([-3.5, -0.5, 2.5]), np.array([-900.0, 0.0, 300.0])
    fitted = IntensityMap.fit([(mr, ct, None)], bins=15)
    assert fitted.ct[:8].tolist() == [-900, -900, -600, -300, 0, 100, 200, 300]
    assert set(fitted.ct[8:].tolist()) == {300}


def test_where_mr_determines_ct_nothing_is_left_to_predict():
    mr = np.random.default_rng(3).integers(-4, 9, (2, 30, 30)) + 0.5
    ct = 100 * mr
    fitted = IntensityMap.fit([(mr, ct, None)], bins=15)
    np.testing.assert_allclose(fitted.predict(mr), ct, rtol=1e-6)


def test_nothing_to_learn_from_is_an_error():
    mr, ct = draw(4)
    for batches in ([], [(mr, ct, np.zeros(mr.shape, dtype=bool))]):
        with pytest.raises(ValueError, match="no voxel"):
            IntensityMap.fit(batches)
    with pytest.raises(ValueError, match="do not pair"):
        IntensityMap.fit([(mr, ct[:1], None)])
    with pytest.raises(ValueError, match="do not pair"):
        IntensityMap.fit([(mr, ct, np.ones(mr.shape[1:], dtype=bool))])
