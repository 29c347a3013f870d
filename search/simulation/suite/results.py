"""The file of a suite's searches: one JSON line each, so that a suite can be taken up again."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import final

from searchspace.errors import UserError
from trainables.runtime.files import cannot_write


@dataclass(frozen=True, kw_only=True)
class Result:
    """One search of the suite.

    Attributes:
        task: Name of the task.
        method: By which it was searched.
        seed: Of the search.
        trials: How many it might try.
        workers: How many at the same time.
        success: Whether the winner is in the top 0.1 % of the eligible.
        regret: By how much the winner misses the best, as a share of the distance from the median
            of the eligible to the best; 0 to 1, and 1 where there is no winner.
        ahead: Share of the eligible that beat the winner; 1 where there is none.
        infeasible: Share of trials that missed the floor.
        cost: Passes of all evaluations, over those of one trial that is measured in full.
        seconds: Of this process.
    """

    task: str
    method: str
    seed: int
    trials: int
    workers: int
    success: bool
    regret: float
    ahead: float
    infeasible: float
    cost: float
    seconds: float

    @property
    def key(self) -> tuple[str, str, int, int, int]:
        """What identifies the search."""
        return self.task, self.method, self.seed, self.trials, self.workers


@final
class ResultFile:
    """Results in a file, in the order in which they were added.

    Args:
        path: Of the file; new, or of an earlier suite. A last line that was cut off is dropped.

    Raises:
        UserError: If the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._results: dict[tuple[str, str, int, int, int], Result] = {}
        try:
            text = path.read_text(encoding="utf-8") if path.exists() else ""
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"cannot read {path}: {error}") from None
        whole, _, rest = text.rpartition("\n")
        for number, line in enumerate(whole.splitlines(), 1):
            result = _parse(line, number, path)
            self._results[result.key] = result
        if rest:
            path.write_text(f"{whole}\n" if whole else "", encoding="utf-8")

    def __contains__(self, key: tuple[str, str, int, int, int]) -> bool:
        return key in self._results

    def __getitem__(self, key: tuple[str, str, int, int, int]) -> Result:
        return self._results[key]

    def add(self, result: Result) -> None:
        """Append a result.

        Raises:
            UserError: If the file cannot be written.
        """
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(result)) + "\n")
        except OSError as error:
            raise cannot_write(self._path, error) from error
        self._results[result.key] = result


def _parse(line: str, number: int, path: Path) -> Result:
    try:
        return Result(**json.loads(line))
    except (ValueError, TypeError):
        raise UserError(
            f"line {number} of {path} is no result of a suite: give another file"
        ) from None
