import gc
import os
import re
import subprocess
import sys
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from searchspace.errors import UserError
from trainables.data import medmnist
from trainables.data.datasets import open_dataset

NAMES_2D = [name for name in medmnist.table() if not name.endswith("3d")]
NAMES_3D = [name for name in medmnist.table() if name.endswith("3d")]
ROOT = Path(__file__).resolve().parents[3]


def quiet(line):
    raise AssertionError(f"nothing to say, but said: {line}")


def test_table_says_what_medmnist_says():
    table = medmnist.table()
    assert len(NAMES_2D) == 12
    assert len(table) == 18
    facts = {
        name: (entry.task, entry.channels, len(entry.classes))
        for name, entry in table.items()
        if name in {"pathmnist", "chestmnist", "retinamnist", "breastmnist"}
    }
    assert facts == {
        "pathmnist": ("multi-class", 3, 9),
        "chestmnist": ("multi-label", 1, 14),
        "retinamnist": ("ordinal", 3, 5),
        "breastmnist": ("binary", 1, 2),
    }
    breast = table["breastmnist"]
    assert breast.classes == ("malignant", "normal, benign")
    assert breast.files[28].md5 == "750601b1f35ba3300ea97c75c52ff8f6"
    assert all(tuple(table[name].files) == (28, 64, 128, 224) for name in NAMES_2D)
    assert all(tuple(table[name].files) == (28, 64) for name in NAMES_3D)


def test_table_missing(monkeypatch):
    monkeypatch.setattr(medmnist, "find_spec", lambda _: None)
    with pytest.raises(UserError, match="pip install"):
        medmnist.table.__wrapped__()


@pytest.mark.parametrize(
    ("name", "size"),
    [
        *((name, 28) for name in NAMES_2D),
        ("breastmnist", 64),
        ("pathmnist", 128),
        ("chestmnist", 224),
    ],
)
def test_every_2d_dataset_is_read(name, size, fake, tmp_path):
    arrays = fake(name, size)
    dataset = open_dataset(name, size, tmp_path, quiet)
    entry = medmnist.table()[name]
    assert (dataset.name, dataset.size, dataset.channels) == (name, size, entry.channels)
    assert (dataset.task, dataset.classes) == (entry.task, entry.classes)
    for split in ("train", "val", "test"):
        images = dataset.official(split)
        pixels, labels = arrays[f"{split}_images"], arrays[f"{split}_labels"]
        np.testing.assert_array_equal(images.pixels, pixels.reshape(images.pixels.shape))
        np.testing.assert_array_equal(images.labels, np.squeeze(labels))
        assert images.labels.ndim == (2 if name == "chestmnist" else 1)


@pytest.mark.parametrize(("name", "size"), [*((name, 28) for name in NAMES_3D), (NAMES_3D[0], 64)])
def test_every_3d_dataset_is_read(name, size, fake, tmp_path):
    arrays = fake(name, size)
    dataset = open_dataset(name, size, tmp_path, quiet, volumes=True)
    assert (dataset.shape, dataset.channels, dataset.volumes) == ((size,) * 3, 1, True)
    assert dataset.cites == ("medmnist",)
    for split in ("train", "val", "test"):
        images = dataset.official(split)
        np.testing.assert_array_equal(images.pixels[..., 0], arrays[f"{split}_images"])
        np.testing.assert_array_equal(images.labels, arrays[f"{split}_labels"][:, 0])


def test_a_flat_image_is_no_volume(fake, tmp_path):
    arrays = fake("adrenalmnist3d")
    arrays["val_images"] = arrays["val_images"][:, 0]
    path = tmp_path / "adrenalmnist3d.npz"
    np.savez(path, **arrays)
    with pytest.raises(UserError, match=re.escape("(15, 28, 28), expected uint8 (N, 28, 28, 28)")):
        medmnist.parse(path, medmnist.table()["adrenalmnist3d"], 28)


def without(key, arrays):
    return {name: array for name, array in arrays.items() if name != key}


def changed(key, change, arrays):
    return {**arrays, key: change(arrays[key])}


def with_nan(array):
    array = array.astype(float)
    array[0] = np.nan
    return array


