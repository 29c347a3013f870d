"""The rows of the tables."""

from search.deepauc.methods import CONTROLS, LOSSES, deepauc, label_of, methods, subsets
from search.deepauc.published import ABLATION

BINARY = deepauc.parse_settings({"dataset": "phantom3d", "device": "cpu"})
MANY = deepauc.parse_settings({"dataset": "phantom", "device": "cpu"})


def configs(settings):
    return {row.label: row.config for row in methods(settings)}


def test_the_ablation_is_every_subset_and_the_documents_lines_are_among_them():
    labels = [label_of(names) for names in subsets()]
    assert len(labels) == len(set(labels)) == 8
    assert set(ABLATION) <= set(labels)


def test_a_part_changes_its_own_fields_alone():
    rows = configs(BINARY)
    plain = rows["plain"]
    assert (plain["loss"], plain["aucm_lr"], plain["stage_factor"]) == ("aucm", 0.1, 100)
    for label, fields in (
        ("sampler", {"positive_share": 0.25}),
        ("augmentation", {"augmentation": "affine"}),
        ("decay", {"epoch_decay": 0.1, "weight_decay": 1e-3}),
    ):
        changed = {name: value for name, value in rows[label].items() if plain[name] != value}
        assert changed == fields


def test_the_documents_final_settings_are_the_studys_reference():
    references = {row.label: row.config for row in deepauc.references(BINARY)}
    rows = configs(BINARY)
    assert rows["sampler, decay"] == references["aucm document"]
    assert rows["ap document"] == references["ap document"]
    assert rows["cross-entropy"] == references["baseline"]
    assert {*LOSSES.values(), *CONTROLS.values()} <= set(rows)


def test_several_classes_have_no_sampler():
    labels = list(configs(MANY))
    assert labels[:4] == ["plain", "augmentation", "decay", "augmentation, decay"]
    assert not any("sampler" in label for label in labels)


def test_no_sampler_of_a_search_is_told_of_a_row():
    assert all(row.point is None for row in methods(BINARY))
