"""Event files, read back by a library that knows the format."""

import struct

import pytest
from make_run import METRIC, REFERENCES, Blueprint

from analysis.trackers.entries import entries
from analysis.trackers.tensorboard import FILE, _checksum, _varint, write


def records(content):
    """Split a file into its records; lengths and checksums must fit."""
    contents = []
    while content:
        length = struct.unpack("<Q", content[:8])[0]
        assert content[8:12] == _checksum(content[:8])
        contents.append(content[12 : 12 + length])
        assert content[12 + length : 16 + length] == _checksum(contents[-1])
        content = content[16 + length :]
    return contents


def test_the_checksum_is_crc32c():
    plain = 0xE3069283  # the check value of CRC-32C, of the digits 1 to 9
    masked = ((plain >> 15 | plain << 17) + 0xA282EAD8) & 0xFFFFFFFF
    assert _checksum(b"123456789") == struct.pack("<I", masked)


@pytest.mark.parametrize(
    ("value", "written"), [(0, b"\0"), (127, b"\x7f"), (128, b"\x80\1"), (300, b"\xac\2")]
)
def test_numbers_are_written_as_varints(value, written):
    assert _varint(value) == written


def test_every_report_is_read_back(build, tmp_path):
    event_pb2 = pytest.importorskip("tensorboardX.proto.event_pb2")  # it comes with Ray
    run = build(REFERENCES[0], Blueprint("t001"))
    command = write(run, tmp_path)
    assert command == f"tensorboard --logdir {tmp_path / 'tensorboard'}"
    for entry in entries(run):
        file = tmp_path / "tensorboard" / entry.name / FILE
        version, config, *reports = (
            event_pb2.Event.FromString(scalar) for scalar in records(file.read_bytes())
        )
        assert version.file_version == "brain.Event:2"
        (text,) = config.summary.value
        assert text.metadata.plugin_data.plugin_name == "text"
        assert "| regime |" in text.tensor.string_val[0].decode()
        for point, event in zip(entry.points, reports, strict=True):
            assert (event.step, event.wall_time) == (point.rung, point.time_s)
            read = {value.tag: value.simple_value for value in event.summary.value}
            assert read == pytest.approx(point.values)
            assert METRIC in read
