"""`assay judge`, `assay check` and `assay snapshot` on pieces, snapshot files and targets."""

import json
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.model import Snapshot, digest
from bot.policy import PATH, text_digest
from bot.sandbox.world import OPERATOR, REPOSITORY
from tests.cli.forge import REPO, Assay, Forge, Outcome

TITLE = "chore: narrow Forgejo runner Infisical machine identity"
TITLE_HASH = "sha256:fa18d02ca6df7b4ea459331e0efee9f850faf0b8fd7befb391a12564890a0ceb"
NO_LABELS = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
BODY = """\
## Context

The release job signs in with a credential that opens more than it needs.

## Acceptance criteria

- The job has a credential of its own.
- A release still succeeds.
"""
DIFF = "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1,2 @@\n one\n+two\n"
SAID = ["check", "data", "findings", "labels", "notes", "summary", "verdict"]


@pytest.fixture
def here(clean: Path) -> Path:
    """The folder that the command stands in, with a description and a change."""
    (clean / "body.md").write_text(BODY)
    (clean / "x.diff").write_text(DIFF)
    return clean


def judged(done: Outcome) -> dict[str, Any]:
    assert done.status == 0, done.err
    found = json.loads(done.out)
    assert done.out == json.dumps(found, indent=2, sort_keys=True) + "\n"
    return dict(found)


def reports(done: Outcome) -> dict[str, dict[str, Any]]:
    found = json.loads(done.out)
    assert done.out == json.dumps(found, indent=2, sort_keys=True) + "\n"
    assert found["schema"] == "assay.report.v1"
    assert list(found) == ["head", "reports", "schema", "snapshot", "target"]
    assert all(list(report) == SAID for report in found["reports"])
    return {report["check"]: report for report in found["reports"]}


def test_an_issue_described_by_hand_is_judged(assay: Assay, here: Path) -> None:
    words = ("judge", "--repo", "a/b", "--number", "87", "--title", TITLE, "--body-file", "body.md")
    payload = judged(assay(*words, "--json"))
    assert payload["schema"] == "openclaw.judge.v0"
    assert payload["target"] == {"kind": "issue", "number": 87, "repo": "a/b"}
    state = payload["target_snapshot"]
    assert (state["title_hash"], state["labels_hash"], state["labels"]) == (TITLE_HASH, NO_LABELS, [])
    assert (state["body_hash"], state["state"], payload["rerun_reason"]) == (digest(BODY), "open", "no_prior_judgment")
    assert payload["recommended_next_action"] == "operator_needed"
    told = assay(*words)
    assert told.status == 0
    for value in (payload["priority"], payload["rationale_summary"], payload["top_caveat"], TITLE_HASH, NO_LABELS):
        assert value in told.out
    for ref in payload["evidence_refs"]:
        assert f"{ref['value']}: {ref['note']}" in told.out
    assert f"Labels         {', '.join(payload['labels_to_apply'])}\n" in told.out


def test_a_description_in_standard_input_is_hashed_byte_for_byte(here: Path) -> None:
    words = [sys.executable, "-m", "bot.cli", "judge", "--title", "x", "--body-file", "-", "--json"]
    body = b"one\r\n\r\ntwo\n"
    process = subprocess.run(words, input=body, capture_output=True, check=False)
    assert process.returncode == 0, process.stderr
    assert process.stderr == b""
    assert json.loads(process.stdout)["target_snapshot"]["body_hash"] == digest(body.decode())


def test_a_snapshot_of_pieces_is_judged_as_the_pieces_are(assay: Assay, here: Path) -> None:
    given_by_hand = (
        "--title",
        TITLE,
        "--body-file",
        "body.md",
        "--label",
        "kind/ops",
        "--label",
        "a",
        "--author",
        "codex",
    )
    made = assay("snapshot", *given_by_hand)
    assert (made.status, made.err) == (0, "")
    seen = Snapshot.model_validate_json(made.out)
    assert (seen.inputs.labels, seen.inputs.author, str(seen.target)) == (("a", "kind/ops"), "codex", "#1")
    (here / "s.json").write_text(made.out)
    one, two = judged(assay("judge", "s.json", "--json")), judged(assay("judge", *given_by_hand, "--json"))
    for payload in (one, two):
        del payload["judged_at"]
    assert one == two
    assert one["target_snapshot"]["labels_hash"] == digest("a\nkind/ops")
    assert assay("replay", "s.json").status == 0
    assert set(reports(assay("check", "s.json", "--json"))) >= {"secret-leak"}


