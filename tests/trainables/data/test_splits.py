from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from searchspace.errors import UserError
from trainables.data.copies.near import find_near_copies
from trainables.data.dataset import OFFICIAL_SPLITS, Dataset, Images
from trainables.data.datasets import open_dataset
from trainables.data.splits import SPLITS, Splits, make_splits


def made_up(task="multi-class", n=(60, 20, 12), n_classes=3, levels=256, seed=0, p=None):
    """A dataset of tiny images; with few grey levels many images are exact copies of others."""
    rng = np.random.default_rng(seed)
    parts = []
    for length in n:
        pixels = rng.integers(0, levels, (length, 2, 2, 1), dtype=np.uint8)
        if task == "multi-label":
            labels = (rng.random((length, n_classes)) < 0.2).astype(np.int64)
        else:
            labels = rng.choice(n_classes, length, p=p)
        parts.append(Images(pixels, labels))
    classes = tuple(f"class {number}" for number in range(n_classes))
    return Dataset("toy", task, classes, *parts, "none", "made up")


datasets = st.builds(
    made_up,
    task=st.sampled_from(["multi-class", "multi-label"]),
    n=st.tuples(st.integers(10, 90), st.integers(8, 40), st.integers(1, 20)),
    n_classes=st.integers(2, 4),
    levels=st.sampled_from([3, 4, 6, 256]),
    seed=st.integers(0, 1000),
)
arguments = {
    "dataset": datasets,
    "fraction": st.floats(0.05, 1),
    "ranking_from": st.sampled_from(["auto", "left-out", "val"]),
    "ranking_images": st.integers(4, 60),
    "seed": st.integers(0, 50),
}


def splits_or_reject(*args):
    try:
        return make_splits(*args)
    except UserError:
        assume(False)  # too few images; the messages have tests of their own
        raise


def contents(images):
    return [image.tobytes() for image in images.pixels]


@given(**arguments)
def test_ranking_shares_no_image_with_anything(
    dataset, fraction, ranking_from, ranking_images, seed
):
    splits = splits_or_reject(dataset, fraction, ranking_from, ranking_images, seed)
    ranking = splits.take(dataset, "ranking")
    for split in ("train", "val", "test", "autoencoder"):
        assert not set(contents(ranking)) & set(contents(splits.take(dataset, split))), split
        if splits.origin(split) == splits.origin("ranking"):
            assert not set(splits.ranking) & set(getattr(splits, split)), split
    assert len(set(contents(ranking))) == len(ranking)


@given(**arguments)
def test_nothing_else_is_lost(dataset, fraction, ranking_from, ranking_images, seed):
    splits = splits_or_reject(dataset, fraction, ranking_from, ranking_images, seed)
    indices_of = {"train": splits.autoencoder, "val": splits.val, "test": splits.test}
    indices_of[splits.origin("ranking")] = np.union1d(
        indices_of[splits.origin("ranking")], splits.ranking
    )
    for split, indices in indices_of.items():
        assert indices.tolist() == list(range(len(dataset.official(split))))
    assert set(splits.train) <= set(splits.autoencoder)


@given(**arguments)
def test_train_is_stratified(dataset, fraction, ranking_from, ranking_images, seed):
    splits = splits_or_reject(dataset, fraction, ranking_from, ranking_images, seed)
    official, train = dataset.train.labels, dataset.train.labels[splits.train]
    if dataset.task == "multi-label":
        assert (train.any(axis=0) == official.any(axis=0)).all()
        # strata are rounded one by one, and a label may need an image more
        assert abs(len(train) - fraction * len(official)) <= 1 + 2 * dataset.n_classes
        return
    for number in range(dataset.n_classes):
        count = int((official == number).sum())
        expected = max(floor(Fraction(str(fraction)) * count + Fraction(1, 2)), min(count, 1))
        assert (train == number).sum() == expected


