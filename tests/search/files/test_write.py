"""The tree that a wheel writes: what the cluster files ship, and the code, byte for byte."""

import hashlib
import os
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from search.files.write import PACKAGES, TREE, write_tree
from searchspace.errors import UserError

ROOT = Path(__file__).parents[3]
FOLDERS = ("benchmarks", "cluster", "docs", "examples", "notebooks")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files") / "new" / "tree"
    write_tree(folder)
    return folder


def digests(folder) -> dict[str, str]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
        if "__pycache__" not in file.parts and ".ipynb_checkpoints" not in file.parts
    }


@pytest.mark.parametrize(
    "folder", ["benchmarks", "cluster", "docs", "examples", "notebooks", *PACKAGES]
)
def test_folders_are_those_of_the_repository(tree, folder):
    written = digests(tree / folder)
    assert written
    assert {name: digest for name, digest in written.items() if not name.startswith("files")} == {
        name: digest
        for name, digest in digests(ROOT / folder).items()
        if not name.startswith("files")
    }


def test_what_it_takes_from_the_repository_are_links():
    """A copy would be what a wheel holds, however much the repository went on."""
    names = [path for path in TREE.iterdir() if not path.name.startswith(".")]  # caches of tools
    assert names
    assert all(path.is_symlink() for path in names)


def test_it_holds_copies_and_no_links(tree):
    """A link would lead out of the tree on the machine that it is sent to."""
    assert not [path for path in tree.rglob("*") if path.is_symlink()]


def test_every_cluster_file_is_in_it(tree):
    assert {"cluster.yaml", "cluster/gcp.yaml", "cluster/on-premise.yaml", "cluster/slurm.sh"} <= {
        str(path.relative_to(tree)) for path in tree.rglob("*")
    }
    assert os.access(tree / "cluster" / "slurm.sh", os.X_OK) == os.access(
        ROOT / "cluster" / "slurm.sh", os.X_OK
    )


def test_what_the_readme_names_is_there(tree):
    links = re.findall(r"\]\(([^):#]+)", (tree / "README.md").read_text())
    assert "CONTRIBUTING.md" in links
    assert [link for link in links if not (tree / link).exists()] == []


def test_a_node_can_install_it(tree):
    """What pyproject.toml names is there, and the constraints that the cluster files install by."""
    project = tomllib.loads((tree / "pyproject.toml").read_text())
    for name in (project["project"]["readme"], *project["project"]["license-files"]):
        assert (tree / name).is_file()
    for package, patterns in project["tool"]["setuptools"]["package-data"].items():
        folders = PACKAGES if package == "*" else [package.replace(".", "/")]
        for pattern in patterns:
            assert all(list((tree / folder).glob(pattern)) for folder in folders), pattern
    commands = yaml.safe_load((tree / "cluster.yaml").read_text())["setup_commands"]
    assert any("-c ~/robust-medical-search/constraints.txt" in line for line in commands)
    assert (tree / "constraints.txt").is_file()


def test_the_written_tree_can_write_itself_again(tree):
    assert sorted(path.name for path in (tree / "search" / "files" / "tree").iterdir()) == sorted(
        path.name for path in TREE.iterdir()
    )


def test_it_says_what_it_wrote(tmp_path):
    names = {path.name for path in write_tree(tmp_path)}
    shown = {path.name for path in TREE.iterdir() if not path.name.startswith(".")}
    assert names == {*PACKAGES, *shown}, "and no caches of tools"


def test_a_folder_that_holds_anything_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(UserError, match="is not empty: name a new folder"):
        write_tree(tmp_path)
    with pytest.raises(UserError, match=r"thesis\.tex exists and is not empty"):
        write_tree(tmp_path / "thesis.tex")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_folder_that_cannot_be_made_is_a_users_mistake(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot write"):
        write_tree(tmp_path / "file" / "tree")
