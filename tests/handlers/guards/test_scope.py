"""The guard of the scope: modules allowed and blocked, as a finding, in words and as JSON."""

import json
from typing import Any

import pytest

from bot.model import ChangedFile, Report, Verdict
from handlers.guards.scope import CHECK
from tests.handlers.guards.guarding import files, guarded, moved, report, rules
from tests.rendered import tokens
from tests.snapshots import snapshot

SECTION = {
    "modules": [
        {"name": "matrix-well-known", "paths": ["modules/matrix-well-known/"]},
        {"name": "dashboard", "paths": ["modules/dashboard/", "shared/"]},
        {"name": "vault", "paths": ["modules/vault/", "shared/"]},
    ],
    "auto": ["matrix-well-known", "dashboard"],
    "beside": ["docs/", "*.md"],
}


async def judged(*changed: ChangedFile, **section: Any) -> Report:
    return await report(CHECK, snapshot(policy=guarded("scope", **(SECTION | section)), files=changed))


@pytest.mark.parametrize(
    ("changed", "allowed", "blocked", "outside", "found"),
    [
        (files("modules/dashboard/a.tf"), ["dashboard"], [], [], []),
        (files("modules/dashboard/a.tf", "README.md"), ["dashboard"], [], [], []),
        (files("docs/a.png"), [], [], [], []),
        (files("modules/vault/a.tf"), [], ["vault"], [], ["module-blocked"]),
        (files("shared/a.tf"), ["dashboard"], ["vault"], [], ["module-blocked"]),
        (files("modules/new/a.tf"), [], [], ["modules/new/a.tf"], ["no-module"]),
        ((moved("modules/vault/a", "modules/dashboard/a"),), ["dashboard"], ["vault"], [], ["module-blocked"]),
        (files("modules/vault/a", "x"), [], ["vault"], ["x"], ["module-blocked", "no-module"]),
    ],
)
async def test_modules_are_allowed_or_blocked(
    changed: tuple[ChangedFile, ...], allowed: list[str], blocked: list[str], outside: list[str], found: list[str]
) -> None:
    said = await judged(*changed)
    assert [said.data["allowed"], said.data["blocked"], said.data["outside"]] == [allowed, blocked, outside]
    assert rules(said) == found
    assert said.verdict is (Verdict.BLOCK if found else Verdict.PASS)
    assert all(name in said.notes[0] and name in said.summary for name in (*allowed, *blocked))


async def test_the_payload_names_the_paths_of_each_module_and_stands_in_the_explanation() -> None:
    said = await judged(*files("shared/a.tf"))
    assert said.data == {
        "allowed": ["dashboard"],
        "blocked": ["vault"],
        "outside": [],
        "paths": {"dashboard": ["shared/a.tf"], "vault": ["shared/a.tf"]},
    }
    (fence,) = tokens(said.explanation)
    assert (fence.type, json.loads(fence.content)) == ("fence", said.data)


async def test_no_path_ends_the_fence_and_many_are_cut() -> None:
    said = await judged(*files("```\n# x", *(f"x/{number}" for number in range(500))))
    (fence,) = tokens(said.explanation)
    assert fence.type == "fence"
    assert len(said.data["outside"]) == 100
    assert said.findings[0].title == "501 paths outside all modules"
