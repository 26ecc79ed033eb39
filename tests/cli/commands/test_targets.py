"""`assay plan`, `apply`, `snapshot`, `replay` and `ledger` over a real socket."""

import base64
import json
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.cli.assess import observed
from bot.model import Decision, Judgment, Memory, Plan
from bot.plan.actions import Disputes
from bot.plan.assessment import folded
from bot.reconcile.evaluate import Evaluation
from bot.sandbox.world import AGENT, BOT, OPERATOR, OUTSIDER, REPOSITORY
from tests.cli.forge import REPO, Forge
from tests.snapshots import NOW, report, snapshot
from tests.stories.contexts import known


def kept(text: str) -> str:
    Path("shot.json").write_text(text)
    return "shot.json"


async def test_plan_writes_nothing_and_apply_writes_the_report_once(forge: Forge) -> None:
    token = secrets.token_hex(20)
    data = {"title": "It says 401", "body": f"curl -u ci:{token} https://forge.lan"}
    await forge.api[OUTSIDER].post(f"{REPO}/issues", data)
    forge.sandbox.reset_calls()
    planned = await forge.assay("plan", f"{REPOSITORY}#1")
    assert (planned.status, forge.sandbox.writes) == (1, [])
    assert "secret-leak: block" in planned.out
    assert "create the report" in planned.out
    values = json.loads((await forge.assay("plan", f"{forge.sandbox.url}/{REPOSITORY}/issues/1", "--json")).out)
    made = [action["object"] for action in values["actions"]]
    assert {"comment:report", "label:safety:secret-touch"} <= set(made)
    applied = await forge.assay("apply", f"{REPOSITORY}#1")
    assert applied.status == 1
    again = await forge.assay("apply", f"{REPOSITORY}#1")
    assert "wrote: nothing" in again.out
    comments = await forge.api[OPERATOR].getitem(f"{REPO}/issues/1/comments")
    assert [comment["user"]["login"] for comment in comments] == [BOT] * sum(one.startswith("comment:") for one in made)
    later = json.loads((await forge.assay("plan", f"{REPOSITORY}#1", "--json")).out)
    shot = await forge.assay("snapshot", f"{REPOSITORY}#1")
    assert (shot.status, later["actions"]) == (0, [])
    replayed = await forge.assay("replay", kept(shot.out), "--json")
    assert replayed.status == 1
    assert json.loads(replayed.out)["reports"] == later["reports"]
    for told in (planned, applied, shot, replayed):
        assert token not in told.out + told.err


async def test_a_pull_request_is_read_from_git_and_gets_its_status(forge: Forge) -> None:
    line = f"FORGEJO_TOKEN={secrets.token_hex(20)}\n"
    data = {"content": base64.b64encode(line.encode()).decode(), "message": "Try", "new_branch": "codex/try"}
    made = await forge.api[AGENT].post(f"{REPO}/contents/x.env", data)
    await forge.api[AGENT].post(f"{REPO}/pulls", {"title": "Try", "base": "main", "head": "codex/try"})
    planned = await forge.assay("plan", f"{REPOSITORY}!1")
    assert planned.status == 1
    assert "x.env:1" in planned.out
    assert (await forge.assay("apply", f"{REPOSITORY}!1")).status == 1
    status = await forge.api[AGENT].getitem(f"{REPO}/commits/{made['commit']['sha']}/status")
    assert known({one["context"]: one["status"] for one in status["statuses"]}) == {
        "assay": "failure",
        "assay/secret-leak": "failure",
    }
    assert (await forge.assay("plan", f"{REPOSITORY}#1")).status == 2


async def test_a_target_kept_silent_speaks_when_apply_asks(forge: Forge) -> None:
    data = {"title": "It says 401", "body": f"FORGEJO_TOKEN={secrets.token_hex(20)}"}
    await forge.api[OUTSIDER].post(f"{REPO}/issues", data)
    await forge.assay("setup", REPOSITORY)
    assert "writes nothing here until the target's next event" in (await forge.assay("plan", f"{REPOSITORY}#1")).err
    await forge.assay("apply", f"{REPOSITORY}#1")
    comments = await forge.api[OPERATOR].getitem(f"{REPO}/issues/1/comments")
    assert sum(f"<!-- assay:{REPOSITORY}#1 -->" in comment["body"] for comment in comments) == 1


async def test_targets_that_cant_be_are_told_from_those_that_arent_there(forge: Forge) -> None:
    assert (await forge.assay("plan", "garden")).status == 2
    assert (await forge.assay("plan", "../x!1")).status == 2
    assert (await forge.assay("plan", "https://elsewhere.example/workshop/garden/pulls/1")).status == 2
    assert (await forge.assay("plan", f"{REPOSITORY}!99")).status == 3


def test_a_snapshot_is_given_as_it_was_before_the_checks_spoke() -> None:
    old, new = (Decision(comment_id=number, line=1, command="rejudge", by=OPERATOR, at=NOW) for number in (1, 2))
    then, now = (Judgment(check="judge", at=NOW, basis=name, content={}) for name in ("then", "now"))
    before = snapshot(decisions=(old,), memory=Memory(judgments=(then,)))
    said = (report(check="commands", decisions=(new,)), report(check="judge", judgment=now))
    after = before
    for one in said:
        after = folded(after, one)
    assert (len(after.inputs.decisions), len(after.memory.judgments)) == (2, 2)
    assert observed(Evaluation(after, said, Plan(), Disputes(), ())) == before


async def test_the_ledger_is_verified_and_a_changed_entry_found(forge: Forge, tmp_path: Path) -> None:
    await forge.assay("setup", REPOSITORY)
    whole = await forge.assay("ledger", "verify")
    assert whole.status == 0
    assert "valid entries: " in whole.out
    assert " setup workshop/garden by assay-bot" in (await forge.assay("ledger", "tail", "-n", "1")).out
    with closing(sqlite3.connect(tmp_path / "data" / "assay.db")) as database, database:
        database.execute("UPDATE ledger SET actor = 'somebody' WHERE sequence = 2")
    broken = await forge.assay("ledger", "verify")
    assert (broken.status, broken.out) == (1, "broken at entry 2: valid entries before it: 1\n")


async def test_a_junk_token_is_exit_3_and_isnt_printed(forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    junk = secrets.token_hex(20)
    monkeypatch.setenv("ASSAY_TOKEN", junk)
    refused = await forge.assay("plan", f"{REPOSITORY}#1")
    assert refused.status == 3
    assert "ASSAY_TOKEN" in refused.err
    assert junk not in refused.err


async def test_a_dead_server_is_exit_3(forge: Forge) -> None:
    await forge.sandbox.stop()
    refused = await forge.assay("plan", f"{REPOSITORY}#1")
    assert refused.status == 3
    assert "Check ASSAY_FORGEJO_URL" in refused.err
