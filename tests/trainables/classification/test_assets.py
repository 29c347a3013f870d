from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from searchspace.errors import UserError
from trainables.classification import assets as module
from trainables.classification.assets import (
    ARRAYS,
    CONTENTS,
    LEFT_OUT,
    TEST,
    LabelledImages,
    at_most,
    evenly,
    open_splits,
    read_data,
    read_pool,
    read_test,
    read_train,
    to_tensors,
    write_data,
    write_test,
)
from trainables.classification.settings import ClassificationSettings
from trainables.data.copies.near import find_near_copies
from trainables.data.dataset import OFFICIAL_SPLITS, Dataset, Images
from trainables.data.splits import Splits, make_splits

CPU = torch.device("cpu")
SETTINGS = ClassificationSettings()


def quiet(_line):
    pass


def made_up_dataset() -> Dataset:
    """RGB images with two labels each; pixels tell images and splits apart."""
    random = np.random.default_rng(0)

    def images(count: int) -> Images:
        labels = random.integers(0, 2, (count, 2))
        labels[:4] = [[0, 0], [0, 1], [1, 0], [1, 1]]
        return Images(random.integers(0, 256, (count, 8, 8, 3)).astype(np.uint8), labels)

    return Dataset("made-up", "multi-label", ("a", "b"), images(60), images(20), images(30), "", "")


@pytest.fixture
def dataset() -> Dataset:
    return made_up_dataset()


@pytest.fixture
def splits(dataset) -> Splits:
    return make_splits(dataset, 0.3, "left-out", 12, seed=0)


def test_what_is_written_is_read(dataset, splits, tmp_path):
    write_data(tmp_path / "new" / "folder", dataset, splits)
    data = read_data(tmp_path / "new" / "folder", CPU)
    assert (data.task, data.classes) == ("multi-label", ("a", "b"))
    for split in ("train", "val", "ranking"):
        expected, labelled = splits.take(dataset, split), getattr(data, split)
        assert len(labelled) == len(expected)
        assert labelled.images.dtype == torch.uint8
        assert labelled.labels.dtype == torch.int64
        assert np.array_equal(labelled.images.numpy(), expected.pixels.transpose(0, 3, 1, 2))
        assert np.array_equal(labelled.labels.numpy(), expected.labels)


def test_splits_are_recorded(dataset, splits, tmp_path):
    write_data(tmp_path, dataset, splits)
    assert Splits.load(tmp_path / "splits.npz").digest == splits.digest


def test_no_test_image_is_written(dataset, splits, tmp_path):
    """By content, in every array of the folder."""
    write_data(tmp_path, dataset, splits)
    secret = {image.tobytes() for image in dataset.test.pixels}
    written: list[bytes] = []
    for path in tmp_path.glob("*.npz"):
        with np.load(path, allow_pickle=False) as arrays:
            pictures = [array for array in arrays.values() if array.ndim == 4]
        written += [picture.tobytes() for array in pictures for picture in array]
    assert len(written) == len(splits.autoencoder) + len(splits.val) + len(splits.ranking)
    assert secret.isdisjoint(written)


def test_channels_come_first():
    pixels = np.arange(2 * 3 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3, 3)
    tensors = to_tensors(Images(pixels, np.array([0, 1])), CPU)
    assert tensors.images.is_contiguous()
    assert tensors.images[1, 2, 0, 1] == pixels[1, 0, 1, 2]


def test_channels_of_volumes_come_first():
    pixels = np.arange(2 * 3 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 3, 4, 5, 3)
    tensors = to_tensors(Images(pixels, np.array([0, 1])), CPU)
    assert tensors.images.is_contiguous()
    assert tensors.images.shape == (2, 3, 3, 4, 5)
    assert tensors.images[1, 2, 2, 3, 4] == pixels[1, 2, 3, 4, 2]


def test_settings_choose_dataset_and_splits():
    asked = ClassificationSettings(fraction=0.2, ranking_from="val", ranking_images=30, seed=4)
    dataset, splits = open_splits(asked, quiet)
    expected = make_splits(dataset, 0.2, "val", 30, 4, find_near_copies(dataset))
    assert dataset.name == "phantom"
    assert splits.digest == expected.digest
    assert splits.notes == expected.notes
    assert splits.near_copies == expected.near_copies


