"""What to cite."""

import json
import re
from dataclasses import replace
from pathlib import Path

import make_robmednas
import pytest
from make_confirmation import VALUES
from make_run import METRIC, TSYND, Blueprint, Fixed

from analysis.report import citations
from analysis.report.citations import keys, references
from analysis.report.sections.sources import citing
from search.samplers.registry import SAMPLERS
from search.studies import STUDIES, about
from trainables.attacks.registry import ATTACKS, SYNTHESIS_ATTACKS

BIB = Path(__file__).parents[3] / "CITATIONS.bib"


def test_the_packages_references_are_the_repositorys():
    expected = re.findall(r"^@\w+\{([^,]+),", BIB.read_text(encoding="utf-8"), re.MULTILINE)
    assert list(references()) == expected


def test_an_entry_is_written_without_latex():
    entry = references()["tpe"]
    assert entry.text == (
        "James Bergstra et al. (2011). Algorithms for Hyper-Parameter Optimization. Advances in "
        "Neural Information Processing Systems."
    )
    assert entry.bibtex.startswith("@inproceedings{tpe,")
    assert entry.bibtex.endswith("}")


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"R{\'e}mi", "Rémi"),
        (r"Bj\"{o}rn", "Björn"),
        ("{TSynD} of", "TSynD of"),
        (r"A \& B", "A & B"),
    ],
)
def test_accents_and_braces(latex, text):
    assert citations._plain(latex) == text


def test_no_entry_is_left_with_latex():
    for entry in references().values():
        assert not set("{}\\") & set(entry.text), entry.text
        assert re.search(r"\((\d{4}|n\.d\.)\)", entry.text), entry.text  # a poster bears no date


def test_every_key_that_may_be_cited_exists():
    tables = (
        citations.BY_SAMPLER,
        citations.BY_SCHEDULER,
        citations.BY_CLASSIFIER,
        citations.BY_ATTACK,
    )
    cited = {key for table in tables for papers in table.values() for key in papers}
    cited |= {key for study in STUDIES for key in about(study).cites}
    assert cited | {"medmnist", "obfuscated", "nsga2", "pedanova"} <= set(references())


def test_a_run_cites_its_study_attacks_and_search(build):
    run = build(Blueprint("t001"))
    assert keys(run)[0] == "tsynd"
    assert {"fgsm", "pgd", "tpe", "asha", "pedanova"} <= set(keys(run))
    assert not {"medmnist", "nsga2", "apgd", "resnet"} & set(keys(run))


def test_data_and_network_are_cited_where_they_have_a_paper(build):
    run = build(Blueprint("t001"))
    run.manifest["settings"] |= {"dataset": "breastmnist", "classifier": "resnet18-16"}
    assert {"medmnist", "resnet"} <= set(keys(run))
    run.manifest["settings"]["dataset"] = "mydata"  # a user's own has no paper that we know
    assert "medmnist" not in keys(run)


def test_the_other_study_cites_its_own(build):
    config = {"architecture": make_robmednas.HANDCRAFTED}
    run = build(Blueprint("t001", config=config), task=make_robmednas.ROBMEDNAS, images=8)
    assert keys(run)[0] == "robmednas"
    assert "tsynd" not in keys(run)


def test_a_guest_says_itself_what_to_cite(build):
    class Guest(Fixed):
        about = replace(Fixed.about, cites=("guest", "se"))

    run = build(Blueprint("t001"), task=replace(TSYND, settings=Guest()))
    assert keys(run)[:2] == ["guest", "se"]
    assert "tsynd" not in keys(run)
    text = citing(run).body
    assert "<code>guest</code>: in the study&#39;s own bibliography" in text
    assert "Squeeze-and-Excitation" in text


@pytest.mark.parametrize("attack", sorted(ATTACKS | SYNTHESIS_ATTACKS))
def test_every_attack_is_cited(build, attack):
    run = build(Blueprint("t001", metrics={METRIC: 0.5, f"ranking_{attack}_bacc_eps4": 0.5}))
    assert attack.split("-")[0] in keys(run)


def test_every_sampler_with_a_paper_is_cited():
    assert set(SAMPLERS) - set(citations.BY_SAMPLER) == {"random"}


def test_the_gaussian_process_is_cited_with_what_it_maximises(build):
    run = build(Blueprint("t001"))
    run.manifest["plan"]["sampler"] = "bayes"
    assert {"gpml", "ei", "logei"} <= set(keys(run))


def test_the_attacks_of_a_confirmation_are_cited(build):
    run = build(Blueprint("t001"))
    (run.folder / "confirm").mkdir()
    wins = {"ranking": {}, "test": {"apgd-t": 3, "fab": 0, "transfer": 1}}
    (run.folder / "confirm" / "confirm.json").write_text(json.dumps(VALUES | {"wins": wins}))
    assert {"apgd", "fab"} <= set(keys(run))
    assert "transfer" not in keys(run)
