"""The built-in label rules: what each gives, and that they are data like a policy's own."""

from typing import Any

import pytest

from bot.model import AddedLines, ChangedFile, Kind, Side, Target
from handlers.facts.change import measured
from handlers.labels.builtin_rules import DEFAULTS, LABELS, defaults_table
from handlers.labels.check import CHECK
from tests.handlers.labels.labelling import file, files, labels, report, ruled, said
from tests.snapshots import ISSUE, NOW, OUTSIDER, PULL, gap
from tests.snapshots import LABELS as DECLARED


@pytest.mark.parametrize(
    ("changed", "label"),
    [
        ((file("a.py", 10),), "size/tiny"),
        ((file("a.py", 5, 5), file("b.py", 0, 0, status="renamed")), "size/tiny"),
        ((file("a.py", 11),), "size/small"),
        (files("a.py", "b.py", "c.py"), "size/small"),
        ((file("a.py", 60, 41),), "size/medium"),
        (files(*(f"{number}.py" for number in range(11))), "size/medium"),
        ((file("a.py", 501),), "size/large"),
        (files(*(f"{number}.py" for number in range(31))), "size/large"),
        ((file("a.py", 3), file("uv.lock", 9000), file("web/node_modules/x.js", 9000)), "size/tiny"),
        ((file("uv.lock", 9000),), "size/tiny"),
        ((), "size/unknown"),
        ((file("photo.jpg", 0, 0),), "size/unknown"),
        ((file("photo.jpg", 0, 0), file("a.py", 1)), "size/tiny"),
        ((file("run.sh", 0, 0, new_mode="100755"),), "size/tiny"),
        (tuple(file(f"{number}.bin", 0) for number in range(40)), "size/large"),
    ],
)
async def test_a_pull_request_has_one_size(changed: tuple[ChangedFile, ...], label: str) -> None:
    found = (await report(files=changed)).labels
    assert {name: on for name, on in found.items() if name.startswith("size/")} == {
        name: name == label for name in DECLARED.names if name.startswith("size/")
    }


async def test_an_issue_has_neither_size_nor_tier() -> None:
    found = (await report(ISSUE)).labels
    assert [name for name in found if name.startswith(("size/", "tier/"))] == []


async def test_figures_of_a_size_are_told_and_no_ground_rests_on_them() -> None:
    one, other = [await report(files=(file("a.py", lines),)) for lines in (20, 30)]
    assert "20 changed lines in 1 file" in one.explanation
    assert one.label_bases["size/small"] == other.label_bases["size/small"] == 'rule "size": kind pull; size small'
    assert measured((file("a.py"), file("go.sum"))) == "3 changed lines in 1 file, 1 generated not counted"


@pytest.mark.parametrize(
    ("changed", "base", "tier"),
    [
        (("README.md", "docs/a.md", "docs/plan.png"), "main", "lite"),
        (("README.md",), "codex/first", "lite"),
        (("README.md", "a.py"), "main", "full"),
        (("a.py",), "codex/first", "stacked"),
        (("docs/conf.py",), "main", "full"),
        (("requirements.txt",), "main", "full"),
        (("AGENTS.md",), "main", "full"),
        ((".claude/skills/dig.md",), "main", "full"),
        ((), "main", "full"),
    ],
)
async def test_a_pull_request_has_one_tier(changed: tuple[str, ...], base: str, tier: str) -> None:
    found = await labels(files=files(*changed), base=Side(ref=base, sha="b" * 40))
    assert {name for name in found if name.startswith("tier/")} == {f"tier/{tier}"}


async def test_what_was_not_read_whole_is_not_lite() -> None:
    assert "tier/lite" in await labels(files=files("README.md"))
    assert "tier/full" in await labels(files=files("README.md"), gaps=(gap(),))


@pytest.mark.parametrize(
    "change",
    [
        {"new_mode": "120000"},
        {"old_mode": "160000", "new_mode": "160000"},
        {"status": "renamed", "old_path": "run.py"},
    ],
    ids=["link", "submodule", "renamed"],
)
async def test_what_only_looks_like_documentation_is_not_lite(change: dict[str, str]) -> None:
    assert "tier/full" in await labels(files=(file("README.md", **change),))


