"""`assay labels` over a real socket and on files."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.labels.catalog import LabelSet
from bot.sandbox.world import OPERATOR, REPOSITORY
from tests.cli.forge import REPO, Assay, Forge, state

GROUPS = "groups: [{name: g, description: Words, exclusive: false, decision: false}]\n"
CARRIED = [f"carried {number}" for number in range(12)]
SPARE = [f"spare {number}" for number in range(20)]


def with_earlier_names(place: Path) -> Path:
    """The program's own labels, where each fourth has an earlier name."""
    values = yaml.safe_load((Path(__file__).parents[3] / "labels.yaml").read_text())
    for label in values["labels"][::4]:
        label["aliases"] = [f"was {label['name']}"]
    file = place / "wanted.yaml"
    file.write_text(yaml.safe_dump(values))
    return file


def grown(wanted: LabelSet) -> Iterator[dict[str, Any]]:
    """170 labels as they are after years: of the wanted ones ten are missing, and half of the others differ."""
    for number, label in enumerate(wanted.labels[:-10]):
        fields = label.model_dump(include={"name", "color", "description", "exclusive"})
        change: dict[str, Any] = {0: {"name": "".join(label.aliases)}, 2: {"color": "#123456"}}.get(number % 4, {})
        if number % 8 == 2:
            change = {"description": "As it was", "exclusive": False}
        yield fields | change
    for name in (*CARRIED, *SPARE):
        yield {"name": name, "color": "#0e8a16"}


async def stage(forge: Forge, room: str, labels: Iterator[dict[str, Any]]) -> None:
    await asyncio.gather(*(forge.api[OPERATOR].post(f"{room}/labels", label) for label in labels))


def counted(forge: Forge) -> tuple[int, int]:
    """The calls that only read and those that wrote since the last count."""
    writes = len(forge.sandbox.writes)
    reads = len(forge.sandbox.calls) - writes
    forge.sandbox.reset_calls()
    return reads, writes


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


async def test_a_grown_repository_takes_a_page_of_calls_and_one_for_each_change(forge: Forge, clean: Path) -> None:
    file = with_earlier_names(clean)
    wanted, api = LabelSet.load(file), forge.api[OPERATOR]
    await stage(forge, REPO, grown(wanted))
    await api.post(f"{REPO}/issues", {"title": "Dry"})
    await api.post(f"{REPO}/issues/1/labels", {"labels": [*CARRIED, "was judge/p0"]})
    sync = ("labels", "sync", REPOSITORY, "--prune", "--file", str(file))
    forge.sandbox.reset_calls()
    dry = await forge.assay(*sync, "--dry-run")
    plan = [text.split()[0] for text in dry.out.splitlines()]
    assert {kind: plan.count(kind) for kind in set(plan)} == {"rename": 36, "edit": 35, "create": 10, "delete": 20}
    assert counted(forge) == (7, 0)  # who am I, four pages of labels, the organisation's labels, one page of issues
    done = await forge.assay(*sync)
    assert (done.status, done.out) == (0, dry.out)
    assert counted(forge) == (8, len(plan))  # the repository's id too: one process at a time changes its labels
    again = await forge.assay(*sync)
    assert (again.status, again.out) == (0, "")
    assert counted(forge) == (7, 0)  # nothing is to be created, so nobody asks for the organisation's labels
    there = {label["name"] for label in (await state(forge))["labels"]}
    assert there == {label.name for label in wanted.labels} | set(CARRIED)
    issue = await api.getitem(f"{REPO}/issues/1")
    assert {label["name"] for label in issue["labels"]} == {*CARRIED, "judge/p0"}


