"""Which files of a confirmation go to the store at its end."""

from search.record.run_folder import RunFolder
from search.storage.confirmation import keep_confirmation
from search.storage.runs import Claim


class Store:
    """Notes the names of what is uploaded."""

    def __init__(self):
        self.names = set()

    def upload(self, file, name):
        assert file.is_file()
        self.names.add(name)


def test_records_are_sent_but_not_what_was_sent_before(tmp_path):
    run, store = RunFolder(tmp_path), Store()
    folder = tmp_path / "confirm"
    for name in (
        "confirm.json",
        ".lock",
        "training/events.jsonl",
        "training/assets/images.npz",
        "training/trials/r01/model.json",
        "examined/test/r01.npz",
        "test/opened",
        "best/robustness.json",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    keep_confirmation(folder, run, Claim(store, lease=None, term=1))
    assert store.names == {
        "confirm/confirm.json",
        "confirm/training/events.jsonl",
        "confirm/best/robustness.json",
    }