def test_near_copies_are_kept_where_the_user_says_so(monkeypatch, dataset):
    dataset.test.pixels[3] = dataset.train.pixels[5]
    monkeypatch.setattr(module, "open_dataset", lambda *_, **__: dataset)
    usual = ClassificationSettings(fraction=0.2)
    _, splits = open_splits(usual, quiet)
    assert splits.test_near.tolist() == [3]
    assert splits.near_copies["test"] == 1
    _, official = open_splits(usual.model_copy(update={"keep_near": True}), quiet)
    assert official.near_copies is None
    assert official.test_near.tolist() == []
    assert official.digest == make_splits(dataset, 0.2, "auto", 256, 0).digest
    assert official.notes[-1] == (
        "Near copies are not looked for (--keep-near): the official sets are used as they are."
    )


# What the run was prepared with is what every later command works on


def digests_of(images: Images) -> list[bytes]:
    return [
        pixels.tobytes() + labels.tobytes()
        for pixels, labels in zip(images.pixels, images.labels, strict=True)
    ]


def test_all_training_images_that_are_not_set_apart_are_written_once(dataset, splits, tmp_path):
    write_data(tmp_path, dataset, splits)
    pool = read_pool(tmp_path)
    assert digests_of(pool) == digests_of(splits.take(dataset, "autoencoder"))
    with np.load(tmp_path / LEFT_OUT) as arrays:
        assert len(arrays["images"]) == len(splits.autoencoder) - len(splits.train)


def test_another_seed_trains_on_other_images_and_on_none_that_is_set_apart(
    dataset, splits, tmp_path
):
    write_data(tmp_path, dataset, splits, seed=0)
    own, pool = read_data(tmp_path, CPU).train, digests_of(splits.take(dataset, "autoencoder"))
    apart = {*digests_of(splits.take(dataset, "val")), *digests_of(splits.take(dataset, "ranking"))}
    for seed in (1, 1000):
        train = read_train(tmp_path, CPU, seed)
        pixels = train.images.permute(0, 2, 3, 1).numpy()
        digests = digests_of(Images(pixels, train.labels.numpy()))
        assert set(digests) <= set(pool) - apart
        assert len(set(digests)) == len(digests) >= len(own)
        assert not torch.equal(train.images[: len(own)], own.images)


def test_the_runs_own_seed_and_older_runs_train_on_the_runs_own_images(dataset, splits, tmp_path):
    write_data(tmp_path / "new", dataset, splits, seed=7)
    assert read_train(tmp_path / "new", CPU, 7) is None
    (tmp_path / "new" / LEFT_OUT).unlink()
    assert read_train(tmp_path / "new", CPU, 8) is None
    write_data(tmp_path / "old", dataset, splits)
    assert read_train(tmp_path / "old", CPU, 8) is None


@pytest.mark.parametrize("name", ["train", "val", "ranking"])
def test_images_of_the_run_that_were_changed_are_refused(name, dataset, splits, tmp_path):
    write_data(tmp_path, dataset, splits)
    with np.load(tmp_path / ARRAYS) as npz:
        arrays = dict(npz)
    arrays[f"{name}_images"][2, 0, 0, 0] ^= 1
    np.savez(tmp_path / ARRAYS, **arrays)
    count = len(getattr(splits, name))
    with pytest.raises(
        UserError,
        match=rf"{ARRAYS}: the {name} images are not .*: 1 of {count} have other content \(2\);",
    ):
        read_data(tmp_path, CPU)
    (tmp_path / CONTENTS).unlink()  # an older run, which recorded no digests
    assert len(read_data(tmp_path, CPU).val) == 20


def test_left_out_images_that_were_changed_are_refused(dataset, splits, tmp_path):
    write_data(tmp_path, dataset, splits)
    with np.load(tmp_path / LEFT_OUT) as npz:
        arrays = dict(npz)
    np.savez(tmp_path / LEFT_OUT, **{name: array[::-1] for name, array in arrays.items()})
    with pytest.raises(UserError, match=r"training images are not .*: their order changed;"):
        read_pool(tmp_path)


