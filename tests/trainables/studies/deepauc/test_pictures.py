"""Pictures: drawn curves have the areas they state; volumes show three slices."""

import numpy as np
import pytest
import torch

from trainables.classification.assets import Data, LabelledImages
from trainables.metrics.orders.rank_scores import average_precision, roc_auc
from trainables.models.classifiers import build_classifier
from trainables.studies.deepauc.pictures import (
    LINE,
    SIDE,
    WHITE,
    attack_val,
    draw_attacks,
    draw_curves,
    draw_scores,
    recall_picture,
    roc_picture,
)

EPS = (0.0, 2 / 255, 8 / 255)


def ranked(seed=0):
    rng = np.random.default_rng(seed)
    positive = np.arange(80) < 30
    return rng.normal(size=80) + positive, positive


@pytest.mark.parametrize(
    ("draw", "score"), [(roc_picture, roc_auc), (recall_picture, average_precision)]
)
def test_the_filled_part_of_a_curve_is_its_area(draw, score):
    scores, positive = ranked()
    filled = (draw([(scores, positive)]) < WHITE).mean()
    assert filled == pytest.approx(score(scores, positive), abs=0.03)


@pytest.fixture(params=[(12, 12), (9, 9, 9)], ids=["images", "volumes"])
def studio(request):
    shape = request.param
    random = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (16, 1, *shape), dtype=torch.uint8, generator=random)
    split = LabelledImages(images, torch.arange(16) % 2)
    torch.manual_seed(0)
    classifier = build_classifier("cnn", 1, shape, 2, dropout=0.0).eval()
    return classifier, Data("binary", ("no", "yes"), split, split, split)


def test_every_sheet_is_whole(studio, tmp_path):
    classifier, data = studio
    answers = attack_val({"winner": classifier, "baseline": classifier}, data, EPS, seed=0)
    curves, scores = draw_curves(answers, EPS), draw_scores(answers, EPS)
    attacks = draw_attacks(classifier, data, EPS[-1], seed=0)
    assert curves.rows == scores.rows == ("winner", "baseline")
    assert len(curves.columns) == 2 * len(EPS)
    assert scores.columns[0].high == max(column.cells.max() for column in scores.columns)
    kinds = 3 if data.val.images.ndim == 5 else 1
    assert len(attacks.columns) == 2 * kinds
    change = np.concatenate([np.abs(column.cells).ravel() for column in attacks.columns[1::2]])
    assert 0 < change.max() <= EPS[-1] + 1e-6
    for sheet in (curves, scores, attacks):
        sheet.write(tmp_path / f"{sheet.name}.npz")


def test_curves_stand_in_a_frame_beside_what_chance_gives(studio):
    classifier, data = studio
    sheet = draw_curves(attack_val({"winner": classifier}, data, EPS, seed=0), EPS)
    radii = ("clean", "2/255", "8/255")
    titles = [column.title for column in sheet.columns]
    assert titles == [f"{kind}, {radius}" for kind in ("ROC", "PR") for radius in radii]
    roc, recall = (sheet.columns[number].cells[0] for number in (0, 3))
    assert roc.shape == (SIDE + 2, SIDE + 2)
    for picture in (roc, recall):
        assert (picture[[0, -1]] == LINE).all()
        assert (picture[:, [0, -1]] == LINE).all()
    middle = roc[1:-1, 1:-1]
    assert middle[-1, 0] == middle[SIDE - 1 - 8, 8] == LINE  # the diagonal, dashed
    assert (recall[1 + round((SIDE - 1) / 2), 1:-1] == LINE).sum() >= SIDE // 2  # half are positive


def test_an_attack_moves_the_scores_of_both_classes_together(studio):
    classifier, data = studio
    (answers,) = attack_val({"winner": classifier}, data, EPS, seed=0)
    gaps = []
    for row in range(len(EPS)):
        values, positive = answers.columns(row)[0]
        gaps.append(values[positive].mean() - values[~positive].mean())
    assert gaps[0] > gaps[1] > gaps[2]
