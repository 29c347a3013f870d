"""Hyperopt's estimator behind Optuna's interface."""

from functools import cached_property
from typing import Any, final

import hyperopt
from hyperopt import base as hyperopt_base
from hyperopt import tpe as hyperopt_tpe
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from search.samplers.whole_config import SamplerOptions, WholeConfigSampler, standing
from searchspace import hyperopt as to_hyperopt


@final
class HyperoptSampler(WholeConfigSampler):
    """Hyperopt's tree-structured Parzen estimator [tpe], given the same trials as Optuna's.

    Hyperopt splits trials by the order of their losses alone, so the rank of a trial serves as its
    loss. Running trials have none, which hyperopt takes for the worst: a constant liar that spreads
    concurrent proposals.
    """

    def __init__(self, options: SamplerOptions) -> None:
        super().__init__(options)
        self._startup = options.startup

    @cached_property
    def _domain(self) -> Any:  # noqa: ANN401 - hyperopt is untyped
        return hyperopt_base.Domain(_refuse, to_hyperopt.expression(self._space))

    def draw(self, study: Study, trial: FrozenTrial) -> dict[str, Any]:
        """Draw from the ratio of two densities, or from the prior during start-up."""
        seed = int(self._stream(trial).integers(2**31))
        history = hyperopt_base.trials_from_docs(self._documents(study, trial))
        (document,) = hyperopt_tpe.suggest(
            [trial.number],
            self._domain,
            history,
            seed,
            n_startup_jobs=self._startup,
            verbose=False,
        )
        values = {name: value[0] for name, value in document["misc"]["vals"].items() if value}
        sample = hyperopt.space_eval(self._domain.expr, values)
        return to_hyperopt.flatten(self._space, sample)

    def _documents(self, study: Study, current: FrozenTrial) -> list[dict[str, Any]]:
        history = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
        running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        ranking = sorted(history, key=lambda trial: standing(trial, study.direction))
        documents = [
            self._document(trial, {"status": hyperopt.STATUS_OK, "loss": float(rank)})
            for rank, trial in enumerate(ranking)
        ]
        documents += [
            self._document(trial, {"status": hyperopt.STATUS_NEW})
            for trial in running
            if trial.number != current.number
        ]
        return documents

    def _document(self, trial: FrozenTrial, result: dict[str, Any]) -> dict[str, Any]:
        tid, names = trial.number, list(self._domain.params)
        values = to_hyperopt.to_vals(self._space, trial.params)
        misc = {
            "tid": tid,
            "cmd": self._domain.cmd,
            "workdir": None,
            "idxs": {name: [tid] if values.get(name) else [] for name in names},
            "vals": {name: values.get(name, []) for name in names},
        }
        (document,) = hyperopt_base.Trials().new_trial_docs([tid], [None], [result], [misc])
        document["state"] = hyperopt.JOB_STATE_DONE  # hyperopt looks at the loss only
        return dict(document)


def _refuse(config: object) -> float:
    raise NotImplementedError(f"hyperopt only proposes here; it was asked to run {config!r}")
