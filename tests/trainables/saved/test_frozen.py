"""The cache of frozen models, on a model of one layer that costs nothing to make."""

import hashlib
import json
from pathlib import Path
from threading import Event, Thread

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from trainables.models.digests import tensors_digest
from trainables.saved.frozen import (
    WEIGHTS,
    Content,
    Kind,
    digest_of,
    obtain,
    read,
    write,
)

CPU = torch.device("cpu")
DIGEST = "ab" * 32


class Toy:
    """A layer and a number, with the digest of what they were made from."""

    def __init__(self, layer: nn.Linear, factor: float, digest: str = DIGEST) -> None:
        self.layer, self.factor, self.digest = layer, factor, digest


def unpack(content: Content, device: torch.device) -> Toy:
    layer = nn.Linear(3, 2).to(device)
    layer.load_state_dict(content.weights)
    return Toy(layer, content.facts["factor"], content.facts["digest"])


TOY = Kind(
    "toy",
    lambda toy: Content(toy.layer.state_dict(), {"factor": toy.factor, "digest": toy.digest}),
    unpack,
)


class Cache:
    """A cache folder, how often a model was made, and what was said."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.count = folder, 0
        self.lines: list[str] = []

    def make(self) -> Toy:
        self.count += 1
        return Toy(nn.Linear(3, 2), self.count / 2)

    def obtain(self, digest=DIGEST, make=None) -> Toy:
        return obtain(
            TOY, digest, make or self.make, cache=self.folder, device=CPU, say=self.lines.append
        )

    @property
    def file(self) -> Path:
        (file,) = self.folder.glob("*.safetensors")
        return file


@pytest.fixture
def cache(tmp_path) -> Cache:
    return Cache(tmp_path / "new" / "cache")


def same(first: Toy, second: Toy) -> bool:
    return (first.factor, first.digest) == (second.factor, second.digest) and torch.equal(
        first.layer.weight, second.layer.weight
    )


def test_the_digest_is_the_sha256_of_sorted_json_and_of_all_bytes():
    images, labels = torch.arange(6, dtype=torch.uint8), torch.arange(3)
    sha = hashlib.sha256(b'{"seed": 1, "shapes": [[6], [3]]}')
    sha.update(bytes(range(6)) + labels.numpy().astype("<i8").tobytes())
    assert digest_of({"shapes": [[6], [3]], "seed": 1}, images, labels) == sha.hexdigest()


def test_every_input_and_setting_has_a_digest_of_its_own():
    images, labels = torch.arange(6), torch.arange(3)
    digests = {
        digest_of({"seed": 1}, images, labels),
        digest_of({"seed": 2}, images, labels),
        digest_of({"seed": 1}, images, labels.flip(0)),
        digest_of({"seed": 1}, images.flip(0), labels),
        digest_of({"seed": 1}, images),
    }
    assert len(digests) == 5


def test_a_model_is_made_once_and_read_afterwards(cache):
    model = cache.obtain()
    assert cache.lines == []
    assert same(cache.obtain(), model)
    assert cache.count == 1
    assert cache.lines == [f"toy: found in {cache.folder}"]
    assert cache.file.name == "toy-abababababababab.safetensors"


def test_each_digest_has_a_model_of_its_own(cache):
    model = cache.obtain()
    cache.obtain("cd" * 32, lambda: Toy(nn.Linear(3, 2), 7.0, "cd" * 32))
    assert len(list(cache.folder.glob("*.safetensors"))) == 2
    assert same(cache.obtain(), model)


def test_what_was_written_is_read(tmp_path):
    toy = Toy(nn.Linear(3, 2), 0.25)
    write(TOY, toy, tmp_path / "run" / "toy.safetensors")
    assert same(read(TOY, tmp_path / "run" / "toy.safetensors", CPU), toy)
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["toy.safetensors"]


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-5])


def of_another_kind(file: Path) -> None:
    save_file(
        nn.Linear(3, 2).state_dict(), file, {"other": json.dumps({"factor": 1, "digest": DIGEST})}
    )


def of_another_network(file: Path) -> None:
    save_file(
        nn.Linear(9, 2).state_dict(), file, {"toy": json.dumps({"factor": 1, "digest": DIGEST})}
    )


def of_another_digest(file: Path) -> None:
    write(TOY, Toy(nn.Linear(3, 2), 9.0, DIGEST[:16] + "0" * 48), file)


def without_facts(file: Path) -> None:
    save_file(nn.Linear(3, 2).state_dict(), file, {"toy": "[]"})


@pytest.mark.parametrize(
    "damage",
    [cut, of_another_kind, of_another_network, of_another_digest, without_facts, Path.unlink],
)
def test_a_file_that_is_not_this_model_is_made_anew(cache, damage):
    cache.obtain()
    damage(cache.file)
    model = cache.obtain()
    assert model.factor == 1.0  # the second one
    assert same(cache.obtain(), model)
    assert cache.count == 2


def test_of_two_that_ask_at_once_one_makes_and_the_other_waits(cache):
    waits, making, answers = Event(), Event(), []

    def make() -> Toy:
        making.set()
        assert waits.wait(60)
        return cache.make()

    def say(line: str) -> None:
        assert line in {"toy: another process makes it, waiting ...", f"toy: found in {folder}"}
        waits.set()

    def ask(speak) -> None:
        answers.append(obtain(TOY, DIGEST, make, cache=folder, device=CPU, say=speak))

    folder = cache.folder
    first = Thread(target=ask, args=(cache.lines.append,))
    first.start()
    assert making.wait(60)
    ask(say)
    first.join()
    assert same(*answers)
    assert cache.count == 1
    assert cache.lines == []


def test_a_maker_that_fails_leaves_neither_file_nor_lock(cache):
    def fail() -> Toy:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cache.obtain(make=fail)
    assert list(cache.folder.glob("*.safetensors")) == []
    cache.obtain()
    assert cache.lines == []  # nobody was waited for


def test_where_no_lock_can_be_the_model_is_made_and_cached_without(cache):
    (cache.folder / ".toy-abababababababab.lock").mkdir(parents=True)
    model = cache.obtain()
    assert same(cache.obtain(), model)
    assert cache.count == 1


def test_a_cache_that_cannot_be_written_costs_only_the_caching(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    cache = Cache(tmp_path / "file")
    assert cache.obtain().factor == 0.5
    (line,) = cache.lines
    assert line.startswith(f"toy: not cached in {tmp_path / 'file'}: ")


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    file = tmp_path / "toy.safetensors"
    write(TOY, Toy(nn.Linear(3, 2), 1.0), file)
    before = file.read_bytes()

    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        write(TOY, Toy(nn.Linear(3, 2), 2.0), file)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_weights_that_changed_after_they_were_written_are_damage(tmp_path):
    cache = Cache(tmp_path)
    cache.obtain()
    content = bytearray(cache.file.read_bytes())
    content[-1] ^= 1
    cache.file.write_bytes(content)
    with pytest.raises(ValueError, match="its weights are not those that were written"):
        read(TOY, cache.file, CPU)
    assert cache.obtain().factor == 1.0  # made anew
    assert cache.count == 2


def test_files_of_older_versions_say_nothing_of_their_weights(tmp_path):
    toy, file = Toy(nn.Linear(3, 2), 0.5), tmp_path / "toy.safetensors"
    content = TOY.pack(toy)
    save_file(dict(content.weights), file, {"toy": json.dumps(content.facts)})
    assert read(TOY, file, CPU).factor == 0.5
    write(TOY, toy, file)
    with safe_open(file, "pt") as stored:
        assert json.loads(stored.metadata()["toy"])[WEIGHTS] == tensors_digest(content.weights)
