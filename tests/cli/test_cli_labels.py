"""`assay labels` over a real socket and on files."""

from pathlib import Path

import pytest

from bot.sandbox.world import OPERATOR, REPOSITORY
from tests.cli.forge import REPO, Assay, Forge, state

GROUPS = "groups: [{name: g, description: Words, exclusive: false, decision: false}]\n"


async def test_labels_are_synced_pruned_and_left_where_they_conflict(forge: Forge) -> None:
    api = forge.api[OPERATOR]
    for name in ("spare", "carried", "[red]markup[/red]"):
        await api.post(f"{REPO}/labels", {"name": name, "color": "#0e8a16"})
    await api.post(f"{REPO}/issues", {"title": "Dry"})
    await api.post(f"{REPO}/issues/1/labels", {"labels": ["carried"]})
    await api.patch(f"{REPO}/issues/1", {"state": "closed"})
    forge.sandbox.reset_calls()
    dry = await forge.assay("labels", "sync", REPOSITORY, "--prune", "--dry-run")
    assert (dry.status, forge.sandbox.writes) == (0, [])
    assert 'delete "[red]markup[/red]"' in dry.out
    assert (await forge.assay("labels", "sync", REPOSITORY, "--prune")).status == 0
    names = {label["name"] for label in (await state(forge))["labels"]}
    assert "carried" in names
    assert not {"spare", "[red]markup[/red]"} & names
    again = await forge.assay("labels", "sync", REPOSITORY, "--prune")
    assert (again.status, again.out) == (0, "")
    assert (await forge.assay("labels", "sync", "workshop", "--prune")).status == 2
    await api.post(f"{REPO}/labels", {"name": "judge/p0", "color": "#0e8a16"})
    doubled = await forge.assay("labels", "sync", REPOSITORY)
    assert doubled.status == 1
    assert 'conflict: "judge/p0" exists 2 times' in doubled.out


async def test_an_organisation_gets_the_labels(forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = await forge.assay("labels", "sync", "workshop")
    assert refused.status == 3
    assert "organization owner" in refused.err
    monkeypatch.setenv("ASSAY_TOKEN", forge.tokens[OPERATOR])
    assert (await forge.assay("labels", "sync", "workshop")).status == 0
    labels = [label async for label in forge.api[OPERATOR].getiter("/orgs/workshop/labels")]
    assert "judge/p0" in {label["name"] for label in labels}


def test_the_programs_own_labels_have_no_errors(assay: Assay) -> None:
    assert assay("labels", "lint").status == 0


def test_lint_tells_errors_and_ends_with_1(assay: Assay, clean: Path) -> None:
    text = GROUPS + 'labels: [{name: a, color: "#12345", description: x, group: nowhere}]\n'
    (clean / "labels.yaml").write_text(text)
    done = assay("labels", "lint", "--file", "labels.yaml")
    assert done.status == 1
    assert 'error: "a" is in no declared group' in done.out


def test_a_label_file_that_cant_be_read_is_exit_2(assay: Assay) -> None:
    done = assay("labels", "lint", "--file", "nowhere.yaml")
    assert (done.status, done.out) == (2, "")
    assert "nowhere.yaml: No such file or directory" in done.err
