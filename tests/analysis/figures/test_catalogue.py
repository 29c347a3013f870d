"""Every figure on every kind of run: it draws, it says what it must, no text covers another."""

from functools import cache

import make_robmednas
import make_run
import pytest
from canvas_texts import areas_shared, draw, texts_of
from make_run import METRIC, REFERENCES, Blueprint, whole_search

from analysis.figures.catalogue import FIGURES, NARROW, PANELS, figure, panels
from analysis.load import load
from search.engine.trial import State

FAILED = Blueprint("t001", state=State.FAILED, reports=0, reason="out of memory")
RUNS = {
    "many": whole_search(),
    "few": [REFERENCES[0], REFERENCES[5], *whole_search(8)[8:]],
    "one reference": [REFERENCES[0]],
    "one sampled": [Blueprint("t001")],
    "all failed": [FAILED, Blueprint("t002", state=State.FAILED, reports=0, reason="x")],
    "no winner": [Blueprint("r01", "baseline", violation=0.1), Blueprint("t001", violation=0.2)],
    "all stopped": [
        Blueprint(f"t00{i}", state=State.PRUNED, reports=i, reason="x") for i in (1, 2)
    ],
    "no metrics": [
        Blueprint("r01", "baseline", metrics={}),
        Blueprint("t001", metrics={METRIC: 0.5}),
    ],
    "equal values": [Blueprint(f"t00{i}", metrics={METRIC: 0.5}) for i in (1, 2, 3)],
    "little spread": [Blueprint(f"t00{i}", config={"lr": 1e-4 * 2.0**i}) for i in range(6)],
    "same place": [Blueprint(f"r0{i}", f"reference {i}", 0.6, 3.0) for i in range(1, 9)],
}


@pytest.fixture(scope="module")
def run_of(tmp_path_factory):
    """Make and load the runs of this file once each."""

    @cache
    def maker(kind):
        folder = tmp_path_factory.mktemp("run") / "run"
        if kind in SYNTHESIS_RUNS:
            options = {"task": make_robmednas.ROBMEDNAS, "images": 8, "refused": 3}
            return load(make_run.make_run(folder, SYNTHESIS_RUNS[kind], **options))
        options = {"keep_answers": kind != "no metrics"}
        return load(make_run.make_run(folder, RUNS[kind], **options))

    return maker


@pytest.mark.parametrize("name", [*FIGURES, "overview"])
@pytest.mark.parametrize("kind", RUNS)
def test_no_text_covers_another_or_leaves_the_figure(run_of, kind, name):
    canvas = draw(run_of(kind), name)
    assert list(areas_shared(canvas)) == []
    edges = canvas.bbox
    for text, box in texts_of(canvas):
        inside = box.x0 >= -1 and box.y0 >= -1 and box.x1 <= edges.x1 + 1 and box.y1 <= edges.y1 + 1
        assert inside, text


SYNTHESIS_RUNS = {
    "many of synthesis": make_robmednas.whole_search(),
    "one of synthesis": [Blueprint("t001", config={"architecture": make_robmednas.HANDCRAFTED})],
    "all failed of synthesis": [FAILED],
    "one value of synthesis": [
        Blueprint(f"t00{i}", metrics={make_robmednas.METRIC: 150.0}) for i in (1, 2, 3)
    ],
    "sixty of synthesis": make_robmednas.whole_search(60, 1),
}


@pytest.mark.parametrize("name", [*FIGURES, "overview"])
@pytest.mark.parametrize("kind", SYNTHESIS_RUNS)
def test_no_text_covers_another_of_synthesis(run_of, kind, name):
    assert list(areas_shared(draw(run_of(kind), name))) == []


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("kind", ["many", "many of synthesis"])
def test_no_text_covers_another_at_the_width_of_the_report(run_of, kind, name):
    run = run_of(kind)
    canvases = [*panels(run, name).values()] if name in PANELS else [figure(run, name, NARROW)]
    assert canvases
    for canvas in canvases:
        canvas.draw_without_rendering()
        assert list(areas_shared(canvas)) == []


def test_panels_are_the_parts_of_their_figure(run_of):
    run = run_of("many")
    assert list(panels(run, "robustness")) == ["pgd", "fgsm"]
    assert list(panels(run, "agreement")) == ["1", "2", "3"]
    canvas = draw(run, "hyperparameters")
    parts = panels(run, "hyperparameters")
    assert len(parts) == sum(ax.axison for ax in canvas.axes)
    limits = {panel.axes[0].get_ylim() for panel in panels(run, "robustness").values()}
    assert limits == {ax.get_ylim() for ax in draw(run, "robustness").axes}
    assert len(limits) == 1
