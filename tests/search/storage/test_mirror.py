"""What a mirror sends, when, and what becomes of a search whose storage fails."""

import threading

import pytest

from search.engine.trial import State, Trial
from search.record.run_folder import RunFolder
from search.storage import mirror as mirrors
from search.storage.mirror import Mirror
from search.storage.store import StorageError


class Memory:
    """A store in memory, which fails on demand."""

    def __init__(self, objects=None, prefix=""):
        self.objects, self.prefix = {} if objects is None else objects, prefix
        self.writes, self.error = [], None

    def child(self, name):
        return Memory(self.objects, f"{self.prefix}{name}/")

    def write(self, name, data):
        if self.error:
            raise self.error
        self.writes.append(name)
        self.objects[self.prefix + name] = data

    def upload(self, file, name):
        self.write(name, file.read_bytes())

        class Copy:
            def _asdict(self):
                return {}

        return Copy()

    def remove(self, name):
        self.objects.pop(self.prefix + name, None)

    def names(self, folder):
        return [name.removeprefix(f"{folder}/") for name in self.objects if folder in name]


class Lease:
    """Counts how often it is renewed."""

    renewals = 0

    def renew(self):
        self.renewals += 1


@pytest.fixture
def folder(tmp_path):
    folder = RunFolder(tmp_path)
    folder.manifest.write_text("{}")
    folder.events.write_bytes(b"line\n")
    return folder


@pytest.fixture
def store():
    return Memory()


def test_records_are_sent_during_the_search_and_results_at_its_end(folder, store):
    folder.table.write_text("table")
    (folder.path / "best").mkdir()
    (folder.path / "best" / "model.json").write_text("model")
    folder.run_file.write_text("trials: 3")
    mirror = Mirror(folder, store, Lease(), 1)
    mirror._send()
    assert set(store.objects) == {"manifest.json", "run.yaml", "events/000001-000000000000000"}
    with mirror:
        pass
    assert store.objects["events.jsonl"] == b"line\n"
    assert store.objects["trials.csv"] == b"table"
    assert store.objects["best/model.json"] == b"model"
    assert not store.names("events/")


def test_a_driver_lost_at_any_write_leaves_a_run_that_can_be_taken_up(folder, store):
    """Whatever is stored of a run, its manifest is: the first send may be cut after any write."""
    folder.run_file.write_text("trials: 3")
    mirror = Mirror(folder, store, Lease(), 1)
    mirror._send()
    record = next(name for name in store.writes if name.startswith("events/"))
    assert store.writes.index("manifest.json") < store.writes.index(record)


def test_what_follows_from_the_record_is_sent_after_it(folder, store):
    mirror = Mirror(folder, store, Lease(), 1)
    mirror._send()
    del store.writes[:]
    folder.manifest.write_text('{"winner": "t1"}')
    with folder.events.open("ab") as file:
        file.write(b"the end of t1\n")
    mirror._send()
    assert store.writes[0].startswith("events/")
    assert store.writes[1:] == ["manifest.json"]


def test_a_manifest_is_sent_only_when_it_has_changed(folder, store):
    lease = Lease()
    mirror = Mirror(folder, store, lease, 1)
    for text in ("{}", "{}", "{1}", "{1}"):
        folder.manifest.write_text(text)
        mirror._send()
    assert store.writes.count("manifest.json") == 2
    assert lease.renewals == 4


def test_a_checkpoint_is_removed_after_the_record_says_that_its_trial_ended(folder, store):
    mirror = Mirror(folder, store, Lease(), 1)
    checkpoint = "trials/{}/checkpoint.safetensors"
    store.objects |= {checkpoint.format(trial): b"state" for trial in ("t1", "t2", "t3")}
    for number, state in enumerate((State.COMPLETED, State.INTERRUPTED), 1):
        mirror.notice("ended", Trial(f"t{number}", {}, state=state))
    mirror.notice("report", Trial("t3", {}, state=State.RUNNING))
    store.error = StorageError("does not answer")
    with pytest.raises(StorageError):
        mirror._send()
    assert len(store.names("trials")) == 3
    store.error = None
    mirror._send()
    assert store.names("trials") == ["t2/checkpoint.safetensors", "t3/checkpoint.safetensors"]


def test_a_storage_that_fails_calls_the_listener_and_says_how_to_resume(folder, store, monkeypatch):
    monkeypatch.setattr(mirrors, "EVERY_S", 0.001)
    store.error, messages, failure = StorageError("does not answer"), [], threading.Event()
    mirror = Mirror(folder, store, Lease(), 1)
    mirror.on_failure(lambda message: (messages.append(message), failure.set()))

    with pytest.raises(StorageError, match=r"does not answer; .* search resume"), mirror:
        assert failure.wait(120)
    assert messages == ["does not answer"]


def test_an_error_of_the_search_itself_is_not_hidden_by_one_of_the_storage(folder, store):
    store.error = StorageError("does not answer")
    with pytest.raises(KeyError, match="search"), Mirror(folder, store, Lease(), 1):
        raise KeyError("search")
