"""Finalists are trained anew, on seeds that the search did not use."""


def test_a_finalist_that_misses_its_constraints_on_other_seeds_cannot_win(
    run_toy, confirm_toy, monkeypatch
):
    _, run, _ = run_toy(trials=6)
    import toy_study  # noqa: PLC0415

    evaluate = toy_study.Toy.evaluate

    def missing(self, rung):
        report = evaluate(self, rung)
        report.constraints["floor"] = 1.0
        return report

    monkeypatch.setattr(toy_study.Toy, "evaluate", missing)
    status, printed = confirm_toy(run)
    assert status == 1
    assert "no winner" in printed
    assert not (run / "confirm" / "test").exists()