def test_a_diff_makes_a_pull_request_whose_secrets_are_found(assay: Assay, here: Path) -> None:
    token = secrets.token_hex(20)
    line = f"FORGEJO_TOKEN={token}"
    (here / "leak.diff").write_text(DIFF.replace("two", line))
    done = assay("check", "--title", "feat: it", "--diff", "leak.diff", "--json")
    found = reports(done)["secret-leak"]
    assert (done.status, found["verdict"]) == (1, "block")
    (finding,) = found["findings"]
    keys = {"rule", "severity", "title", "location", "evidence", "next_step", "fingerprint", "actor", "action"}
    assert set(finding) == keys
    assert (finding["location"]["path"], finding["location"]["line"]) == ("a.py", 2)
    told = assay("check", "--diff", "leak.diff")
    assert (told.status, "a.py:2" in told.out) == (1, True)
    assert token not in done.out + done.err + told.out + told.err
    assert json.loads(done.out)["target"] == "!1"
    clean = assay("check", "--diff", "x.diff", "--only", "secret-leak")
    assert (clean.status, "secret-leak: pass" in clean.out) == (0, True)


def test_a_check_that_is_asked_for_runs_though_the_policy_has_it_off(assay: Assay, here: Path) -> None:
    (here / "p.yml").write_text("version: 1\nsecret-leak: {mode: off}\njudge: {mode: off}\n")
    (here / "leak.md").write_text(f"FORGEJO_TOKEN={secrets.token_hex(20)}\n")
    given_by_hand = ("--body-file", "leak.md", "--policy", "p.yml")
    assert reports(assay("check", *given_by_hand, "--json"))["secret-leak"]["verdict"] == "skip"
    done = assay("check", *given_by_hand, "--json", "--only", "secret-leak")
    assert (done.status, {name: one["verdict"] for name, one in reports(done).items()}) == (1, {"secret-leak": "block"})
    assert judged(assay("judge", *given_by_hand, "--json"))["schema"] == "openclaw.judge.v0"


def test_what_is_closed_isnt_judged_and_that_is_said(assay: Assay, here: Path) -> None:
    done = assay("judge", "--title", "x", "--state", "closed", "--json")
    assert (done.status, done.out) == (1, "")
    assert "judge: skip: " in done.err


def test_operators_of_the_settings_go_before_the_policys_own(
    assay: Assay, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "p.yml").write_text("operators: [anna, boris]\n")
    (here / "assay.toml").write_text("operators = ['mallory']\n")
    for named, found in (("", ("anna", "boris")), ("boris,carol", ("boris",))):
        monkeypatch.setenv("ASSAY_OPERATORS", named)
        seen = Snapshot.model_validate_json(assay("snapshot", "--title", "x", "--policy", "p.yml").out)
        assert seen.policy.operators == found


def test_without_a_model_that_answers_the_rules_judge(
    assay: Assay, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "p.yml").write_text("judge: {model: small}\n")
    words = ("judge", "--title", TITLE, "--body-file", "body.md", "--policy", "p.yml", "--json")
    alone = judged(assay(*words))
    monkeypatch.setenv("ASSAY_MODELS", json.dumps({"small": {"url": "http://127.0.0.1:9/v1", "model": "x"}}))
    done = assay(*words)
    for payload in (alone, judged(done)):
        assert payload["judge_actor"]["runtime"] == "rules"
    assert "model.no_answer" in done.err
    (here / "s.json").write_text(assay("snapshot", *words[1:-1]).out)
    monkeypatch.setenv("ASSAY_MODELS", "{")
    assert assay(*words).status == 2
    assert assay("replay", "s.json").status == 0