@pytest.mark.parametrize(
    ("title", "wanted"),
    [
        ("feat: water", {"kind/feature", "type:feat"}),
        ("Feat(UI)!: water", {"kind/feature", "type:feat", "risk/product", "domain:ux"}),
        ("WIP: fix(pump): leak", {"kind/bug", "type:bug"}),
        ("[Draft] hotfix: leak", {"kind/bug", "type:bug"}),
        ("docs(ci): lessons", {"type:docs", "domain:docs", "domain:ci"}),
        ("chore: tidy", {"kind/chore", "type:chore"}),
        ("ci: cache", {"kind/chore", "type:chore", "domain:ci"}),
        ("refactor: split", {"kind/refactor", "type:chore"}),
        ("research: which pump", {"kind/research", "type:research"}),
        ("policy: two reviewers", {"type:policy"}),
        ("adr: one database", {"kind/adr"}),
        ("infra: new host", {"kind/infra", "domain:infra"}),
        ("ops: restart", {"kind/ops", "domain:runtime"}),
        ("security: close it", {"class/security-sensitive"}),
        ("fix(auth,docs): leak", {"kind/bug", "type:bug", "class/security-sensitive", "domain:docs"}),
        ("feat water", set()),
        ("Note: water", set()),
        ("feat:water", set()),
        ("feat(: water", set()),
    ],
)
async def test_a_conventional_title_says_what_it_is_about(title: str, wanted: set[str]) -> None:
    found = await labels(ISSUE, title=title)
    assert {name for name in found if not name.startswith(("agent/", "source/", "flow/"))} == wanted


@pytest.mark.parametrize(
    ("author", "wanted"),
    [
        ("codex", {"agent/codex", "source/agent-generated"}),
        ("Codex-Bot", {"agent/codex", "source/agent-generated"}),
        ("claude-code", {"agent/claude-code", "source/agent-generated"}),
        ("hermes", {"agent/hermes", "source/agent-generated"}),
        ("iskra", {"agent/iskra", "source/agent-generated"}),
        ("ollama", {"agent/ollama", "source/agent-generated"}),
        ("patchwarden", {"agent/patchwarden", "source/agent-generated"}),
        ("renovate", {"source/agent-generated"}),
        ("codex-fan", {"source/manual"}),
        (OUTSIDER, {"source/manual"}),
        ("", set()),
    ],
)
async def test_the_author_says_where_it_came_from(author: str, wanted: set[str]) -> None:
    found = await labels(ISSUE, author=author, policy=ruled())
    assert {name for name in found if name.startswith(("agent/", "source/"))} == wanted


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (".forgejo/workflows/test.yml", {"domain:ci", "risk/process"}),
        (".forgejo/assay.yml", {"risk/process"}),
        ("AGENTS.md", {"domain:agents", "risk/process"}),
        ("agents/hermes/plan.py", {"domain:agents"}),
        ("docs/water.md", {"domain:docs", "safety:no-prod-mutation"}),
        ("forgejo/custom/app.ini", {"domain:forgejo"}),
        ("compose/web.yaml", {"domain:infra", "domain:runtime", "risk/runtime"}),
        ("infra/main.tf", {"domain:infra", "risk/runtime"}),
        ("nginx/site.conf", {"domain:infra", "risk/exposure"}),
        ("memory/store.py", {"domain:memory"}),
        ("runtime/loop.py", {"domain:runtime"}),
        ("signal-cli/run.py", {"domain:signal"}),
        ("src/signal/unix.c", set()),
        ("web/app.css", {"domain:ux"}),
        ("migrations/0002.sql", {"risk/runtime"}),
        ("src/auth/login.py", {"class/security-sensitive"}),
        ("src/authors.py", set()),
        ("secrets/prod.sops.yaml", {"class/security-sensitive", "safety:secret-touch"}),
        (".env.example", set()),
        ("hosts/production/web.nix", {"safety:prod-impact"}),
        ("tests/test_water.py", {"safety:no-prod-mutation"}),
        ("src/water.py", set()),
    ],
)
async def test_a_changed_file_says_what_it_touches(path: str, wanted: set[str]) -> None:
    found = await labels(files=files(path), title="Water")
    assert {name for name in found if name.startswith(("domain:", "risk/", "safety:", "class/"))} == wanted


