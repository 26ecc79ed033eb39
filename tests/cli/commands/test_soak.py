"""`assay soak simulate` and `claims`: threads played without a server, and claims line by line."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.cli.commands.soak.app import timeline_of
from bot.policy import load
from tests.cli.forge import Assay

STORY = Path(__file__).parent / "soak_story.yml"


def story(**change: Any) -> dict[str, Any]:
    """The thread of the file, with what is changed."""
    return {**yaml.safe_load(STORY.read_text(encoding="utf-8")), **change}


def played(assay: Assay, told: dict[str, Any]) -> dict[str, Any]:
    """What a thread leads to."""
    Path("thread.yml").write_text(yaml.safe_dump(told), encoding="utf-8")
    done = assay("soak", "simulate", "thread.yml", "--json")
    assert (done.status, done.err) == (0, "")
    return dict(json.loads(done.out))


def test_a_thread_is_played_comment_by_comment(assay: Assay) -> None:
    done = assay("soak", "simulate", str(STORY), "--json")
    assert (done.status, done.err) == (0, "")
    told = json.loads(done.out)
    assert [(step["state"], step["why"]) for step in told["steps"]] == [
        ("installed", "counts as the installation"),
        ("installed", "not counted: #273 is not merged"),
        ("soaking", "run #729 counts as 1 of 3"),
        ("soaking", "run #736 counts as 2 of 3"),
        ("threshold-met", "run #737 counts as 3 of 3"),
        ("threshold-met", "not counted: it is for the soak canary-bridge"),
        ("threshold-met", "not counted: too early, not before 2026-05-21 07:42 UTC"),
        ("threshold-met", "3 of 3 runs count; the audit is due"),
        ("awaiting-operator", "counts as the audit"),
        (
            "awaiting-operator",
            "w4a-remove-direct-pat-approved does not open the gate: only operators can open it (operator).",
        ),
        ("approved", "operator opened the gate"),
        ("removed", "counts as the removal"),
    ]
    assert told["steps"][0]["at"] == "2026-05-14T07:36:00Z"
    assert (told["state"]["schema"], told["state"]["state"]) == ("soak.state.v1", "closed")


def test_it_is_printed_with_the_timeline_and_the_next_step(assay: Assay) -> None:
    done = assay("soak", "simulate", str(STORY))
    lines = done.out.splitlines()
    assert lines[0].split() == ["#", "Time", "(UTC)", "Author", "State", "Why"]
    assert lines[3] == "3   2026-05-14 07:44  deploy-runner  soaking            run #729 counts as 1 of 3"
    assert "Next: nobody: no action needed" in lines
    assert "◉ closed             2026-05-25 09:02  #437 is merged" in lines
    assert json.loads(done.out[done.out.index("\n{") :])["state"] == "closed"


def test_it_needs_neither_settings_nor_a_server() -> None:
    words = [sys.executable, "-m", "bot.cli", "soak", "simulate", "-", "--json"]
    place = {"PATH": os.environ["PATH"]}
    done = subprocess.run(words, input=STORY.read_bytes(), capture_output=True, check=False, env=place)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["state"]["state"] == "closed"


def test_what_is_not_merged_yet_is_open(assay: Assay) -> None:
    told = played(assay, story(pulls={273: None, "437": "2026-05-25T09:02:00Z"}))
    assert told["steps"][2] == {
        "at": "2026-05-14T07:44:00Z",
        "state": "installed",
        "why": "not counted: #273 is not merged",
    }
    assert told["state"]["follow_up"][0] == {"pull": 273, "role": "prerequisite", "state": "open", "merged_at": None}


def test_an_edited_comment_counts_until_it_is_edited(assay: Assay) -> None:
    told = story()
    told["comments"][2]["edited_at"] = "2026-05-14 07:53"
    steps = played(assay, told)["steps"]
    assert [step["state"] for step in steps[2:5]] == ["soaking", "soaking", "soaking"]
    assert steps[4]["why"] == "run #737 counts as 2 of 3"
    assert steps[-1]["state"] != "removed"


def test_an_edit_shows_from_its_own_time_on(assay: Assay) -> None:
    told = story()
    told["comments"][2]["edited_at"] = "2026-05-24T17:00:00Z"
    steps = played(assay, told)["steps"]
    assert [step["state"] for step in steps[4:]] == [
        *["threshold-met"] * 4,
        *["awaiting-operator"] * 2,
        "approved",
        "soaking",
    ]


def test_an_edit_after_the_removal_is_an_alarm(assay: Assay) -> None:
    told = story()
    told["comments"][2]["edited_at"] = "2026-05-25T09:30:00Z"
    end = played(assay, told)
    assert (end["steps"][-1]["state"], end["state"]["state"]) == ("removed", "closed")
    assert any("Evidence for the removal is lost" in alarm for alarm in end["state"]["alarms"])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"edited_at": "2026-05-24T16:41:00Z"}, "the comment was edited"),
        ({"body": "w4a-remove-direct-pat-aproved"}, "Typo in the phrase"),
        ({"body": "> w4a-remove-direct-pat-approved"}, "does not count in a quotation"),
        ({"body": "I mean w4a-remove-direct-pat-approved, soon"}, "does not count within other text"),
        ({"author": "iskra"}, "only operators can open it"),
        ({"at": "2026-05-24T14:00:00Z"}, "came too early"),
    ],
)
def test_a_phrase_that_opens_nothing_is_told_why(assay: Assay, change: dict[str, str], why: str) -> None:
    told = story()
    told["comments"][10] |= change
    if "at" in change:
        told["comments"].insert(8, told["comments"].pop(10))
    end = played(assay, told)
    assert any(why in step["why"] for step in end["steps"])
    assert end["state"]["state"] == "awaiting-operator"


def test_without_now_all_that_is_told_has_been(assay: Assay) -> None:
    assert played(assay, story(now=None))["state"]["state"] == "closed"
    assert played(assay, story(pulls={273: "2026-05-14T07:41:30Z"}, now=None))["state"]["state"] == "removed"


def test_now_leaves_no_comment_out(assay: Assay) -> None:
    end = played(assay, story(now="2026-05-20T00:00:00Z"))["state"]
    assert (end["state"], end["alarms"]) == ("removed", [])


def test_what_is_null_or_empty_is_not_told(assay: Assay) -> None:
    told = story(commits=[], pulls=[], gates=None, agents=None)
    told["runs"] = [{**told["runs"][1], "commit": None, "workflow": None, "started_at": None}]
    told["soak"] |= {"modules": None, "report": None, "protects": None}
    assert played(assay, told)["state"]["state"] == "installed"


def test_people_s_words_for_the_end_of_a_run_are_known(assay: Assay) -> None:
    told = story()
    told["runs"][2]["status"] = "failed"
    assert "restarts the soak" in played(assay, told)["steps"][3]["why"]


def test_runs_and_commits_that_are_not_listed_are_missing(assay: Assay) -> None:
    runs = [run for run in story()["runs"] if run["number"] != 729]
    assert played(assay, story(runs=runs))["steps"][2]["why"] == "not counted: run #729 not found in Forgejo"
    elsewhere = played(assay, story(commits={"0" * 40: [273]}))
    assert "the commit is not on the default branch" in elsewhere["steps"][2]["why"]


def test_a_run_that_waits_without_having_begun_is_stuck(assay: Assay) -> None:
    told = story()
    told["runs"][1] = {**told["runs"][1], "status": "waiting", "started_at": None}
    assert "run #729 is stuck" in played(assay, told)["steps"][2]["why"]


def test_short_commits_are_the_same_commits(assay: Assay) -> None:
    told = story(commits={"cec1037b51": ["#273"]})
    for run in told["runs"][1:]:
        run["commit"] = "cec1037b51"
    assert played(assay, told)["state"]["state"] == "closed"


def test_an_operator_starts_a_soak_over_by_command(assay: Assay) -> None:
    told = story()
    told["comments"][7] = {
        "author": "operator",
        "at": "2026-05-19T08:00:00",
        "body": "/soak-restart deploy-runner-token the runner was replaced",
    }
    steps = played(assay, told)["steps"]
    assert [step["state"] for step in steps[6:9]] == ["threshold-met", "installed", "installed"]


def test_without_a_list_everybody_s_evidence_counts_and_it_is_told(assay: Assay) -> None:
    told = story()
    del told["soak"]["evidence_from"]
    Path("thread.yml").write_text(yaml.safe_dump(told), encoding="utf-8")
    done = assay("soak", "simulate", "thread.yml", "--json")
    assert "evidence of every author counts" in done.err
    assert json.loads(done.out)["state"]["state"] == "closed"
    assert played(assay, {**told, "writers": ["iskra"]})["state"]["state"] == "not-started"


def test_comments_are_taken_in_the_order_of_time(assay: Assay) -> None:
    told = story()
    told["comments"].reverse()
    Path("thread.yml").write_text(yaml.safe_dump(told), encoding="utf-8")
    done = assay("soak", "simulate", "thread.yml", "--json")
    assert "not in chronological order" in done.err
    assert json.loads(done.out)["state"]["state"] == "closed"


def test_times_of_other_zones_are_told_in_utc(assay: Assay) -> None:
    told = story()
    told["comments"][0]["at"] = "2026-05-14T09:36:00+02:00"
    assert played(assay, told)["steps"][0]["at"] == "2026-05-14T07:36:00Z"


def test_a_thread_without_comments_has_not_started(assay: Assay) -> None:
    told = played(assay, {"soak": {"name": "x1"} | {"evidence_from": ["codex"]}})
    assert (told["steps"], told["state"]["state"], told["state"]["issue"]) == ([], "not-started", 1)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("soak: {name: x1}\ncomment: []\n", "thread.yml:2: unknown key `comment`; did you mean `comments`?"),
        ("soak: {name: x1, issue: 2}\nissue: {number: 3}\n", "`soak.issue` is 2, but `issue.number` is 3"),
        (
            "soak: {name: x1}\ncomments: [{author: a, body: b}]\n",
            "thread.yml:2: `comments.0.at`: is required",
        ),
        (
            "soak: {name: x1, gate: remove-it}\ngates: [{phrase: remove-it, targets: [1]}]\n",
            "thread.yml:2: `gates.0.phrase`: is the phrase of two gates",
        ),
        (
            "soak: {name: x1}\noperators: ['a b']\n",
            "thread.yml:2: `operators.0`: invalid form; write text that matches",
        ),
        ("soak: {name: x1}\nnow: 9:40 CEST\n", "thread.yml:2: `now`: invalid time; expected a form such as 2026-05"),
        ("soak: [\n", "thread.yml:2: invalid YAML"),
        ("", "the file must be a mapping"),
    ],
)
def test_mistakes_are_told_with_their_place(assay: Assay, text: str, told: str) -> None:
    Path("thread.yml").write_text(text, encoding="utf-8")
    done = assay("soak", "simulate", "thread.yml")
    assert (done.status, done.out) == (2, "")
    assert told in done.err


def test_each_line_is_a_claim_or_none() -> None:
    lines = b"The soak has begun.\n\nNot yet.\r\n\xff\xfe\nDirect PAT removed from the runner."
    words = [sys.executable, "-m", "bot.cli", "soak", "claims", "-"]
    done = subprocess.run(words, input=lines, capture_output=True, check=True)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["of"] for one in told] == ["started", None, None, None, "removed"]
    assert [one["claim"] for one in told] == [True, False, False, False, True]
    assert done.stdout.startswith(b'{"claim": true, "of": "started"}\n{"claim": false, "of": null}\n')


def test_claims_are_told_as_the_lines_come() -> None:
    words = [sys.executable, "-m", "bot.cli", "soak", "claims", "-"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(b"The soak has begun.\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["of"] == "started"
        process.stdin.close()
        assert process.stdout.read() == b""


def test_a_file_that_is_not_there_is_told(assay: Assay) -> None:
    assert assay("soak", "claims", "nowhere.txt").status == 2
    assert assay("soak", "simulate", "nowhere.yml").status == 2


def test_the_examples_of_the_documentation_are_read(assay: Assay) -> None:
    page = (Path(__file__).parents[3] / "docs/checks/soak-evidence.md").read_text(encoding="utf-8")
    policy, *_, thread = re.findall(r"^```yaml\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    assert load(policy).soaks[0].name == "deploy-runner-token"
    assert played(assay, yaml.safe_load(thread))["state"]["state"] == "not-started"


def test_there_is_no_timeline_in_other_words() -> None:
    assert timeline_of("### None\n\n```json\n{}\n```") == ""
