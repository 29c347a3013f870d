"""Which executor a plan asks for: the one place that decides it."""

from search.execution.executor import Executor
from search.execution.inprocess import InProcess
from search.execution.ray.executor import RayExecutor
from search.plan import Plan
from trainables.study.settings import StudySettings


def choose_executor(plan: Plan, settings: StudySettings) -> Executor:
    """Make the executor of a run; neither Ray nor torch is imported for it.

    Args:
        plan: Of the run.
        settings: The study's, which name the device.
    """
    return InProcess(plan) if plan.in_process else RayExecutor(plan, settings.device)
