"""A record in pieces: never a line lost or twice, at a cost in proportion to its length."""

import pytest

from search.record.run_folder import RunFolder
from search.storage.record import SentRecord, read_record
from search.storage.store import StorageError, parse_uri


@pytest.fixture
def store(server, request):
    return parse_uri(server.uri(request.node.name))


@pytest.fixture
def folder(tmp_path):
    return RunFolder(tmp_path)


def line(number: int) -> bytes:
    return b'{"event": "noted", "number": %07d}\n' % number


def append(folder, data: bytes) -> None:
    with folder.events.open("ab") as file:
        file.write(data)


def test_what_was_sent_is_read_at_every_moment(store, folder):
    record = SentRecord(folder, store, 1)
    record.send()
    assert read_record(folder, store) == b""
    for number in range(40):
        append(folder, line(number) * (1 + number % 3))
        record.send()
        assert read_record(folder, store) == folder.events.read_bytes()
    assert len(store.names("events")) <= 8
    record.close()
    assert store.names("events") == []
    assert read_record(folder, store) == folder.events.read_bytes()


def test_a_line_that_is_being_written_waits_for_its_end(store, folder):
    record = SentRecord(folder, store, 1)
    append(folder, line(1) + line(2)[:10])
    record.send()
    assert read_record(folder, store) == line(1)
    append(folder, line(2)[10:])
    record.send()
    assert read_record(folder, store) == line(1) + line(2)


class Memory:
    """A store in memory that adds up what is written."""

    def __init__(self) -> None:
        self.objects, self.size = {}, 0

    def write(self, name, data) -> None:
        self.objects[name] = data
        self.size += len(data)

    def read(self, name):
        return self.objects.get(name)

    def remove(self, name) -> None:
        del self.objects[name]

    def names(self, folder):
        return [name.removeprefix(f"{folder}/") for name in self.objects]


def test_ten_times_the_record_costs_little_more_than_ten_times_as_much(folder):
    """Sent whole each time, 2000 lines would cost a hundred times what 200 do."""
    store, cost = Memory(), {}
    record = SentRecord(folder, store, 1)
    for number in range(1, 2049):
        append(folder, line(number))
        record.send()
        cost[number] = store.size
        assert len(store.objects) <= 12
    assert read_record(folder, store) == folder.events.read_bytes()
    assert cost[2048] < 12 * 2048 * len(line(0))
    assert cost[2048] / cost[204] < 20


def test_only_the_last_drivers_record_counts(store, folder, tmp_path):
    """The earlier driver is not dead, as the later one assumed, and writes on: to no effect."""
    first = SentRecord(folder, store, 1)
    append(folder, line(1) + line(2))
    first.send()
    successor = RunFolder(tmp_path / "successor")
    successor.path.mkdir()
    append(successor, line(1))
    second = SentRecord(successor, store, 2)
    second.send()
    append(folder, line(3))
    first.send()
    append(successor, line(4))
    second.send()
    assert read_record(folder, store) == line(1) + line(4)


def test_a_driver_that_dies_before_its_first_piece_leaves_what_was_there(store, folder):
    first = SentRecord(folder, store, 1)
    append(folder, line(1))
    first.send()
    SentRecord(folder, store, 2)
    assert read_record(folder, store) == line(1)


def test_a_missing_piece_is_an_error(store, folder):
    record = SentRecord(folder, store, 1)
    for size in (4, 2, 1):
        append(folder, line(1) * size)
        record.send()
    first, second, _ = store.names("events")
    store.remove(f"events/{second}")
    with pytest.raises(StorageError, match="a piece of the record is missing"):
        read_record(folder, store)
    store.remove(f"events/{first}")
    with pytest.raises(StorageError, match="a piece of the record is missing"):
        read_record(folder, store)