async def test_a_file_counts_by_its_earlier_name_too() -> None:
    moved = file("old/workflow.yml", status="renamed", old_path=".forgejo/workflows/test.yml")
    assert "domain:ci" in await labels(files=(moved,))


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("on: pull_request_target", {"class/security-sensitive"}),
        ("requests.get(url, verify=False)", {"class/security-sensitive"}),
        ("allow 0.0.0.0/0", {"risk/exposure"}),
        ("git commit --no-verify", {"risk/process"}),
        ("curl -X POST https://forge.example/api", {"safety:external-write"}),
        ("watering(unverify=Falsehood)", set()),
        ("postgres://", set()),
    ],
)
@pytest.mark.parametrize(("path", "counts"), [("deploy.sh", True), ("docs/deploy.md", False), ("tests/x.py", False)])
async def test_an_added_line_says_what_it_does_where_it_runs(
    line: str, wanted: set[str], path: str, counts: bool
) -> None:
    found = await labels(files=files("x.py"), title="Water", added=(AddedLines(path=path, start=1, text=line),))
    assert {name for name in found if name.startswith(("risk/", "safety:", "class/"))} == (wanted if counts else set())


@pytest.mark.parametrize(
    ("title", "body", "wanted"),
    [
        ("Narrow the runner's machine identity", "", {"class/security-sensitive", "safety:secret-touch"}),
        ("Rotate the registry token", "", {"safety:secret-touch"}),
        ("Change a password", "", {"class/security-sensitive"}),
        ("Water", "It allows privilege escalation.", {"class/security-sensitive"}),
        ("Water", "Do not paste token values. No production apply.", set()),
        ("The secretary tokenises", "", set()),
        ("ops: cutover of the pump", "", {"safety:prod-impact"}),
        ("docs: the cutover runbook", "", set()),
    ],
)
async def test_words_warn_where_they_are_precise(title: str, body: str, wanted: set[str]) -> None:
    found = await labels(ISSUE, title=title, body=body)
    assert {name for name in found if name.startswith(("safety:", "class/", "risk/"))} == wanted


@pytest.mark.parametrize(
    ("target", "change", "wanted"),
    [
        (PULL, {"draft": True}, "flow/implementation"),
        (PULL, {}, "flow/review"),
        (PULL, {"state": "merged"}, "flow/done"),
        (PULL, {"state": "closed"}, ""),
        (ISSUE, {}, "flow/intake"),
        (ISSUE, {"created_at": NOW, "served_since": NOW}, "flow/intake"),
        (ISSUE, {"created_at": NOW.replace(year=2020), "served_since": NOW}, ""),
        (ISSUE, {"state": "closed"}, "flow/done"),
        (ISSUE, {"decisions": (said("hold"),)}, "flow/blocked"),
        (PULL, {"draft": True, "decisions": (said("hold"),)}, "flow/blocked"),
        (PULL, {"decisions": (said("hold"), said("unhold", number=2))}, "flow/review"),
        (PULL, {"decisions": (said("hold"), said("unhold", number=2, refused="no"))}, "flow/blocked"),
        (PULL, {"state": "merged", "decisions": (said("hold"),)}, "flow/done"),
    ],
)
async def test_the_state_says_where_it_stands(target: Target, change: dict[str, Any], wanted: str) -> None:
    found = await labels(target, **change)
    assert [name for name in found if name.startswith("flow/")] == [wanted] * bool(wanted)


def test_every_built_in_label_is_declared_and_nobody_decides_by_it() -> None:
    assert [name for name in LABELS if name not in DECLARED.names or DECLARED.is_decision(name)] == []
    assert (CHECK.on, CHECK.states) == (frozenset(Kind), frozenset({"open", "draft", "closed"}))
    assert CHECK.labels == LABELS


def test_the_table_of_the_documentation_has_every_rule() -> None:
    lines = defaults_table().splitlines()
    assert len(lines) == len(DEFAULTS) + 2
    assert "| a fix | `kind/bug`, `type:bug` | type `fix`, `bug`, `bugfix`, `hotfix` |" in lines
    assert CHECK.tables == {"label-defaults": defaults_table()}