@given(**arguments)
def test_ranking_is_stratified_and_bounded(dataset, fraction, ranking_from, ranking_images, seed):
    splits = splits_or_reject(dataset, fraction, ranking_from, ranking_images, seed)
    left_out = len(dataset.train) - len(splits.train)
    pool = left_out if splits.ranking_from == "left-out" else len(dataset.val)
    assert dataset.n_classes <= len(splits.ranking) <= min(ranking_images, pool // 2)
    if dataset.task == "multi-label":
        return
    assume(
        len(set(contents(dataset.train)) | set(contents(dataset.val)))
        == len(dataset.train) + len(dataset.val)
    )
    assume(not set(contents(dataset.test)) & set(contents(dataset.train) + contents(dataset.val)))
    origin = dataset.official(splits.origin("ranking")).labels
    usable = np.delete(origin, splits.train) if splits.ranking_from == "left-out" else origin
    counts = np.bincount(usable, minlength=dataset.n_classes)
    chosen = np.bincount(origin[splits.ranking], minlength=dataset.n_classes)
    quotas = counts * len(splits.ranking) / counts.sum()
    assert (chosen[counts > 0] >= 1).all()
    if (quotas[counts > 0] >= 1).all():
        assert (np.abs(chosen - quotas) < 1).all()


@given(**arguments)
def test_auto_takes_left_out_where_it_offers_more_than_half_of_val(
    dataset, fraction, ranking_from, ranking_images, seed
):
    splits = splits_or_reject(dataset, fraction, "auto", ranking_images, seed)
    all_contents = [
        content
        for split in ("train", "val", "test")
        for content in contents(dataset.official(split))
    ]
    left_out = np.delete(dataset.train.pixels, splits.train, axis=0)
    unique = sum(all_contents.count(image.tobytes()) == 1 for image in left_out)
    more = min(len(left_out) // 2, unique) > len(dataset.val) / 2
    assert splits.ranking_from == ("left-out" if more else "val")


@given(**arguments)
def test_equal_arguments_equal_splits_and_nested_fractions(
    dataset, fraction, ranking_from, ranking_images, seed
):
    splits = splits_or_reject(dataset, fraction, ranking_from, ranking_images, seed)
    again = make_splits(dataset, fraction, ranking_from, ranking_images, seed)
    assert again.digest == splits.digest
    assert again.notes == splits.notes
    for split in SPLITS:
        np.testing.assert_array_equal(getattr(splits, split), getattr(again, split))
        assert getattr(splits, split).dtype == np.int64
    full = splits_or_reject(dataset, 1.0, "val", ranking_images, seed)
    assert full.train.tolist() == list(range(len(dataset.train)))
    elsewhere = splits_or_reject(dataset, fraction, "val", ranking_images, seed)
    np.testing.assert_array_equal(elsewhere.train, splits.train)
    if dataset.task != "multi-label":
        more = splits_or_reject(dataset, min(1.0, 1.5 * fraction), "val", ranking_images, seed)
        assert set(splits.train) <= set(more.train)


def test_seeds_differ():
    dataset = made_up(n=(200, 60, 20))
    digests, trains, rankings = set(), set(), set()
    for seed in range(10):
        splits = make_splits(dataset, 0.2, "auto", 40, seed)
        digests.add(splits.digest)
        trains.add(splits.train.tobytes())
        rankings.add(splits.ranking.tobytes())
    assert len(digests) == len(trains) == len(rankings) == 10
    rankings = {make_splits(dataset, 1.0, "val", 40, seed).ranking.tobytes() for seed in range(10)}
    assert len(rankings) == 10


def test_every_split_enters_the_digest():
    splits = make_splits(made_up(), 0.2, "val", 256, 0)
    digests = {splits.digest}
    for split in SPLITS:
        fields = {name: getattr(splits, name) for name in SPLITS}
        fields[split] = fields[split][1:]
        digests.add(Splits(**fields, ranking_from="val").digest)
    fields = {name: getattr(splits, name) for name in SPLITS}
    digests.add(Splits(**fields, ranking_from="left-out").digest)
    assert len(digests) == 7


@pytest.mark.parametrize("ranking_from", ["left-out", "val"])
def test_save_and_load(ranking_from, tmp_path):
    splits = make_splits(made_up(levels=5), 0.2, ranking_from, 256, 0)
    path = tmp_path / "splits"
    splits.save(path)
    loaded = Splits.load(path)
    assert loaded.digest == splits.digest
    assert loaded.notes == splits.notes
    assert loaded.notes
    assert loaded.ranking_from == ranking_from


def test_take_reads_the_split_that_the_indices_refer_to():
    dataset = made_up()
    for ranking_from, origin in (("left-out", dataset.train), ("val", dataset.val)):
        splits = make_splits(dataset, 0.2, ranking_from, 256, 0)
        ranking = splits.take(dataset, "ranking")
        np.testing.assert_array_equal(ranking.pixels, origin.pixels[splits.ranking])
        np.testing.assert_array_equal(ranking.labels, origin.labels[splits.ranking])
    assert contents(splits.take(dataset, "test")) == contents(dataset.test)


def test_rare_class_is_in_train_and_ranking():
    dataset = made_up(n=(400, 40, 40), p=[0.97, 0.02, 0.01], seed=1)
    splits = make_splits(dataset, 0.01, "auto", 20, 0)
    for split in ("train", "ranking"):
        assert set(splits.take(dataset, split).labels) == {0, 1, 2}


@pytest.mark.parametrize("seed", range(40))
def test_every_label_has_a_positive(seed):
    dataset = made_up("multi-label", (300, 60, 20), n_classes=6, seed=seed)
    labels = dataset.train.labels
    labels[:, :3] = 0
    # Each image of label 0 stands in the stratum of a rarer label, 1 or 2, and none may be drawn.
    for number, positives in enumerate(([0, 1, 2, 3, 4, 5], [0, 1, 2, 6, 7], [3, 4, 5, 8, 9])):
        labels[positives, number] = 1
    splits = make_splits(dataset, 0.02, "auto", 256, seed)
    assert labels[splits.train].any(axis=0).all()


def test_copies_do_not_rank_and_are_told():
    rng = np.random.default_rng(0)
    pixels = rng.permutation(256**2)[:140]
    pixels = np.stack([pixels % 256, pixels // 256] * 2, -1).reshape(140, 2, 2, 1).astype(np.uint8)
    pixels[1:5] = pixels[0]  # five copies in train
    pixels[100:103] = pixels[10:13]  # three of val are in train
    pixels[120] = pixels[20]  # one of test is in train
    labels = np.arange(140) % 2
    parts = [Images(pixels[a:b], labels[a:b]) for a, b in ((0, 100), (100, 120), (120, 140))]
    dataset = Dataset("toy", "binary", ("no", "yes"), *parts, "none", "made up")
    splits = make_splits(dataset, 0.04, "left-out", 256, 0)
    assert not set(splits.ranking) & {0, 1, 2, 3, 4, 10, 11, 12, 20}
    copies = len({0, 1, 2, 3, 4, 10, 11, 12, 20} - set(splits.train))
    assert splits.notes[1:] == (
        f"Images not used for ranking, as their pixels occur more than once: {copies}.",
        "Images that the official train and val splits share: 3; kept.",
        "Images that the official train and test splits share: 1; kept.",
    )
    splits = make_splits(dataset, 0.04, "val", 256, 0)
    assert not set(splits.ranking) & {0, 1, 2}
    assert "occur more than once: 3." in splits.notes[1]


def test_notes_tell_sizes_and_missing_classes():
    dataset = made_up(n=(60, 20, 12), n_classes=3)
    dataset.test.labels[:] = np.arange(12) % 3
    dataset.val.labels[:] = np.arange(20) % 2  # class 2 never
    splits = make_splits(dataset, 0.2, "left-out", 256, 0)
    train, ranking = len(splits.train), len(splits.ranking)
    first, *rest = splits.notes
    assert first == (
        f"Trains on {train} of 60 training images, chooses the epoch on 20 and ranks trials on "
        f"{ranking}, training images that the fraction leaves out; 12 test images are for "
        "test alone."
    )
    assert rest == ["No image of class 2 in val."]


def with_copies(dataset, seed, share):
    """Replace some images by brighter versions of any others, of whichever split."""
    rng = np.random.default_rng(seed)
    pixels = np.concatenate([dataset.official(split).pixels for split in OFFICIAL_SPLITS])
    pixels = (pixels // 2 + 40).repeat(4, axis=1).repeat(4, axis=2)
    for number in rng.permutation(len(pixels))[: round(share * len(pixels))]:
        pixels[number] = pixels[rng.integers(len(pixels))] + np.uint8(rng.integers(0, 7))
    ends = np.cumsum([len(dataset.official(split)) for split in OFFICIAL_SPLITS])[:-1]
    labels = [dataset.official(split).labels for split in OFFICIAL_SPLITS]
    parts = map(Images, np.split(pixels, ends), labels)
    return Dataset(dataset.name, dataset.task, dataset.classes, *parts, "none", "made up")


copied = st.builds(
    with_copies, datasets, st.integers(0, 1000), st.sampled_from([0.0, 0.1, 0.4, 0.8])
)


def groups_of(near, splits, name):
    return near.groups[splits.origin(name)][getattr(splits, name)].tolist()


@given(**arguments | {"dataset": copied}, largest=st.sampled_from([2, 100]))
def test_no_group_of_near_copies_has_images_in_two_splits(
    dataset, fraction, ranking_from, ranking_images, seed, largest
):
    near = find_near_copies(dataset, largest)
    splits = splits_or_reject(dataset, fraction, ranking_from, ranking_images, seed, near)
    parts = {
        name: set(groups_of(near, splits, name)) - {-1}  # chained images are judged pair by pair
        for name in ("autoencoder", "val", "ranking")
    }
    assert sum(map(len, parts.values())) == len(set.union(*parts.values()))
    assert len(parts["ranking"]) == len(splits.ranking)
    assert parts["ranking"].isdisjoint(groups_of(near, splits, "test"))
    assert set(splits.train) <= set(splits.autoencoder)
    assert not near.near["val", "train"][splits.val].any()
    assert splits.test.tolist() == list(range(len(dataset.test)))


@given(**arguments | {"dataset": copied})
def test_near_copies_cost_no_more_than_they_must(
    dataset, fraction, ranking_from, ranking_images, seed
):
    """What serves nothing is a copy of what does, and that is counted."""
    near = find_near_copies(dataset)
    splits = splits_or_reject(dataset, fraction, ranking_from, ranking_images, seed, near)
    official = splits_or_reject(dataset, fraction, ranking_from, ranking_images, seed)
    assert splits.train.tolist() == official.train.tolist()
    served = {name: set(groups_of(near, splits, name)) for name in ("autoencoder", "ranking")}
    used = {"train": set(splits.autoencoder.tolist()), "val": set(splits.val.tolist())}
    used[splits.origin("ranking")] |= set(splits.ranking.tolist())
    for split, indices in used.items():
        unused = set(range(len(dataset.official(split)))) - indices
        assert splits.near_copies["dropped"][split] == len(unused)
        groups = set(near.groups[split][list(unused)].tolist())
        assert groups <= set.union(*served.values())
    in_test = near.near["test", "train"] | near.near["test", "val"]
    assert splits.test_near.tolist() == np.flatnonzero(in_test).tolist()
    assert splits.near_copies["test"] == in_test.sum()


def test_near_copies_are_told_and_recorded(tmp_path):
    dataset = with_copies(made_up(n=(60, 20, 12)), 0, 0.3)
    near = find_near_copies(dataset)
    splits = make_splits(dataset, 0.2, "auto", 256, 0, near)
    dropped = splits.near_copies["dropped"]
    assert splits.notes[1] == (
        f"{near.line} Left out: {dropped['train']} of 60 training images and {dropped['val']} of "
        f"20 validation images; {len(splits.test_near)} of 12 test images have near copies in "
        "train or val, and test is scored with and without them."
    )
    assert splits.near_copies == near.counts | {"dropped": dropped, "test": len(splits.test_near)}
    assert min(len(splits.test_near), dropped["val"], dropped["ranking"]) > 0
    splits.save(tmp_path / "splits.npz")
    loaded = Splits.load(tmp_path / "splits.npz")
    assert loaded.near_copies == splits.near_copies
    assert loaded.test_near.tolist() == splits.test_near.tolist()


def test_splits_without_near_copies_are_those_of_the_official_sets():
    rng = np.random.default_rng(0)
    parts = [
        Images(rng.integers(0, 256, (n, 8, 8, 1)).astype(np.uint8), np.arange(n) % 2)
        for n in (200, 60, 20)
    ]
    dataset = Dataset("toy", "binary", ("no", "yes"), *parts, "none", "made up")
    official = make_splits(dataset, 0.2, "auto", 40, 0)
    apart = make_splits(dataset, 0.2, "auto", 40, 0, find_near_copies(dataset))
    assert apart.digest == official.digest
    assert official.near_copies is None
    assert official.test_near.tolist() == []


def test_splits_of_older_runs_say_nothing_of_near_copies(tmp_path):
    splits = make_splits(made_up(), 0.2, "auto", 256, 0)
    splits.save(tmp_path / "splits.npz")
    with np.load(tmp_path / "splits.npz") as npz:
        arrays = {name: npz[name] for name in npz if "near" not in name}
    np.savez(tmp_path / "splits.npz", **arrays)
    loaded = Splits.load(tmp_path / "splits.npz")
    assert loaded.digest == splits.digest
    assert loaded.near_copies is None
    assert loaded.test_near.tolist() == []


def test_where_near_copies_leave_nothing_the_remedy_is_named():
    part = made_up().train
    images = Images(part.pixels.repeat(4, axis=1), part.labels)
    dataset = Dataset("toy", "multi-class", ("a", "b", "c"), images, images, images, "", "")
    with pytest.raises(UserError, match=r"offers 0 images, .*, or say --keep-near$"):
        make_splits(dataset, 0.2, "auto", 256, 0, find_near_copies(dataset))
    fresh = Images(made_up(seed=1).test.pixels.repeat(4, axis=1), made_up(seed=1).test.labels)
    dataset = Dataset("toy", "multi-class", ("a", "b", "c"), images, images, fresh, "", "")
    with pytest.raises(UserError, match="every validation image of toy is near one of train: say"):
        make_splits(dataset, 0.2, "left-out", 256, 0, find_near_copies(dataset))


@pytest.mark.parametrize("fraction", [0, -0.1, 1.5, float("nan"), float("inf")])
def test_fraction_out_of_range(fraction):
    with pytest.raises(
        UserError, match=rf"^fraction {fraction}: give a share of the training images"
    ):
        make_splits(made_up(), fraction, "auto", 256, 0)


@pytest.mark.parametrize("n_train", [60, 61, 546, 7007])
def test_smallest_useful_fraction_is_named_and_works(n_train):
    dataset = made_up(n=(n_train, 40, 10))
    with pytest.raises(UserError, match="fewer than one for each of the 3 classes of toy") as error:
        make_splits(dataset, 1e-5, "auto", 256, 0)
    least = float(str(error.value).rpartition("at least ")[2])
    assert 3 / n_train <= least < 3 / n_train + 1e-6
    assert len(make_splits(dataset, least, "auto", 256, 0).train) >= 3
    with pytest.raises(UserError):
        make_splits(dataset, least - 2e-6, "auto", 256, 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1.0, "left-out", 256, 0), "from left-out: offers 0 images.* take a smaller fraction"),
        ((0.2, "val", 2, 0), "2 ranking images: give at least one for each of the 3 classes"),
        ((0.2, "auto", -5, 0), "-5 ranking images: give at least one"),
        ((0.2, "auto", 256, -1), "seed -1: give 0 or more"),
    ],
)
def test_too_few_to_rank(arguments, message):
    with pytest.raises(UserError, match=message):
        make_splits(made_up(), *arguments)


def test_nothing_but_copies_to_rank():
    part = made_up().train
    dataset = Dataset("toy", "multi-class", ("a", "b", "c"), part, part, part, "none", "made up")
    with pytest.raises(UserError, match="from val: offers 0 images, fewer than one for each of"):
        make_splits(dataset, 0.2, "auto", 256, 0)


def test_too_small_a_validation_split():
    with pytest.raises(UserError, match="from val: offers 2 images, fewer than one for each of"):
        make_splits(made_up(n=(60, 5, 12)), 0.2, "val", 256, 0)


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("fraction", "sizes"),
    [
        # val; ranking; autoencoder; left out of train and val
        (0.1, (50, 218, 300, 28, 28)),
        (1.0, (25, 25, 546, 0, 28)),
    ],
)
def test_official_file_without_near_copies(fraction, sizes, shared_data):
    dataset = open_dataset("breastmnist", 28, shared_data / "medmnist", print)
    splits = make_splits(dataset, fraction, "auto", 256, 0, find_near_copies(dataset))
    dropped = splits.near_copies["dropped"]
    counts = len(splits.val), len(splits.ranking), len(splits.autoencoder)
    assert (*counts, dropped["train"], dropped["val"]) == sizes
    assert len(splits.test_near) == 48  # 44 near train, 4 more near val alone


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "fraction", "sizes"),
    [
        # train per class; val; ranking; autoencoder. A copy of a test image is among Breast's 546.
        ("breastmnist", 0.01, ((1, 4), 78, 256, 290)),
        ("breastmnist", 0.1, ((15, 40), 78, 245, 301)),
        ("breastmnist", 1.0, ((147, 399), 39, 39, 546)),
        ("pneumoniamnist", 0.01, ((12, 35), 524, 256, 4452)),
        ("pneumoniamnist", 1.0, ((1214, 3494), 268, 256, 4708)),
    ],
)
def test_official_files(name, fraction, sizes, shared_data):
    dataset = open_dataset(name, 28, shared_data / "medmnist", print)
    splits = make_splits(dataset, fraction, "auto", 256, 0)
    train = tuple(np.bincount(dataset.train.labels[splits.train]).tolist())
    assert (train, len(splits.val), len(splits.ranking), len(splits.autoencoder)) == sizes
    ranking = set(contents(splits.take(dataset, "ranking")))
    for split in ("train", "val", "test", "autoencoder"):
        assert not ranking & set(contents(splits.take(dataset, split)))
