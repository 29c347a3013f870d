import math

import numpy as np
import pytest
from scipy.spatial.distance import dice

from trainables.metrics.similarity import psnr
from trainables.metrics.synthesis import (
    DIRECTIONS,
    FIELD,
    REGIONS,
    SCORES,
    head_mask,
    measure,
    measure_field,
    truth_of,
)

AIR, SOFT, BONE = -1000.0, 40.0, 1000.0


def head_volume(slices=2):
    """A square head of 8 x 8 in air of 12 x 12: a frame of bone, soft tissue, one cavity of 2 x 2.

    A slice has 144 pixels: 80 around the head and 4 in the cavity are air, 28 bone, 32 soft.
    """
    ct = np.full((slices, 12, 12), AIR, dtype=np.float32)
    ct[:, 2:10, 2:10] = BONE
    ct[:, 3:9, 3:9] = SOFT
    ct[:, 5:7, 5:7] = AIR
    return ct


def square(slices=2):
    mask = np.zeros((slices, 12, 12), dtype=bool)
    mask[:, 2:10, 2:10] = True
    return mask


def test_there_are_eight_scores_and_each_knows_its_direction():
    assert SCORES == (
        "mae_head", "mae_air", "mae_bone", "mae_soft",
        "dice_head", "dice_air", "dice_bone", "dice_soft",
    )  # fmt: skip
    assert {s for s in SCORES if DIRECTIONS[s] == "min"} == {f"mae_{r}" for r in REGIONS}
    assert {s for s in SCORES if DIRECTIONS[s] == "max"} == {f"dice_{r}" for r in REGIONS}
    assert tuple(measure(head_volume(), truth_of(head_volume(), None))) == SCORES


def test_a_perfect_prediction():
    scores = measure(head_volume(), truth_of(head_volume(), None))
    assert scores == {s: 0.0 if s.startswith("mae") else 1.0 for s in SCORES}


def test_a_hand_made_volume_has_its_known_scores():
    """Bone 100 HU too high, soft tissue 10 too low, the cavity filled; in one slice of two."""
    ct, prediction = head_volume(), head_volume()
    prediction[0][ct[0] == BONE] += 100
    prediction[0][ct[0] == SOFT] -= 10
    prediction[0, 5:7, 5:7] = SOFT
    scores = measure(prediction, truth_of(ct, None))
    assert all(type(value) is float for value in scores.values())
    cavity = 4 * (SOFT - AIR)
    assert scores == pytest.approx(
        {
            "mae_head": (28 * 100 + 32 * 10 + cavity) / 128,
            "mae_air": cavity / 168,
            "mae_bone": 50.0,
            "mae_soft": 5.0,
            "dice_head": 1.0,
            "dice_air": 2 * 164 / (164 + 168),
            "dice_bone": 1.0,
            "dice_soft": 2 * 64 / (68 + 64),
        }
    )


def test_the_volume_is_measured_and_not_its_slices():
    """A slice without bone takes no part in bone's scores."""
    ct, prediction = head_volume(), head_volume()
    ct[1] = np.where(ct[1] == BONE, SOFT, ct[1])
    prediction[0][ct[0] == BONE] += 60
    prediction[1][:] = ct[1]
    assert measure(prediction, truth_of(ct, None))["mae_bone"] == 60
    assert measure(prediction, truth_of(ct, None))["dice_bone"] == 1


def test_a_mask_is_the_head_of_the_mae_and_not_of_the_dice():
    ct, mask = head_volume(), np.zeros((2, 12, 12), dtype=bool)
    mask[:, 0, :] = True
    prediction = ct.copy()
    prediction[:, 0, :] += 30
    with_mask, without = (measure(prediction, truth_of(ct, m)) for m in (mask, None))
    assert with_mask["mae_head"] == 30
    assert without["mae_head"] == 0
    assert with_mask["dice_head"] == without["dice_head"] == 1
    assert with_mask["mae_air"] == without["mae_air"] == pytest.approx(24 * 30 / 168)


def test_the_ends_of_the_thresholds_belong_to_no_region():
    ct = np.array([[[-501, -500, -499, 299, 300, 500, 501]]], dtype=np.int16)
    regions = truth_of(ct, None).regions
    assert np.flatnonzero(regions["air"]).tolist() == [0]
    assert np.flatnonzero(regions["soft"]).tolist() == [2, 3]
    assert np.flatnonzero(regions["bone"]).tolist() == [6]


@pytest.mark.parametrize("region", ["air", "bone", "soft"])
def test_dice_is_scipy_s(region):
    dice_cup = np.random.default_rng(0)
    ct, prediction = dice_cup.uniform(-1000, 1500, (2, 3, 7, 8))
    holds = {
        "air": lambda hu: hu < -500,
        "bone": lambda hu: hu > 500,
        "soft": lambda hu: (hu > -500) & (hu < 300),
    }[region]
    oracle = 1 - dice(holds(prediction).ravel(), holds(ct).ravel())
    assert 0 < oracle < 1
    assert measure(prediction, truth_of(ct, None))[f"dice_{region}"] == pytest.approx(oracle)


def test_the_dice_of_the_head_is_that_of_the_two_head_masks():
    ct = head_volume()
    prediction = np.full_like(ct, AIR)
    prediction[:, 2:10, 4:12] = SOFT
    scores = measure(prediction, truth_of(ct, None))["dice_head"]
    assert scores == pytest.approx(2 * 8 * 6 / (64 + 64))


