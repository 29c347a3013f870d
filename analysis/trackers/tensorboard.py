"""A run as TensorBoard's event files, written without TensorBoard.

An event file is a sequence of records, each a length, its checksum, an `Event` message of protocol
buffers, and its checksum. The few fields that scalars and text need are written here.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

from analysis.load import Run
from analysis.trackers.entries import Entry, entries
from trainables.door.opening import replacement

FILE = "events.out.tfevents.0.run"  # TensorBoard finds files by the word in the middle
_POLYNOMIAL = 0x82F63B78  # Castagnoli's, reflected
_STRING = 7  # the type of a tensor of strings


def write(run: Run, folder: Path) -> str:
    """Write a folder a trial, for ``tensorboard --logdir``; say where."""
    for entry in entries(run):
        target = folder / "tensorboard" / entry.name.replace("/", "-")
        target.mkdir(parents=True, exist_ok=True)
        with replacement(target / FILE) as part:
            part.write_bytes(b"".join(map(_record, _events(entry))))
    return f"tensorboard --logdir {folder / 'tensorboard'}"


def _events(entry: Entry) -> Iterator[bytes]:
    yield _event(entry.start_s, 0, _text_field(3, "brain.Event:2"))
    lines = [f"| {name} | {value} |" for name, value in {**entry.config, **entry.tags}.items()]
    words = "\n".join(["| name | value |", "| --- | --- |", *lines])
    yield _event(entry.start_s, 0, _bytes_field(5, _bytes_field(1, _text("config", words))))
    for point in entry.points:
        values = b"".join(
            _bytes_field(1, _text_field(1, name) + struct.pack("<Bf", 2 << 3 | 5, value))
            for name, value in point.values.items()
        )
        yield _event(point.time_s, point.rung, _bytes_field(5, values))


def _event(time_s: float, step: int, what: bytes) -> bytes:
    return struct.pack("<Bd", 1 << 3 | 1, time_s) + _varint(2 << 3) + _varint(step) + what


def _text(name: str, words: str) -> bytes:
    """Write a value that TensorBoard's text page shows."""
    plugin = _bytes_field(1, _text_field(1, "text"))
    tensor = _varint(1 << 3) + _varint(_STRING) + _text_field(8, words)
    return _text_field(1, name) + _bytes_field(9, plugin) + _bytes_field(8, tensor)


def _text_field(number: int, text: str) -> bytes:
    return _bytes_field(number, text.encode())


def _bytes_field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    content = bytearray()
    while value > 0x7F:
        content.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*content, value])


def _record(content: bytes) -> bytes:
    length = struct.pack("<Q", len(content))
    return length + _checksum(length) + content + _checksum(content)


def _table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        rest = value
        for _ in range(8):
            rest = rest >> 1 ^ (_POLYNOMIAL if rest & 1 else 0)
        table.append(rest)
    return tuple(table)


_TABLE = _table()


def _checksum(content: bytes) -> bytes:
    """Compute CRC-32C, rotated and shifted as the format asks."""
    rest = 0xFFFFFFFF
    for byte in content:
        rest = _TABLE[(rest ^ byte) & 0xFF] ^ rest >> 8
    rest ^= 0xFFFFFFFF
    return struct.pack("<I", ((rest >> 15 | rest << 17) + 0xA282EAD8) & 0xFFFFFFFF)
