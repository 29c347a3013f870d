"""Who opens files beside the door is noticed, call by call."""

import ast

import check_door
import pytest
from check_door import DOOR, calls, check, main


def lines(source):
    return [call for _, call in calls(ast.parse(source))]


@pytest.mark.parametrize(
    "source",
    [
        "open(file)",
        "file.open('rb')",
        "(folder / NAME).read_text()",
        "(folder / NAME).write_bytes(b'')",
        "np.load(file)",
        "np.savez(file, a=a)",
        "load_file(folder / WEIGHTS)",
        "shutil.rmtree(folder)",
        "shutil.copytree(a, b)",
        "os.remove(file)",
        "file.unlink()",
        "part.replace(file)",
        "file.rename(target)",
        "list(folder.iterdir())",
        "folder.glob('*.npz')",
        "link.symlink_to(file)",
        "pd.read_csv(table)",
        "frame.to_csv(file)",
        "canvas.savefig(file)",
        "zipfile.ZipFile(file)",
    ],
)
def test_a_file_that_is_opened_elsewhere_is_noticed(source):
    assert len(lines(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "text.replace('a', 'b')",
        "frame.rename(columns=names)",
        "replace(plan, run=folder)",
        "parse_json(text)",
        "with replacement(file) as part:\n    part.write_text(text)",
        "with replacement(file) as part, part.open('wb') as stream:\n    stream.write(b'')",
        "canvas.savefig(stream, format='svg')",
        "file.is_file()",
        "pd.read_csv(io.BytesIO(read_bytes(file, most)))",
    ],
)
def test_texts_tables_and_what_the_door_gives_are_not(source):
    assert lines(source) == []


@pytest.fixture
def tree(tmp_path, monkeypatch):
    monkeypatch.setattr(check_door, "OWN", {"search/code.py": "the package's own code"})
    for name in ("search/code.py", f"{DOOR}/opening.py", "search/run.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("def read(file):\n    return file.read_text()\n")
    return tmp_path


def test_the_door_and_named_modules_may(tree, capsys):
    assert check(tree) == [f"search/run.py:2: file.read_text outside {DOOR}"]
    assert main(tree) == 1
    assert "search/run.py:2" in capsys.readouterr().out
    (tree / "search" / "run.py").unlink()
    assert main(tree) == 0


def test_an_exception_without_a_module_is_noticed(tree):
    (tree / "search" / "code.py").unlink()
    assert "search/code.py: is named in OWN and does not exist" in check(tree)
