"""The guard of the modes: executables, links, submodules, binaries."""

from typing import Any

import pytest

from bot.model import ChangedFile, Report, Verdict
from handlers.guards.file_modes import CHECK
from tests.handlers.guards.guarding import deleted, file, guarded, link, moved, report, rules
from tests.snapshots import snapshot

EXECUTABLE, SUBMODULE = "100755", "160000"


async def judged(*changed: ChangedFile, section: dict[str, Any] | None = None, **change: Any) -> Report:
    return await report(CHECK, snapshot(**({"policy": guarded("modes", **(section or {})), "files": changed} | change)))


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        (file("a.py"), []),
        (file("a.sh", new_mode=EXECUTABLE), ["became-executable"]),
        (file("a.sh", new_mode=EXECUTABLE, added=0, removed=0, status="changed"), ["became-executable"]),
        (file("a.sh", status="added", old_mode="000000", new_mode=EXECUTABLE), ["became-executable"]),
        (file("a.sh", old_mode=EXECUTABLE, new_mode=EXECUTABLE), []),
        (file("a.sh", old_mode=EXECUTABLE), []),
        (deleted("a.sh"), []),
        (moved("a.py", "b.py"), []),
        (file("a.png", added=0, removed=0), ["binary"]),
        (file("a.png", added=0, removed=0, status="added", old_mode="000000"), ["binary"]),
        (file("a.png", added=0, removed=0, status="deleted", new_mode="000000"), []),
        (file("a.txt", added=0), []),
        (file("bin/b", old_mode="120000", added=0, removed=0), ["binary"]),
        (file("bin/b", old_mode=EXECUTABLE, added=0, removed=0), ["content-unseen"]),
        (file("bin/b", new_mode=EXECUTABLE, added=0, removed=0), ["became-executable", "content-unseen"]),
        (file("Makefile", old_mode=EXECUTABLE, added=0, removed=0), []),
        (moved("a.png", "b.png"), ["content-unseen"]),
        (moved("a.png", "b.py"), ["content-unseen"]),
        (moved("bin/a", "bin/b").model_copy(update={"added": 1}), []),
        (file("lib", status="added", old_mode="000000", new_mode=SUBMODULE, added=1, removed=0), ["submodule"]),
        (file("lib", old_mode=SUBMODULE, new_mode=SUBMODULE, added=1, removed=1), ["submodule"]),
        (file("lib", status="deleted", old_mode=SUBMODULE, new_mode="000000", added=0), ["submodule"]),
        (file("lib", old_mode=SUBMODULE), ["submodule"]),
        (file(".gitmodules"), ["submodule"]),
        (file("docs/.gitmodules"), []),
    ],
)
async def test_a_file_that_is_more_than_text_is_found(changed: ChangedFile, found: list[str]) -> None:
    said = await judged(changed)
    assert rules(said) == found
    assert said.verdict is (Verdict.BLOCK if found else Verdict.PASS)


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("plan.py", []),
        ("../README.md", []),
        ("./../garden/plan.py", []),
        ("/etc/passwd", ["link-out-of-tree"]),
        ("../../outside", ["link-out-of-tree"]),
        ("..", []),
        ("../..", ["link-out-of-tree"]),
        ("a/../../..", ["link-out-of-tree"]),
        ("a/../b", ["link-out-of-tree"]),
        (".../a", []),
        ("../.git/hooks", ["link-out-of-tree"]),
        ("../.GIT/config", ["link-out-of-tree"]),
        ("", ["link-out-of-tree"]),
        (None, ["link-unread"]),
    ],
)
async def test_a_link_may_not_lead_out_of_the_tree(target: str | None, found: list[str]) -> None:
    said = await judged(**link("garden/link", target))
    assert rules(said) == found
    if found and target:
        assert target in said.findings[0].evidence


async def test_a_link_that_is_only_moved_leads_nobody_sees_where() -> None:
    link_moved = moved("a/link", "link").model_copy(update={"old_mode": "120000", "new_mode": "120000"})
    assert rules(await judged(link_moved)) == ["link-unread"]


async def test_a_link_that_goes_away_is_no_matter() -> None:
    gone = deleted("link").model_copy(update={"old_mode": "120000"})
    assert rules(await judged(gone)) == []


async def test_what_the_policy_expects_is_no_finding() -> None:
    section = {"executables": ["bin/"], "binaries": ["*.png"], "submodules": ["vendor/", "/.gitmodules"]}
    changed = (
        file("bin/run", new_mode=EXECUTABLE),
        file("docs/a.png", added=0, removed=0),
        file("vendor/lib", old_mode=SUBMODULE, new_mode=SUBMODULE),
        file(".gitmodules"),
    )
    assert (await judged(*changed, section=section)).verdict is Verdict.PASS
    assert len((await judged(*changed)).findings) == 4
    section["submodules"] = ["vendor/"]
    assert rules(await judged(*changed, section=section)) == ["submodule"]


async def test_the_summary_counts_and_names_the_kinds() -> None:
    said = await judged(file("a", new_mode=EXECUTABLE), file("b", new_mode=EXECUTABLE), file("c", added=0, removed=0))
    assert said.summary == "3 unusual file changes: became-executable, binary"
