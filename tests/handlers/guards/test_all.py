"""What all guards have in common: off without a policy, block or advise by their mode, never pass what wasn't seen."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bot.model import Check, Gap, Kind, Mention, Side, Verdict
from bot.policy.guards import GuardsPolicy
from bot.text.yaml_model import YamlFile
from handlers.guards.check import CHECKS
from tests.handlers.guards.guarding import Guarded, deleted, file, files, guarded, policy, report, rules, said
from tests.snapshots import AGENT, LABELS, OPERATOR, OUTSIDER, snapshot

DOCS = Path(__file__).parents[3] / "docs" / "checks"
BY_NAME = {check.name: check for check in CHECKS}
NET = Gap(what="the net difference", why="head and base have no common ancestor", of="a1")

FAULTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "base": ({}, {"base": Side(ref="staging")}),
    "docs-drift": ({}, {"mentions": (Mention(path="a.py", file="README.md", line=3),), "files": (deleted("a.py"),)}),
    "scope": ({}, {"files": files("a.py")}),
    "red-zone": ({"paths": ["a.py"]}, {"files": files("a.py")}),
    "modes": ({}, {"files": (file("a.py", new_mode="100755"),)}),
}
"""One guard each, its section of the policy and something that it finds."""


def test_the_guards_have_their_names_and_run_on_open_pull_requests_alone() -> None:
    assert list(BY_NAME) == ["base", "docs-drift", "workflow-lint", "scope", "red-zone", "modes"]
    for check in CHECKS:
        assert check.on == {Kind.PULL}
        assert check.states == {"open", "draft"}
        assert LABELS.names.issuperset(check.labels)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
async def test_a_guard_that_the_policy_does_not_name_is_off_and_says_nothing(check: Check) -> None:
    found = await report(check, snapshot(policy=policy(), gaps=(NET,)))
    assert (found.verdict, found.status, found.shown, found.findings) == (Verdict.SKIP, False, False, ())
    assert found.summary == f"off (enable with guards.{check.name}.mode in the policy)"


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize(("mode", "verdict"), [("block", Verdict.BLOCK), ("advise", Verdict.ADVISE)])
async def test_what_a_guard_finds_blocks_or_advises_by_its_mode(name: str, mode: str, verdict: Verdict) -> None:
    section, seen = FAULTS[name]
    found = await report(BY_NAME[name], snapshot(policy=guarded(name, mode, **section), **seen))
    assert (found.verdict, found.status, len(found.findings)) == (verdict, True, 1)
    assert found.summary
    assert found.findings[0].next_step


@pytest.mark.parametrize("name", ["docs-drift", "workflow-lint", "scope", "red-zone", "modes"])
async def test_a_list_of_files_that_was_not_read_is_an_error(name: str) -> None:
    found = await report(BY_NAME[name], snapshot(policy=guarded(name), files=(), gaps=(NET,)))
    assert (found.verdict, rules(found)) == (Verdict.ERROR, ["not-looked-at"])
    assert found.findings[0].fingerprint == NET.fingerprint


@pytest.mark.parametrize("name", sorted(FAULTS.keys() - {"base"}))
async def test_what_was_found_blocks_though_not_all_was_seen(name: str) -> None:
    section, seen = FAULTS[name]
    found = await report(BY_NAME[name], snapshot(policy=guarded(name, **section), gaps=(NET,), **seen))
    assert (found.verdict, len(found.findings)) == (Verdict.BLOCK, 2)
    found = await report(BY_NAME[name], snapshot(policy=guarded(name, "advise", **section), gaps=(NET,), **seen))
    assert found.verdict is Verdict.ERROR


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
async def test_gaps_that_hide_no_file_are_no_matter_of_the_guards(check: Check) -> None:
    big = Gap(what="file big.bin", why="a version of it is over 5120 KiB", of="b1")
    section = {"beside": ["a.py"]} if check.name == "scope" else {}
    found = await report(check, snapshot(policy=guarded(check.name, **section), files=files("a.py"), gaps=(big,)))
    assert found.verdict in {Verdict.PASS, Verdict.SKIP}


@pytest.mark.parametrize(
    ("by", "verdict"), [(OPERATOR, Verdict.PASS), (AGENT, Verdict.ERROR)], ids=["an operator", "the author"]
)
async def test_a_gap_is_accepted_by_an_operator_who_did_not_open_it(by: str, verdict: Verdict) -> None:
    accepted = said("accept", NET.fingerprint, by=by, why="looked at by hand")
    found = await report(
        BY_NAME["modes"], snapshot(policy=guarded("modes"), files=(), gaps=(NET,), decisions=(accepted,))
    )
    assert found.verdict is verdict


async def test_a_gap_that_was_refused_is_still_there() -> None:
    refused = said("accept", NET.fingerprint, by=OUTSIDER, refused="only an operator may do that")
    found = await report(
        BY_NAME["modes"], snapshot(policy=guarded("modes"), files=(), gaps=(NET,), decisions=(refused,))
    )
    assert found.verdict is Verdict.ERROR


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"scope": {"auto": ["pumps"]}}, "unknown module pumps in `auto`"),
        ({"scope": {"modules": [{"name": "a", "paths": ["a/"]}, {"name": "a", "paths": ["b/"]}]}}, "duplicate module"),
        ({"docs-drift": {"rules": [{"name": "a", "when": ["a/"]}]}}, "need"),
        ({"docs-drift": {"rules": [{"name": "a", "when": [], "need": ["b"]}]}}, "when"),
        ({"red-zone": {"paths": ["a"], "pattern": ["b"]}}, "pattern"),
        ({"modes": {"mode": "warn"}}, "block"),
        (
            {"scope": {"modules": [{"name": f"m{n}", "paths": [f"{n}/{k}" for k in range(100)]} for n in range(11)]}},
            "1100",
        ),
    ],
)
def test_a_policy_that_would_not_do_what_it_seems_to_is_refused(section: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        GuardsPolicy.model_validate(section)


@pytest.mark.parametrize("page", ["guards.md", "merge.md"])
def test_a_policy_that_is_shown_loads_and_changes_something(page: str) -> None:
    (example,) = re.findall(
        r"^```yaml\n(.*?)^```$", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    assert YamlFile(example, page).read(Guarded) != Guarded()


def test_an_unquoted_off_is_off() -> None:
    text = "guards: {base: {mode: off, stacked: off}}\nmerge: {mode: on, auto: off}\n"
    read = YamlFile(text, "assay.yml").read(Guarded)
    assert (read.guards.base.mode, read.guards.base.stacked, read.merge.mode, read.merge.auto) == (
        "off",
        "off",
        "on",
        "off",
    )