FAULTS = {
    "key missing": (partial(without, "val_labels"), "lacks val_labels"),
    "other keys": (lambda arrays: {"x": np.zeros(3)}, "lacks train_images, train_labels, val_im"),
    "float images": (partial(changed, "train_images", np.float32), "train_images is float32"),
    "NaN images": (partial(changed, "val_images", with_nan), "val_images holds NaN"),
    "NaN labels": (partial(changed, "test_labels", with_nan), "test_labels holds NaN"),
    "float labels": (partial(changed, "test_labels", np.float64), "test_labels is float64"),
    "text labels": (partial(changed, "test_labels", np.str_), "test_labels is <U"),
    "objects": (
        partial(changed, "test_labels", lambda a: a.astype(object)),
        "not an npz file of plain arrays",
    ),
    "flat labels": (partial(changed, "train_labels", np.ravel), "train_labels is uint8 (30,)"),
    "two labels": (partial(changed, "train_labels", lambda a: np.tile(a, 2)), "expected integer"),
    "colour": (
        partial(changed, "train_images", lambda a: np.stack([a] * 3, -1)),
        "(30, 28, 28, 3)",
    ),
    "other size": (partial(changed, "train_images", lambda a: a[:, 1:, 1:]), "(30, 27, 27)"),
    "a number": (
        partial(changed, "train_images", lambda a: np.uint8(3)),
        "train_images is uint8 ()",
    ),
    "label 2": (partial(changed, "val_labels", lambda a: a + 1), "val: labels from 1 to 2"),
    "label -1": (
        partial(changed, "val_labels", lambda a: a.astype(int) - 1),
        "labels from -1 to 0",
    ),
    "lengths": (
        partial(changed, "test_labels", lambda a: a[1:]),
        "16 test_images, but 15 test_labels",
    ),
    "empty": (lambda arrays: {name: array[:0] for name, array in arrays.items()}, "no images"),
}


def assert_one_line(error, path, *fragments):
    line = str(error.value)
    for fragment in (str(path), *fragments):
        assert fragment in line
    assert "\n" not in line
    assert "delete it" in line


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_in_the_arrays(fault, fake, tmp_path):
    change, message = FAULTS[fault]
    path = tmp_path / "breastmnist.npz"
    arrays = change(fake("breastmnist"))
    np.savez(path, **arrays)
    entry = medmnist.table()["breastmnist"]
    with pytest.raises(UserError) as error:
        medmnist.parse(path, entry, 28)
    assert_one_line(error, path, message)


def test_multi_label_rows_must_fit(fake, tmp_path):
    arrays = fake("chestmnist")
    path = tmp_path / "chestmnist.npz"
    entry = medmnist.table()["chestmnist"]
    np.savez(path, **(arrays | {"train_labels": arrays["train_labels"][:, :13]}))
    with pytest.raises(UserError, match=re.escape("(30, 13), expected integer (N, 14)")):
        medmnist.parse(path, entry, 28)
    np.savez(path, **(arrays | {"train_labels": arrays["train_labels"] * 2}))
    with pytest.raises(UserError, match="labels from 0 to 2, expected 0 to 1"):
        medmnist.parse(path, entry, 28)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: content[:-30],
        lambda content: b"<html>502 Bad Gateway</html>",
        lambda content: b"\x93NUMPY" + content,
        lambda content: content[:3000] + bytes(100) + content[3100:],
    ],
    ids=["empty", "half", "tail missing", "web page", "npy", "overwritten"],
)
def test_damaged_file(damage, fake, tmp_path):
    fake("breastmnist")
    path = tmp_path / "breastmnist.npz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(UserError) as error:
        medmnist.load("breastmnist", 28, tmp_path, quiet)
    assert_one_line(error, path, "truncated, damaged or not the official file", "its MD5 is")


def test_a_pipe_in_the_files_place_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "breastmnist.npz")
    with pytest.raises(UserError, match="is no regular file; delete it to download it again"):
        medmnist.load("breastmnist", 28, tmp_path, quiet)


def test_valid_file_with_another_checksum_is_refused_and_not_unpacked(fake, tmp_path, monkeypatch):
    monkeypatch.setattr(medmnist, "_read", lambda path: pytest.fail("it was unpacked"))
    arrays = fake("breastmnist")
    arrays["train_images"][0, 0, 0] ^= 1
    path = tmp_path / "breastmnist.npz"
    np.savez(path, **arrays)
    with pytest.raises(UserError) as error:
        medmnist.load("breastmnist", 28, tmp_path, quiet)
    assert_one_line(error, path, "not the official file", "MD5")


def test_a_folder_in_the_files_place(tmp_path):
    (tmp_path / "breastmnist.npz").mkdir()
    with pytest.raises(UserError, match=r"cannot read .*breastmnist\.npz: Is a directory"):
        medmnist.load("breastmnist", 28, tmp_path, quiet)