def changed(dataset: Dataset, change: str, split: str, number: int) -> Dataset:
    """Return the dataset as it might be found after the run was prepared."""
    images = dataset.official(split)
    pixels, labels = images.pixels.copy(), images.labels.copy()
    number %= len(images)
    everything = np.arange(len(images))
    foreign = dataset.official("val" if split == "train" else "train")
    if change == "pixel":
        pixels[number, 0, 0, 0] ^= 1
    elif change == "label":
        labels[number, 0] ^= 1
    elif change == "delete":
        pixels, labels = (np.delete(array, number, axis=0) for array in (pixels, labels))
    elif change == "permute":
        order = np.roll(everything, number + 1)
        pixels, labels = pixels[order], labels[order]
    elif change == "grow":  # by images that may have trained, chosen or ranked
        rows = (number + np.arange(4)) % len(foreign)
        pixels = np.concatenate([foreign.pixels[rows], pixels])
        labels = np.concatenate([foreign.labels[rows], labels])
    elif change == "replace":
        pixels[number], labels[number] = foreign.pixels[0], foreign.labels[0]
    elif change == "exchange":
        return replace(dataset, train=dataset.test, test=dataset.train)
    return replace(dataset, **{split: Images(pixels, labels)})


REFUSAL = "made-up: the test images are not those that the run was prepared with: "


@pytest.mark.parametrize(
    ("change", "split", "refusal"),
    [
        *(
            (change, split, None)
            for change in ("pixel", "label", "delete", "permute", "grow", "replace")
            for split in ("train", "val")
        ),
        ("permute", "test", None),
        ("grow", "test", None),
        ("pixel", "test", "1 of 30 have other content (7)"),
        ("label", "test", "1 of 30 have other content (7)"),
        ("delete", "test", "1 of 30 are missing (7)"),
        ("replace", "test", "1 of 30 have other content (7)"),
        ("exchange", "test", "30 of 30 have other content (0, 1, 2, 3, 4 and 25 more)"),
    ],
)
def test_the_recorded_test_images_are_opened_or_it_is_said_what_changed(
    change, split, refusal, dataset, splits, tmp_path, monkeypatch
):
    write_data(tmp_path, dataset, splits)
    present, lines = changed(dataset, change, split, 7), []
    monkeypatch.setattr(module, "open_dataset", lambda *_, **__: present)
    if refusal:
        with pytest.raises(UserError) as error:
            write_test(tmp_path / "test", tmp_path, SETTINGS, lines.append)
        assert str(error.value) == f"{REFUSAL}{refusal}; restore the data, or start a new run"
        assert not (tmp_path / "test").exists()
        return
    write_test(tmp_path / "test", tmp_path, SETTINGS, lines.append)
    with np.load(tmp_path / "test" / TEST) as arrays:
        written = Images(arrays["images"], arrays["labels"])
    assert digests_of(written) == digests_of(dataset.test)
    assert lines == (
        ["4 test images were added to made-up since the run was prepared: they are not used"]
        if (change, split) == ("grow", "test")
        else []
    )


changes = st.tuples(
    st.sampled_from(["pixel", "label", "delete", "permute", "grow", "replace", "exchange"]),
    st.sampled_from(OFFICIAL_SPLITS),
    st.integers(0, 59),
)
commands = st.one_of(
    changes, st.sampled_from(["resume", "other seed", "confirm", "lose test", "spoil test"])
)


def refusal_of(folder, assets):
    try:
        write_test(folder, assets, SETTINGS, quiet)
    except UserError as error:
        return str(error)
    return None


@settings(max_examples=30)
@given(sequence=st.lists(commands, max_size=8), ranking_from=st.sampled_from(["left-out", "val"]))
def test_no_sequence_of_commands_brings_what_served_into_test(
    sequence, ranking_from, tmp_path_factory
):
    """Whatever the dataset becomes in between, and however often test is opened."""
    folder, dataset = tmp_path_factory.mktemp("run"), made_up_dataset()
    present, test = dataset, folder / "test" / TEST
    splits = make_splits(dataset, 0.3, ranking_from, 10, 0, find_near_copies(dataset))
    write_data(folder, dataset, splits)
    served: set[bytes] = set()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "open_dataset", lambda *_, **__: present)
        for command in [*sequence, "resume", "other seed", "confirm"]:
            if isinstance(command, tuple):
                present = changed(present, *command)
            elif command == "resume":
                data = read_data(folder, CPU)
                for part in (data.train, data.val, data.ranking):
                    pixels = part.images.numpy().transpose(0, 2, 3, 1)
                    served |= set(digests_of(Images(pixels.copy(), part.labels.numpy())))
            elif command == "other seed":
                served |= set(digests_of(read_pool(folder)))
            elif command == "lose test":
                test.unlink(missing_ok=True)
            elif command == "spoil test" and test.exists():
                pixels = present.train.pixels
                np.savez(test, images=pixels, labels=present.train.labels, near=pixels[:, 0, 0, 0])
            elif command == "confirm":
                refusal = refusal_of(test.parent, folder)
                if refusal is not None:
                    assert "test images are not those that the run was prepared with" in refusal
                    assert "\n" not in refusal
                    continue
                images = read_test(test.parent, CPU)
                pixels = images.images.numpy().transpose(0, 2, 3, 1).copy()
                met = digests_of(Images(pixels, images.labels.numpy()))
                assert met == digests_of(dataset.test)
                assert served.isdisjoint(met)
    assert served == set(digests_of(dataset.train)) | set(digests_of(dataset.val))


