"""What the cells of TSynD's tables wrote."""

from pathlib import Path


def written(folder: Path) -> dict[Path, int]:
    """When each training and each score was written."""
    files = [*folder.glob("cells/*/trials/*/model.json"), *folder.glob("cells/*/scores/*.json")]
    return {file: file.stat().st_mtime_ns for file in files}