@pytest.fixture
def serve():
    """Serve one answer over HTTP: ``serve(content, length)`` returns the address."""
    servers = []

    def start(content, length=None, status=200):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                self.send_header("Content-Length", str(length or len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}/fake.npz"

    yield start
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def official(fake, tmp_path):
    """The content of the official file, which is not in its place."""
    fake("breastmnist")
    path = tmp_path / "breastmnist.npz"
    content = path.read_bytes()
    path.unlink()
    return content


def test_missing_file_is_downloaded_once(official, serve, enter, tmp_path, capfd):
    url = serve(official)
    enter("breastmnist", 28, official, url)
    folder = tmp_path / "new" / "folder"
    said = []
    first = medmnist.load("breastmnist", 28, folder, said.append)
    assert said == [f"breastmnist.npz is not in {folder}: downloading it from {url}"]
    assert "100%" in capfd.readouterr().err  # the progress bar
    assert [path.name for path in folder.iterdir()] == ["breastmnist.npz"]
    assert medmnist.load("breastmnist", 28, folder, quiet).digest == first.digest


def test_default_folder_is_the_users_cache(official, serve, enter, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    enter("breastmnist", 28, official, serve(official))
    medmnist.load("breastmnist", 28, None, lambda _: None)
    (file,) = tmp_path.rglob("breastmnist.npz")
    assert file.parent.name == "robust-medical-search"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda content: {"content": content[:-1000]}, "wrong checksum"),
        (lambda content: {"content": content[:-1000], "length": len(content)}, "("),
        (lambda content: {"content": b"gone", "status": 404}, "HTTPError"),
    ],
    ids=["other content", "connection breaks off", "not found"],
)
@pytest.mark.filterwarnings(
    "ignore:unclosed:ResourceWarning"
)  # pooch leaves failed connections open
def test_failed_download_leaves_no_file(answer, reason, official, serve, enter, tmp_path):
    url = serve(**answer(official))
    enter("breastmnist", 28, official, url)
    with pytest.raises(UserError) as error:
        medmnist.load("breastmnist", 28, tmp_path, lambda _: None)
    line = str(error.value)
    del error
    gc.collect()  # closes the connection while its warning is ignored
    assert reason in line
    assert line.startswith(f"cannot download {url} ")
    assert line.endswith(f"put the file by hand at {tmp_path / 'breastmnist.npz'}")
    assert list(tmp_path.iterdir()) == []


def test_no_network(official, enter, tmp_path):
    url = "http://127.0.0.1:9/fake.npz"  # nobody listens on the discard port
    enter("breastmnist", 28, official, url)
    with pytest.raises(UserError, match=r"\(no network\): put the file by hand at"):
        medmnist.load("breastmnist", 28, tmp_path / "a" / "misspelt", lambda _: None)
    assert list(tmp_path.iterdir()) == []


def test_download_into_a_file(official, enter, tmp_path):
    enter("breastmnist", 28, official, "http://127.0.0.1:9/fake.npz")
    (tmp_path / "root").write_text("a file")
    with pytest.raises(UserError, match=r"root is a file: name the folder of MedMNIST's"):
        medmnist.load("breastmnist", 28, tmp_path / "root", lambda _: None)


LOAD_EVERYTHING = """
import sys
from pathlib import Path
from trainables.data import medmnist
from trainables.data.datasets import open_dataset
from trainables.data.splits import make_splits
dataset = medmnist.parse(Path(sys.argv[1]), medmnist.table()["breastmnist"], 28)
make_splits(dataset, 0.2, "auto", 256, 0)
open_dataset("phantom", 28, None, print)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_loading_imports_no_framework_and_touches_no_home(fake, tmp_path):
    fake("breastmnist")
    home = tmp_path / "home"
    home.mkdir()
    run = subprocess.run(
        [sys.executable, "-c", LOAD_EVERYTHING, str(tmp_path / "breastmnist.npz")],
        env={"HOME": str(home), "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    modules = set(run.stdout.split())
    assert "trainables" in modules
    assert not modules & {"torch", "torchvision", "medmnist", "ray", "pooch", "requests", "tqdm"}
    assert list(home.iterdir()) == []


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("breastmnist", {"train": (147, 399), "val": (21, 57), "test": (42, 114)}),
        ("pneumoniamnist", {"train": (1214, 3494), "val": (135, 389), "test": (234, 390)}),
    ],
)
def test_official_files(name, counts, shared_data):
    dataset = open_dataset(name, 28, shared_data / "medmnist", quiet)
    assert dataset.class_counts == counts
    assert (dataset.task, dataset.size, dataset.channels) == ("binary", 28, 1)


@pytest.mark.shared_data
def test_official_volumes(shared_data):
    root = shared_data / "medmnist"
    with pytest.raises(UserError, match="holds volumes"):
        open_dataset("adrenalmnist3d", 28, root, quiet)
    dataset = open_dataset("adrenalmnist3d", 28, root, quiet, volumes=True)
    assert dataset.class_counts == {"train": (929, 259), "val": (76, 22), "test": (229, 69)}
    assert np.unique(dataset.train.pixels).tolist() == [0, 255]
