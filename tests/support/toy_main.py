"""Run the toy study in a process of its own: ``python toy_main.py '{"trials": 3}' [resume]``."""

import faulthandler
import json
import signal
import sys

from rich.console import Console

from search.exit_status import end
from search.plan import Plan
from search.run.runner import resume, run
from search.study import StudyRow
from searchspace.errors import UserError

TOY = StudyRow("toy", "a toy", "toy_study:ToyStudy")


def main() -> int:
    plan = Plan.model_validate({"seed_check": 0} | json.loads(sys.argv[1]))
    try:
        if "resume" in sys.argv[2:]:
            retry = "retry" in sys.argv[2:]
            return resume(plan.run, {}, lambda _: TOY, Console(width=80), retry=retry)
        return run(plan, TOY, Console(width=80))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    faulthandler.register(signal.SIGUSR1)
    end(main())
