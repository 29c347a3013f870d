import errno

import pytest

from trainables.runtime.errors import disk_problem, first_line, mistaken_path, typed_line


@pytest.mark.parametrize(
    ("error", "line", "typed"),
    [
        (ValueError("no rows"), "no rows", "ValueError: no rows"),
        (ValueError("\n  first \nsecond"), "first", "ValueError: first"),
        (
            OSError(28, "No space left"),
            "[Errno 28] No space left",
            "OSError: [Errno 28] No space left",
        ),
        (KeyError("score"), "'score'", "KeyError: 'score'"),
        (RuntimeError(), "RuntimeError", "RuntimeError"),
        (RuntimeError(""), "RuntimeError", "RuntimeError"),
        (RuntimeError(" \n\n "), "RuntimeError", "RuntimeError"),
    ],
)
def test_an_error_has_one_line_even_without_a_message(error, line, typed):
    assert first_line(error) == line
    assert typed_line(error) == typed


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "no space left for /runs/first"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "no space left for /runs/first"),
        (RuntimeError("write: No space left on device (os error 28)"), "no space left for "),
        (OSError(errno.EIO, "Input/output error"), "the disk fails: [Errno 5] Input/output error"),
        (OSError(errno.EROFS, "Read-only file system", "/runs/first/a"), "the disk fails: "),
        (OSError(errno.ESTALE, "Stale file handle"), "the disk fails: "),
        (PermissionError(errno.EACCES, "Permission denied", "/runs/first/a"), "the disk fails: "),
        (PermissionError(errno.EACCES, "Permission denied", "/home/model.py"), ""),
        (FileNotFoundError(errno.ENOENT, "No such file", "/runs/first/a"), ""),
        (ValueError("no rows"), ""),
    ],
)
def test_what_all_trials_would_meet_is_told_from_what_one_did(error, line):
    problem = disk_problem(error, "/runs/first")
    assert problem.startswith(line)
    assert bool(problem) == bool(line)


def test_a_path_that_no_system_takes_is_the_users(tmp_path):
    with pytest.raises(OSError, match="too long") as caught:
        (tmp_path / ("x" * 300)).stat()
    assert mistaken_path(caught.value).endswith("...: File name too long")
    assert len(mistaken_path(caught.value)) < 100
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(OSError, match="symbolic links") as caught:
        (tmp_path / "circle").stat()
    assert "symbolic links" in mistaken_path(caught.value)
    assert not mistaken_path(OSError(errno.EIO, "Input/output error"))
    assert not mistaken_path(ValueError("x"))