REFUSED = [
    (("judge",), "use a target"),
    (("check",), "use a target"),
    (("snapshot",), "use a target"),
    (("judge", "garden"), "is not a target"),
    (("judge", "nowhere.json"), "nowhere.json"),
    (("check", "a/b#1", "--title", "x"), "not both"),
    (("snapshot", "a/b#1", "--title", "x"), "not both"),
    (("judge", "--body-file", "nowhere"), "--body-file: nowhere"),
    (("judge", "--body-file", "bad.md"), "--body-file: bad.md is not UTF-8"),
    (("judge", "--diff", "body.md"), "--diff: body.md"),
    (("judge", "--diff", "cut.diff"), "create it again with git diff"),
    (("judge", "--diff", "-", "--body-file", "-"), "standard input"),
    (("judge", "--kind", "issue", "--diff", "x.diff"), "--diff: valid only for pull requests"),
    (("judge", "--title", "x", "--state", "merged"), "--state: valid only for pull requests"),
    (("judge", "--kind", "issue", "--base", "main"), "--base: valid only for pull requests"),
    (("judge", "--repo", "garden"), "use owner/repo"),
    (("judge", "--title", "x", "--number", "0"), "--number"),
    (("judge", "--title", "x", "--kind", "wiki"), "--kind"),
    (("judge", "--title", "x", "--policy", "bad.yml"), "bad.yml:1: unknown key `judges`"),
    (("check", "--title", "x", "--only", "secret-leak,luck"), "--only: unknown check 'luck'; available: "),
]


@pytest.mark.parametrize(("words", "told"), REFUSED, ids=[" ".join(words) for words, _ in REFUSED])
def test_what_cant_be_used_is_named_with_the_next_step(
    assay: Assay, here: Path, words: tuple[str, ...], told: str
) -> None:
    (here / "bad.md").write_bytes(b"\xff")
    (here / "bad.yml").write_text("judges: 1\n")
    (here / "cut.diff").write_text(DIFF.replace("+1,2", "+1,3"))
    done = assay(*words)
    assert (done.status, done.out) == (2, "")
    assert told in done.err
    assert len(done.err.splitlines()) <= 2


async def test_a_target_is_looked_at_with_the_machine_and_nothing_is_written(forge: Forge) -> None:
    await forge.api[OPERATOR].post(f"{REPO}/issues", {"title": TITLE, "body": BODY})
    forge.sandbox.reset_calls()
    payload = judged(await forge.assay("judge", f"{REPOSITORY}#1", "--json"))
    assert (payload["target"]["repo"], payload["target_snapshot"]["title_hash"]) == (REPOSITORY, TITLE_HASH)
    assert set(reports(await forge.assay("check", f"{forge.sandbox.url}/{REPOSITORY}/issues/1", "--json"))) >= {"judge"}
    assert set(reports(await forge.assay("check", f"{REPOSITORY}#1", "--json", "--only", "judge"))) == {"judge"}
    assert forge.sandbox.writes == []
    again = await forge.assay("judge", f"{REPOSITORY}!9")
    assert (again.status, again.out) == (3, "")


async def test_a_check_that_the_servers_policy_has_off_runs_when_asked_for(forge: Forge) -> None:
    off = "secret-leak: {mode: off}\n"
    await forge.sandbox.commit_files(REPOSITORY, "main", {PATH: off}, author=OPERATOR)
    await forge.assay("policy", "trust", REPOSITORY, text_digest(off))
    body = f"FORGEJO_TOKEN={secrets.token_hex(20)}"
    await forge.api[OPERATOR].post(f"{REPO}/issues", {"title": "It says 401", "body": body})
    assert (await forge.assay("check", f"{REPOSITORY}#1")).status == 0
    done = await forge.assay("check", f"{REPOSITORY}#1", "--json", "--only", "secret-leak,labels")
    found = reports(done)
    assert (done.status, found["secret-leak"]["verdict"], len(found)) == (1, "block", 2)
