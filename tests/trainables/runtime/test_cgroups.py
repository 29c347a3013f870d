"""Limits of containers, of both versions of control groups."""

import pytest

from trainables.runtime.cgroups import cpu_limit, memory_limit


def write(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(f"{text}\n")


@pytest.fixture
def paths(tmp_path):
    """Where groups are mounted, and a process that is in none."""
    (tmp_path / "membership").write_text("0::/\n")
    (tmp_path / "groups").mkdir()
    return tmp_path / "groups", tmp_path / "membership"


@pytest.mark.parametrize(
    ("text", "limit"),
    [("200000 100000", 2.0), ("50000 100000", 0.5), ("max 100000", None), ("", None), ("x", None)],
)
def test_a_container_has_its_quota_at_the_root(paths, text, limit):
    write(paths[0], cpu__max=text)
    assert cpu_limit(*paths) == limit


@pytest.mark.parametrize(("quota", "limit"), [("150000", 1.5), ("-1", None)])
def test_the_first_version_has_two_files(paths, quota, limit):
    paths[1].write_text("4:cpu,cpuacct:/job\n2:memory:/job\n")
    write(paths[0] / "cpu" / "job", cpu__cfs_quota_us=quota, cpu__cfs_period_us="100000")
    write(paths[0] / "memory" / "job", memory__limit_in_bytes=2**30)
    write(paths[0] / "memory", memory__limit_in_bytes=2**63 - 4096)
    assert cpu_limit(*paths) == limit
    assert memory_limit(*paths) == 2**30


def test_the_smallest_limit_on_the_way_up_holds(paths):
    paths[1].write_text("0::/user/job/step\n")
    write(paths[0] / "user" / "job" / "step", cpu__max="max 100000", memory__max="max")
    write(paths[0] / "user" / "job", cpu__max="300000 100000", memory__max=2**31)
    write(paths[0] / "user", cpu__max="400000 100000", memory__max=2**32)
    assert cpu_limit(*paths) == 3
    assert memory_limit(*paths) == 2**31


def test_a_group_that_only_the_host_sees_is_the_root(paths):
    paths[1].write_text("0::/kubepods/pod1\n")
    write(paths[0], cpu__max="100000 100000", memory__max=2**29)
    assert (cpu_limit(*paths), memory_limit(*paths)) == (1, 2**29)


def test_without_groups_there_is_no_limit(tmp_path):
    absent = tmp_path / "absent"
    assert cpu_limit(absent, absent) is None
    assert memory_limit(absent, absent) is None
