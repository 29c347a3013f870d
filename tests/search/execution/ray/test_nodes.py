"""Nodes that cannot work on a run say so: its folder is not theirs, or their code is another."""

import socket
from dataclasses import replace

import pytest

from search.execution.ray import nodes
from search.record.provenance import code_state
from search.record.run_folder import RunFolder
from search.storage.depot import SharedFolder
from searchspace.errors import UserError


def test_a_node_that_sees_the_folder_and_has_the_code_has_nothing_to_say(probe):
    assert nodes.complaint(probe) == ""


def test_a_node_that_does_not_see_the_folder_names_itself_and_the_folder(probe, tmp_path):
    probe.file.unlink()
    said = nodes.complaint(probe)
    assert said.startswith(f"the node {socket.gethostname()} does not see {tmp_path}: ")
    assert "--run" in said


def test_another_folder_under_the_same_path_is_not_the_runs(probe):
    """Such as one that an earlier run on that node has left."""
    probe.file.write_text("another")
    assert "does not see" in nodes.complaint(probe)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"versions": code_state().versions | {"torch": "1.0"}}, "torch 1.0 -> "),
        ({"code": "other"}, "this platform's code"),
    ],
)
def test_a_node_with_other_code_says_which(probe, change, said):
    other = replace(probe, code=replace(probe.code, **change))
    assert "differs from the driver" in nodes.complaint(other)
    assert said in nodes.complaint(other)


def test_every_probe_has_a_new_name(probe, tmp_path):
    """A network file system may remember for a minute that a name was not there."""
    assert nodes.leave_probe(RunFolder(tmp_path), SharedFolder()).file != probe.file


def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path):
    with pytest.raises(UserError, match="cannot write"):
        nodes.leave_probe(RunFolder(tmp_path / "absent"), SharedFolder())
