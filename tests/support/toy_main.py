"""Run the toy study in a process of its own: ``python toy_main.py '{"trials": 3, ...}'``."""

import json
import sys

from rich.console import Console

from search.exit_status import end
from search.plan import Plan
from search.run.runner import run
from search.study import StudyRow
from searchspace.errors import UserError


def main() -> int:
    plan = Plan.model_validate({"seed_check": 0} | json.loads(sys.argv[1]))
    try:
        return run(plan, StudyRow("toy", "a toy", "toy_study:ToyStudy"), Console(width=80))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    end(main())
