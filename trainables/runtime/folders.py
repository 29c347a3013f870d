"""Folders for files that outlive a run."""

from pathlib import Path


def cache_folder() -> Path:
    """Return the user's cache folder for this project, without creating it."""
    import pooch  # noqa: PLC0415 - loads requests; most runs need neither

    return Path(pooch.os_cache("robust-medical-search"))