def test_an_older_run_does_not_say_which_test_images_it_has(dataset, splits, tmp_path):
    write_data(tmp_path, dataset, splits)
    (tmp_path / CONTENTS).unlink()
    with pytest.raises(UserError, match="was prepared by an older version: start a new run"):
        write_test(tmp_path / "test", tmp_path, SETTINGS, quiet)


def test_test_images_with_near_copies_are_marked(dataset, tmp_path, monkeypatch):
    for number, source in ((4, dataset.train), (9, dataset.val)):
        dataset.test.pixels[number] = source.pixels[number] // 2 + 90
        source.pixels[number] = source.pixels[number] // 2 + 91
    splits = make_splits(dataset, 0.3, "left-out", 12, 0, find_near_copies(dataset))
    write_data(tmp_path, dataset, splits)
    present = replace(dataset, test=dataset.test.take(np.arange(30)[::-1]))
    monkeypatch.setattr(module, "open_dataset", lambda *_, **__: present)
    write_test(tmp_path / "test", tmp_path, SETTINGS, quiet)
    data = read_test(tmp_path / "test", CPU)
    assert np.flatnonzero(data.near).tolist() == [4, 9]
    assert torch.equal(at_most(data, 30).near, data.near)
    part = at_most(data, 8)
    rows = [(data.images == image).flatten(1).all(1).nonzero().item() for image in part.images]
    assert torch.equal(part.near, data.near[rows])


def test_test_images_that_an_older_version_wrote_bear_no_mark(dataset, tmp_path):
    np.savez(tmp_path / TEST, images=dataset.test.pixels, labels=dataset.test.labels)
    assert read_test(tmp_path, CPU).near is None


@pytest.mark.parametrize("count", [2, 7, 13, 29, 30])
def test_a_part_has_its_share_of_every_label_and_no_image_twice(count):
    labels = torch.tensor([0] * 20 + [1] * 10)[torch.randperm(30, generator=torch.Generator())]
    data = LabelledImages(torch.arange(30)[:, None, None, None], labels)
    part = at_most(data, count)
    numbers = part.images.flatten()
    assert len(numbers.unique()) == len(part) == count
    assert torch.equal(part.labels, labels[numbers])
    assert abs(int((part.labels == 1).sum()) - count / 3) <= 1
    assert torch.equal(at_most(data, count).images, part.images)


def test_a_part_no_smaller_than_the_whole_is_the_whole():
    data = LabelledImages(torch.zeros(3, 1, 2, 2), torch.tensor([[1, 0], [0, 0], [1, 1]]))
    assert at_most(data, 3) is at_most(data, 9) is data
    assert len(at_most(data, 2)) == 2


def test_an_even_part_takes_as_many_of_each_class_as_there_are():
    labels = torch.tensor([0] * 50 + [1] * 3 + [2] * 9)
    data = LabelledImages(torch.arange(62)[:, None, None, None], labels, torch.arange(62) % 2 == 0)
    part = evenly(data, 20)
    assert torch.bincount(part.labels).tolist() == [9, 3, 8]
    numbers = part.images.flatten()
    assert len(numbers.unique()) == 20
    assert torch.equal(part.labels, labels[numbers])
    assert torch.equal(part.near, numbers % 2 == 0)
    assert torch.equal(evenly(data, 20).images, part.images)
    assert evenly(data, 62) is data


def test_an_even_part_has_images_of_every_label():
    labels = torch.zeros(60, 3, dtype=torch.int64)
    labels[:40, 0] = 1
    labels[38:44, 1] = 1
    labels[57:, 2] = 1
    part = evenly(LabelledImages(torch.zeros(60, 1, 2, 2), labels), 15)
    assert part.labels.sum(dim=0).tolist() == [6, 4, 3]  # two of the second have the first, too