def test_a_region_that_is_nowhere():
    ct = np.where(head_volume() == BONE, SOFT, head_volume())
    scores = measure(ct, truth_of(ct, None))
    assert math.isnan(scores["mae_bone"])
    assert scores["dice_bone"] == 1
    invented = measure(head_volume(), truth_of(ct, None))
    assert math.isnan(invented["mae_bone"])
    assert invented["dice_bone"] == 0


def test_one_nan_predicted_is_nan_everywhere():
    prediction = head_volume()
    prediction[0, 0, 0] = np.nan
    scores = measure(prediction, truth_of(head_volume(), None))
    assert tuple(scores) == SCORES
    assert all(math.isnan(value) for value in scores.values())


def test_a_prediction_does_not_change_what_is_measured():
    truth, prediction = truth_of(head_volume(), None), head_volume() + 20
    first = measure(prediction, truth)
    measure(np.zeros_like(prediction), truth)
    assert measure(prediction, truth) == first


def test_shapes_must_fit():
    with pytest.raises(ValueError, match=r"prediction is \(1, 12, 12\), its CT \(2, 12, 12\)"):
        measure(head_volume(1), truth_of(head_volume(2), None))
    with pytest.raises(ValueError, match=r"mask is \(1, 12, 12\)"):
        truth_of(head_volume(2), square(1))
    with pytest.raises(ValueError, match="2 dimensions"):
        head_mask(head_volume()[0])


@pytest.mark.parametrize("slices", [1, 2, 5])
def test_the_head_is_filled_in_every_slice(slices):
    assert np.array_equal(head_mask(head_volume(slices)), square(slices))


def test_no_tissue_no_head():
    ct = np.full((2, 6, 6), AIR)
    assert not head_mask(ct).any()
    scores = measure(ct, truth_of(ct, None))
    assert math.isnan(scores["mae_head"])
    assert scores["dice_head"] == 1


def test_tissue_throughout_is_head_throughout():
    assert head_mask(np.full((2, 6, 6), SOFT)).all()


@pytest.mark.parametrize("wide", [4, 5])
def test_a_gap_in_the_skin_is_closed_up_to_four_pixels(wide):
    """A nostril 4 pixels wide is bridged and what lies behind it filled; one of 5 stays open."""
    ct = np.full((1, 30, 30), AIR)
    ct[0, 5:25, 5:25] = SOFT
    ct[0, 5:18, 12 : 12 + wide] = AIR
    head = head_mask(ct)[0]
    closed = np.zeros((30, 30), dtype=bool)
    closed[5:25, 5:25] = True
    if wide == 5:
        closed[5:18, 12:17] = False
    assert np.array_equal(head, closed)


def test_the_frame_closes_nothing():
    """Tissue 2 pixels from the frame does not grow to meet it; at the frame it is not worn off."""
    ct = np.full((1, 16, 16), AIR)
    ct[0, 2:8, 0:8] = SOFT
    assert np.array_equal(head_mask(ct), ct == SOFT)


def test_the_table_is_not_the_head():
    ct = np.full((3, 30, 30), AIR)
    ct[:, 4:20, 4:26] = SOFT
    head = ct == SOFT
    ct[:, 26:28, :] = SOFT  # 180 pixels in all, the head 1056
    assert np.array_equal(head_mask(ct), head)


def test_the_component_is_one_of_the_volume():
    """Ears apart in one slice belong to the head where another slice joins them."""
    ct = np.full((2, 20, 20), AIR)
    ct[0, 4:16, 4:16] = SOFT
    ct[1, 4:16, 4:6] = ct[1, 4:16, 14:16] = SOFT
    assert np.array_equal(head_mask(ct), ct == SOFT)
    assert head_mask(ct[1:]).sum() == 24  # alone, one of two equals


def test_slices_are_filled_each_by_itself():
    """An airway that opens to the outside in one slice stays head where it is enclosed."""
    ct = np.full((2, 20, 20), AIR)
    ct[:, 2:18, 2:18] = SOFT
    ct[:, 6:13, 6:13] = AIR
    ct[1, :6, 6:13] = AIR
    head = head_mask(ct)
    assert head[0, 6:13, 6:13].all()
    assert not head[1, 6:13, 6:13].any()


def test_signed_errors_tell_too_high_from_too_low_and_predicted_bone_counts_what_is_no_bone():
    ct, mask = head_volume(1), square(1)
    prediction = ct.copy()
    prediction[ct == BONE] -= 100  # 28 voxels
    prediction[0, 3, 3] = 700  # soft tissue that the prediction calls bone
    scores = measure_field(prediction, truth_of(ct, mask))
    assert tuple(scores) == FIELD
    assert scores["bias_bone"] == -100
    assert scores["bias_soft"] == pytest.approx((700 - SOFT) / 32)
    assert scores["bias_air"] == 0
    assert scores["bias_head"] == pytest.approx((-2800 + 700 - SOFT) / 64)
    assert scores["mae_predicted_bone"] == pytest.approx((2800 + 700 - SOFT) / 29)
    assert scores["psnr"] == psnr(prediction, ct, mask)


def test_without_predicted_bone_its_error_is_nan_and_nan_spoils_everything():
    ct = head_volume(1)
    truth = truth_of(ct, None)
    assert math.isnan(measure_field(np.full_like(ct, SOFT), truth)["mae_predicted_bone"])
    spoilt = ct.copy()
    spoilt[0, 0, 0] = np.nan
    assert all(math.isnan(value) for value in measure_field(spoilt, truth).values())
    with pytest.raises(ValueError, match="prediction is"):
        measure_field(ct[:, 1:], truth)
