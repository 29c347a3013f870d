"""Whatever of a search on Ray is killed, it is taken up, and its winner is the same.

``python tests/support/kills.py 20`` does it twenty times over.
"""

import pytest
from whole_runs import events_of, manifest_of


@pytest.mark.ray
def test_kills_of_driver_worker_raylet_and_gcs_change_no_winner(tmp_path):
    from kills import VICTIMS, Killer  # noqa: PLC0415 - Ray

    killed = Killer(tmp_path / "killed", 4)
    calm = Killer(tmp_path / "calm", 4, in_process=True)
    killed.kill(VICTIMS)
    calm.kill([])
    assert manifest_of(killed.folder)["winner"] == manifest_of(calm.folder)["winner"]
    proposals = [
        [event["config"] for event in events_of(search.folder, "proposed")]
        for search in (killed, calm)
    ]
    assert proposals[0] == proposals[1]
    ended = events_of(killed.folder, "ended")
    completed = [event["trial"] for event in ended if event["state"] == "completed"]
    assert len(set(completed)) == len(completed), "what is finished is not done again"
