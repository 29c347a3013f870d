"""Preparing a run is the same on every machine."""

from trainables.runtime.device import threads
from trainables.studies.tsynd.assets import AUTOENCODER
from trainables.studies.tsynd.study import TSynD

tsynd = TSynD()


def test_the_autoencoder_does_not_depend_on_the_cores_of_the_machine(tmp_path):
    weights = []
    for count in (1, 3):
        settings = tsynd.parse_settings(
            {"device": "cpu", "autoencoder_steps": 3, "cache": tmp_path / f"cache-{count}"}
        )
        with threads(count):
            tsynd.prepare(settings, tmp_path / str(count), lambda _: None)
        weights.append((tmp_path / str(count) / AUTOENCODER).read_bytes())
    assert weights[0] == weights[1]
