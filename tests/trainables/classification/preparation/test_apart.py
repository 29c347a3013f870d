"""Test images that earlier runs trained, chose or ranked on are refused, by their pixels."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from searchspace.errors import UserError
from trainables.classification import assets as module
from trainables.classification.assets import (
    ARRAYS,
    CONTENTS,
    LEFT_OUT,
    TEST,
    write_data,
    write_test,
)
from trainables.classification.preparation.apart import (
    FOLDER,
    check_apart,
    check_model,
    used_items,
)
from trainables.classification.settings import ClassificationSettings
from trainables.data.copies.near import find_near_copies
from trainables.data.dataset import OFFICIAL_SPLITS, Dataset, Images
from trainables.data.splits import make_splits
from trainables.runtime.folders import cache_folder

SIZES = {"train": 60, "val": 20, "test": 30}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def made_up(seed=0) -> Dataset:
    random = np.random.default_rng(seed)
    parts = {
        split: Images(
            random.integers(0, 256, (count, 8, 8, 1)).astype(np.uint8), np.arange(count) % 2
        )
        for split, count in SIZES.items()
    }
    return Dataset("made-up", "binary", ("a", "b"), **parts, licence="", source="")


@pytest.fixture
def prepared(tmp_path):
    """Write what a run writes down of its images."""

    def prepare(name, dataset, seed=0):
        splits = make_splits(dataset, 0.3, "auto", 12, seed, find_near_copies(dataset))
        write_data(tmp_path / name, dataset, splits, seed=seed)
        return tmp_path / name

    return prepare


def moved(dataset, source, row, target) -> Dataset:
    """Exchange an image for one of another official split."""
    parts = {name: dataset.official(name) for name in {source, target}}
    copies = {name: Images(part.pixels.copy(), part.labels.copy()) for name, part in parts.items()}
    rows = {name: row % len(part) for name, part in parts.items()}
    for name, other in ((source, target), (target, source)):
        copies[name].pixels[rows[name]] = parts[other].pixels[rows[other]]
        copies[name].labels[rows[name]] = parts[other].labels[rows[other]]
    return replace(dataset, **copies)


def test_runs_with_the_same_images_of_each_split_are_apart(prepared):
    first, second = prepared("first", made_up()), prepared("second", made_up(), seed=3)
    items = used_items(first)
    assert used_items(second) == items
    assert [len(item) for item in items] == [64]
    shutil.rmtree(cache_folder())  # as on another machine
    check_apart(second, items)


@pytest.mark.parametrize("source", ["train", "val"])
def test_an_image_that_served_is_no_test_whatever_its_label_is(prepared, source):
    first, dataset = prepared("first", made_up()), moved(made_up(), source, 7, "test")
    dataset.test.labels[7] ^= 1
    with pytest.raises(UserError, match=r"^1 of 30 test images of this run trained, chose or"):
        check_apart(prepared("second", dataset), used_items(first))


def test_a_file_whose_splits_were_rearranged_is_refused_in_one_line(prepared):
    first, dataset = prepared("first", made_up()), made_up()
    second = prepared("second", replace(dataset, train=dataset.test, test=dataset.train))
    with pytest.raises(UserError, match=r"^60 of 60 test images") as error:
        check_apart(second, used_items(first))
    assert "do without its configs (--warm-start, --tuned)" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_test_image_that_the_dataset_has_twice_is_no_finding(prepared):
    """It is a near copy, which test is scored with and without."""
    first, dataset = prepared("first", made_up(1)), made_up()
    dataset.test.pixels[3] = dataset.train.pixels[5] = made_up(1).train.pixels[0]
    check_apart(prepared("second", dataset), used_items(first))
    dataset.train.pixels[5] = 0
    with pytest.raises(UserError, match=r"^1 of 30 test images"):
        check_apart(prepared("third", dataset), used_items(first))


def test_what_a_run_on_other_images_used_has_to_be_known(prepared):
    first, second = prepared("first", made_up(1)), prepared("second", made_up())
    items = used_items(first)
    check_apart(second, items)
    (file,) = (cache_folder() / FOLDER).iterdir()
    np.save(file, np.load(file)[1:])  # another set than its name says
    for _ in range(2):
        with pytest.raises(UserError, match=rf"is not known here \(set {items[0][:12]}\): name"):
            check_apart(second, items)
        file.unlink(missing_ok=True)
    used_items(first)
    check_apart(second, items)


def test_runs_of_earlier_versions_are_read_by_their_images(prepared):
    first, dataset = prepared("first", made_up()), moved(made_up(), "train", 7, "test")
    with np.load(first / CONTENTS) as npz:
        np.savez(first / CONTENTS, **{name: npz[name] for name in OFFICIAL_SPLITS})
    second = prepared("second", dataset)
    for file in (None, CONTENTS):
        if file:
            (first / file).unlink()
        with pytest.raises(UserError, match=r"^1 of 30 test images"):
            check_apart(second, used_items(first))
        check_apart(prepared("third", made_up()), used_items(first))
    (first / LEFT_OUT).unlink()
    assert len(used_items(first)) == 1
    (first / ARRAYS).unlink()
    with pytest.raises(UserError, match=f"{ARRAYS} is missing"):
        used_items(first)


# Saved classifiers that a run makes images with


def test_a_model_of_the_same_splits_may_be_a_source(prepared, tmp_path):
    first, second = prepared("run/assets", made_up()), prepared("second", made_up())
    assert check_model(second, tmp_path / "run" / "best", "--source") is None
    assert check_model(second, first.parent / "trials" / "t001", "--source") is None


def test_a_model_that_trained_on_what_ranks_here_is_refused(prepared, tmp_path):
    prepared("run/assets", made_up())
    other = prepared("other", made_up(), seed=3)
    with pytest.raises(UserError, match=r"on \d+ ranking images of this run: give the --seed"):
        check_model(other, tmp_path / "run" / "best", "--source")


def test_a_model_that_trained_on_what_is_test_here_is_refused(prepared, tmp_path):
    dataset = made_up()
    prepared("run/assets", replace(dataset, train=dataset.test, test=dataset.train))
    with pytest.raises(UserError, match=r"on 30 test images of this run.*or another --source"):
        check_model(prepared("other", dataset), tmp_path / "run" / "best", "--source")


def test_what_a_run_has_twice_itself_is_no_reason_to_refuse(prepared, tmp_path):
    dataset = made_up()
    dataset.test.pixels[3] = dataset.train.pixels[5]
    prepared("run/assets", dataset)
    assert check_model(prepared("other", dataset), tmp_path / "run" / "best", "--source") is None


@pytest.mark.parametrize(
    "place", ["mine", "run/mine", "run/copies/t001", "elsewhere/best", "elsewhere/trials/r01"]
)
def test_a_model_whose_images_are_not_known_is_refused_unless_the_user_vouches(
    prepared, tmp_path, place
):
    """A copy in the folder of another run says nothing of where it trained."""
    prepared("run/assets", made_up())
    other = prepared("other", made_up())
    words = f"on which images {tmp_path / place} trained is not known"
    with pytest.raises(UserError, match=f"^{words}, so that --source may carry") as error:
        check_model(other, tmp_path / place, "--source")
    assert "RUN/trials/t001" in str(error.value)
    assert str(error.value).endswith("add --allow-unknown-source")
    assert "\n" not in str(error.value)
    text = check_model(other, tmp_path / place, "--source", allow_unknown=True)
    assert text.startswith(f"{words}, which --allow-unknown-source allows")
    assert "\n" not in text


@pytest.mark.parametrize("place", ["training/trials/r01", "best"])
def test_a_training_of_a_confirmation_trained_on_the_images_of_its_run(prepared, tmp_path, place):
    prepared("run/assets", made_up())
    model = tmp_path / "run" / "confirm" / place
    assert check_model(prepared("same", made_up()), model, "--source") is None
    for vouched in (False, True):
        with pytest.raises(UserError, match=r"on \d+ ranking images of this run: give the --seed"):
            check_model(
                prepared("other", made_up(), seed=3), model, "--source", allow_unknown=vouched
            )


def test_a_run_that_kept_no_digests_tells_nothing_of_its_models(prepared, tmp_path):
    (prepared("run/assets", made_up()) / CONTENTS).unlink()
    with pytest.raises(UserError, match="is not known"):
        check_model(prepared("other", made_up()), tmp_path / "run" / "best", "--source")


# Runs that start from others: whatever becomes of the dataset in between


def rearranged(dataset, rng) -> Dataset:
    """Return the dataset as people might change it; no image is there twice."""
    change, row = rng.choice(["move", "label", "permute", "exchange", "new"]), rng.integers(60)
    first, second = rng.permutation(OFFICIAL_SPLITS)[:2].tolist()
    if change == "move":
        return moved(dataset, first, int(row), second)
    if change == "exchange" and rng.random() < 0.3:
        return replace(dataset, train=dataset.test, test=dataset.train)
    images = dataset.official(first)
    pixels, labels = images.pixels.copy(), images.labels.copy()
    if change == "permute":
        pixels, labels = pixels[::-1], labels[::-1]
    elif change == "label":
        labels[row % len(labels)] ^= 1
    elif change == "new":
        pixels[row % len(labels)] = rng.integers(0, 256, (8, 8, 1))
    return replace(dataset, **{first: Images(pixels, labels)})


def pixels_in(folder, file):
    with np.load(folder / file) as arrays:
        return {image.tobytes() for name in arrays if "images" in name for image in arrays[name]}


def test_no_sequence_of_runs_and_changes_brings_what_served_into_test(
    tmp_path, prepared, monkeypatch
):
    """A run starts from one before it, and any run is confirmed at any time."""
    tested, refusals = 0, set()
    for number in range(12):
        rng, present, runs = np.random.default_rng(number), made_up(), []
        for step in range(12):
            name = f"{number}-{step}"
            if rng.random() < 0.5:
                present = rearranged(present, rng)
                continue
            before = runs[rng.integers(len(runs))] if runs else (None, (), set())
            try:
                if rng.random() < 0.6 or not runs:
                    assets = prepared(name, present, int(rng.integers(3)))
                    check_apart(assets, before[1])
                    items = {*before[1], *used_items(assets)}
                    served = before[2] | pixels_in(assets, ARRAYS) | pixels_in(assets, LEFT_OUT)
                    runs.append((assets, items, served))
                    continue
                monkeypatch.setattr(module, "open_dataset", lambda *_, data=present, **__: data)
                write_test(tmp_path / f"{name}-test", before[0], ClassificationSettings(), print)
            except UserError as error:
                refusals.add(str(error).partition(" test images ")[2][:20])
                continue
            assert before[2].isdisjoint(pixels_in(tmp_path / f"{name}-test", TEST))
            tested += 1
    assert tested > 5, "nothing was tested, so nothing was tried"
    assert refusals == {"of this run trained,", "are not those that t"}