async def test_an_organisation_gets_the_labels(forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = await forge.assay("labels", "sync", "workshop")
    assert refused.status == 3
    assert "organization owner" in refused.err
    monkeypatch.setenv("ASSAY_TOKEN", forge.tokens[OPERATOR])
    assert (await forge.assay("labels", "sync", "workshop")).status == 0
    labels = [label async for label in forge.api[OPERATOR].getiter("/orgs/workshop/labels")]
    assert {label["name"] for label in labels} == LabelSet.load().names
    forge.sandbox.reset_calls()
    again = await forge.assay("labels", "sync", "workshop")
    assert (again.status, again.out, counted(forge)) == (0, "", (5, 0))


async def test_a_grown_organisation_is_mended_without_a_label_lost(
    forge: Forge, clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_TOKEN", forge.tokens[OPERATOR])
    file = with_earlier_names(clean)
    wanted = LabelSet.load(file)
    await stage(forge, "/orgs/workshop", grown(wanted))
    forge.sandbox.reset_calls()
    done = await forge.assay("labels", "sync", "workshop", "--file", str(file))
    assert (done.status, done.out.count("\n"), counted(forge)) == (0, 81, (5, 81))
    again = await forge.assay("labels", "sync", "workshop", "--file", str(file))
    assert (again.status, again.out, counted(forge)) == (0, "", (5, 0))
    there = {label["name"] async for label in forge.api[OPERATOR].getiter("/orgs/workshop/labels")}
    assert there == wanted.names | {*CARRIED, *SPARE}


def test_the_programs_own_labels_have_no_errors(assay: Assay) -> None:
    assert assay("labels", "lint").status == 0


def test_lint_tells_errors_and_ends_with_1(assay: Assay, clean: Path) -> None:
    text = GROUPS + 'labels: [{name: a, color: "#12345", description: x, group: nowhere}]\n'
    (clean / "labels.yaml").write_text(text)
    done = assay("labels", "lint", "--file", "labels.yaml")
    assert done.status == 1
    assert 'error: unknown group "nowhere" of "a"' in done.out


def test_a_label_file_that_cant_be_read_is_exit_2(assay: Assay) -> None:
    done = assay("labels", "lint", "--file", "nowhere.yaml")
    assert (done.status, done.out) == (2, "")
    assert "nowhere.yaml: No such file or directory" in done.err


RULES = """
labels:
  rules:
    - {name: hot, when: {title: ["*hot*"]}, labels: [kind/bgu]}
    - {name: cold, when: {title: ["*cold*"]}, labels: [judge/p3, size/tiny, size/small]}
"""


@pytest.mark.parametrize("named", [True, False])
def test_lint_tells_what_a_policy_s_rules_cant_set(assay: Assay, clean: Path, named: bool) -> None:
    place = clean / ("mine.yml" if named else ".forgejo/assay.yml")
    place.parent.mkdir(exist_ok=True)
    place.write_text(RULES)
    done = assay("labels", "lint", *(["--policy", str(place)] if named else []))
    assert done.status == 1
    assert done.out.splitlines() == [
        'error: the rule "hot" uses the undeclared label "kind/bgu"; did you mean "kind/bug"?',
        'error: the rule "cold" sets the decision label "judge/p3", which no rule may set; remove it from the rule',
        'error: the rule "cold" sets "size/tiny" and "size/small", which exclude each other; keep one',
    ]


def test_lint_tells_labels_that_a_check_wants_and_the_file_hasnt(assay: Assay, clean: Path) -> None:
    (clean / "labels.yaml").write_text(GROUPS + 'labels: [{name: a, color: "#0e8a16", description: x, group: g}]\n')
    done = assay("labels", "lint", "--file", "labels.yaml")
    assert done.status == 1
    assert 'error: the rule "check secret-leak" uses the undeclared label "safety:secret-touch"' in done.out


def test_a_policy_that_cant_be_used_is_exit_2(assay: Assay, clean: Path) -> None:
    (clean / "mine.yml").write_text("labels: {rulse: []}")
    done = assay("labels", "lint", "--policy", "mine.yml")
    assert (done.status, done.out) == (2, "")
    assert "did you mean `rules`?" in done.err
