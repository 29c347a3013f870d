"""What a command line asks a comparison to be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from search.comparison.cells import Methods
from search.comparison.comparison import Choose, Comparison, Grid, Layout, Origin, fractions


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the commands of all comparisons take.

    Attributes:
        datasets: Names, with commas.
        fractions: Shares of the training images, with commas.
        seeds: How many.
        out: Folder for all that is written.
        settings: Of the study; None for its default.
        machine: Fields of the plan of each cell; None for its default.
        images: The greatest number of test images; None for all.
    """

    datasets: str
    fractions: str
    seeds: int
    out: Path
    settings: Mapping[str, Any] = field(default_factory=dict)
    machine: Mapping[str, Any] = field(default_factory=dict)
    images: int | None = None

    def comparison(
        self,
        study: str,
        names: tuple[str, ...],
        methods: Methods,
        layout: Layout,
        *,
        stem: str,
        common: Mapping[str, Any],
        origin: Origin | None = None,
        choose: Choose | None = None,
    ) -> Comparison:
        """Return the comparison of a study.

        Args:
            study: Its name.
            names: Of the datasets, as read from ``datasets``.
            methods: Lists the methods of a cell by its settings.
            layout: Makes the Markdown text of all trainings and the verdicts of so many looks.
            stem: Of the names of the files.
            common: Settings of all cells that the user has no say in, or may override.
            origin: The run that chose some of the methods: seeds begin where it used none.
            choose: Names the methods that are trained again; see `Comparison`.

        Raises:
            UserError: If a fraction is none.
        """
        first = 0 if origin is None else origin.fresh_seed
        return Comparison(
            study=study,
            grid=Grid(names, fractions(self.fractions), self.seeds, first),
            methods=methods,
            layout=layout,
            stem=stem,
            out=self.out,
            settings={**common, **_given(self.settings)},
            machine=_given(self.machine),
            images=self.images,
            origin=origin,
            choose=choose,
        )


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that the user gave: those that are not None."""
    return {name: value for name, value in values.items() if value is not None}
