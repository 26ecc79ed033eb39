"""From facts to evidence and to its comment, and which run it is about."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.evidence.ci_run import NamedRun, run_of
from bot.evidence.collect import (
    Artifact,
    EvidenceError,
    Markers,
    against,
    artifact_of,
    comment,
    evidence_of,
    module_of,
    moment,
    steps_of,
)
from bot.model import Block, Evidence, EvidenceRun, EvidenceStep, TokenFile, blocks
from tests.rendered import TRIGGERS, inlines, spoken, tokens
from tests.text.test_escape import hostile

NOW = datetime(2026, 5, 14, 7, 44, tzinfo=UTC)
MARKER, BAD = "pump_source=new", "pump_source=old"
CI = {
    "GITHUB_RUN_NUMBER": "729",
    "GITHUB_RUN_ID": "869",
    "GITHUB_WORKFLOW": "Apply",
    "GITHUB_WORKFLOW_REF": "workshop/garden/.forgejo/workflows/apply.yml@refs/heads/main",
    "GITHUB_SERVER_URL": "https://forge.example/",
    "GITHUB_REPOSITORY": "workshop/garden",
    "GITHUB_SHA": "ab" * 20,
}
URL = "https://forge.example/workshop/garden/actions/runs/729"
RUN = EvidenceRun(number=729, id=869, workflow="apply.yml", url=URL)
SMOKE = Evidence(
    soak="new-pump",
    kind="smoke",
    module="beds",
    run=RUN,
    commit="ab" * 20,
    markers={MARKER: 2, BAD: 0},
    steps={"plan": EvidenceStep(status="in-sync", exit_code=0), "health": EvidenceStep(status="OK")},
    approved_pr=273,
    logs=1,
    observed_at=NOW,
    actor="codex",
)
MARKERS = Markers((MARKER,), (BAD,))


def data(value: Any) -> bytes:
    return json.dumps(value).encode()


def table(body: str) -> dict[str, str]:
    """The comment's table as a reader sees it."""
    cells = ["".join(part.content for part in line) for line in inlines(body)]
    cells = cells[cells.index("Value") + 1 :]
    return dict(zip(cells[::2], cells[1::2], strict=False))


def test_the_comment_shows_a_table_and_reads_back() -> None:
    scope = Artifact(allowed=("beds",), blocked=())
    body = comment(SMOKE, MARKERS, (scope,))
    assert list(blocks(body)) == [Block(0, SMOKE)]
    assert table(body) == {
        "Soak": "new-pump",
        "Kind": "smoke",
        "Module": "beds",
        "Run": "run 729, id 869, of apply.yml",
        "Commit": "ab" * 20,
        f"Expected text {MARKER}": "2 times",
        f"Forbidden text {BAD}": "0 times",
        "Plan": "in-sync, exit code 0",
        "Health": "OK, no exit code",
        "Approved pull request": "273",
        "Logs read": "1",
        "Started by": "codex",
        "Observed": "2026-05-14 07:44 UTC",
        "Allowed modules": "beds",
        "Blocked modules": "none",
    }
    assert [token.attrGet("href") for token in tokens(body) if token.type == "link_open"] == [URL]


def test_the_comment_of_an_installation_and_of_an_audit() -> None:
    file = TokenFile(mode="0600", owner="deploy:deploy", size=333)
    body = comment(Evidence(soak="s", kind="install", token_file=file), Markers())
    assert table(body)["Token file"] == "mode 0600, owner deploy:deploy, 333 bytes"
    body = comment(Evidence(soak="s", kind="audit", window_hours=48, logs=16, markers={BAD: 1}), Markers((), (BAD,)))
    assert table(body)["Logs read"] == "16, from 48 hours"
    assert table(body)[f"Forbidden text {BAD}"] == "once"


@given(hostile.map(lambda text: text.replace("\ud800", "")[:100]).filter(str.strip))
def test_hostile_texts_stay_in_their_cells_and_read_back(text: str) -> None:
    run = EvidenceRun(number=1, workflow=text, url=text)
    steps = {"plan": EvidenceStep(status=text, exit_code=1)}
    one = SMOKE.model_copy(update={"soak": text, "module": text, "run": run, "steps": steps, "markers": {text: 1}})
    body = comment(one, Markers((), (text,)), (Artifact(allowed=(text,)),))
    assert list(blocks(body)) == [Block(0, one)]
    assert TRIGGERS.search(spoken(body)) is None
    kinds = [token.content.strip() for token in tokens(body) if token.type.startswith("html")]
    assert [part.split("\n")[0] for part in kinds] == ["<details>", "</details>"]
    assert not [token for token in tokens(body) if token.type == "link_open"]


@pytest.mark.parametrize(
    "url", [f"{URL}#x", "https://forge.example/workshop/garden/issues/1", "javascript:x", f"{URL}) [x](y"]
)
def test_only_a_runs_page_becomes_a_link(url: str) -> None:
    body = comment(SMOKE.model_copy(update={"run": EvidenceRun(number=1, url=url)}), MARKERS)
    assert not [token for token in tokens(body) if token.type == "link_open"]


def test_what_speaks_against_the_soak() -> None:
    assert list(against(SMOKE, MARKERS)) == []
    failed = SMOKE.model_copy(update={"markers": {BAD: 3}, "steps": {"apply": EvidenceStep(exit_code=2)}})
    assert list(against(failed, MARKERS)) == [
        f"the logs contain the forbidden text {BAD}: 3 times",
        f"{MARKER} not found in any log",
        "step apply ended with exit code 2",
    ]
    audit = Evidence(soak="s", kind="audit", markers={MARKER: 0, BAD: 0})
    assert list(against(audit, MARKERS)) == []


def test_markers_are_summed_over_logs_and_each_stands_once() -> None:
    markers = Markers((MARKER, MARKER), (BAD,)).counted([{MARKER: 2, BAD: 0}, {MARKER: 1, BAD: 0}])
    assert markers.counts == {MARKER: 3, BAD: 0}


@pytest.mark.parametrize(
    ("name", "said", "is_"),
    [
        (
            "beds.plan.stdout.json",
            {"status": "in-sync", "exitCode": 0},
            Artifact("beds", "plan", EvidenceStep(status="in-sync", exit_code=0)),
        ),
        (
            "a.b.apply.stdout.json",
            {"status": "noop", "exit_code": 0, "approved_pr": 273},
            Artifact("a.b", "apply", EvidenceStep(status="noop", exit_code=0), 273),
        ),
        ("beds.health.json", {"status": "OK"}, Artifact("beds", "health", EvidenceStep(status="OK"))),
        ("beds.health.json", {"exitCode": 3, "approved_pr": 1}, Artifact("beds", "health", EvidenceStep(exit_code=3))),
        ("auto-apply-scope.json", {"allowed": ["beds"]}, Artifact(allowed=("beds",))),
        (
            "auto-apply-scope.json",
            {"allowed_modules": [{"module": "beds"}], "blockedModules": [{"name": "x"}]},
            Artifact(allowed=("beds",), blocked=("x",)),
        ),
    ],
)
def test_artifacts_are_known_by_their_names(name: str, said: Any, is_: Artifact) -> None:
    assert artifact_of(name, b"\xef\xbb\xbf" + data(said)) == is_


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("plan.json", b"{}", "unknown artifact name"),
        (".plan.stdout.json", b"{}", "unknown artifact name"),
        ("b.plan.stdout.json", b"{", "not valid JSON in UTF-8"),
        ("b.plan.stdout.json", b"\xff", "not valid JSON in UTF-8"),
        ("b.plan.stdout.json", b"[" * 100_000, "not valid JSON in UTF-8"),
        ("b.plan.stdout.json", b"[]", "expected a JSON object"),
        ("b.plan.stdout.json", b"{}", "`status` must be text"),
        ("b.plan.stdout.json", b'{"status": 1}', "`status` must be text"),
        ("b.plan.stdout.json", b'{"exitCode": true}', "`status` must be text"),
        ("b.plan.stdout.json", b'{"exitCode": "0"}', "`status` must be text"),
        ("b.plan.stdout.json", b'{"exitCode": 1, "exit_code": 0}', "have different values"),
        ("b.plan.stdout.json", data({"status": "x" * 201}), "too long"),
        ("b.apply.stdout.json", b'{"status": "a", "approved_pr": "1"}', "`approved_pr`"),
        ("auto-apply-scope.json", b'{"allowed": "x"}', "`allowed` is not a list of modules"),
        ("auto-apply-scope.json", b'{"blocked": [1]}', "`blocked` is not a list of modules"),
    ],
)
def test_an_artifact_that_is_none_is_told(name: str, content: bytes, told: str) -> None:
    with pytest.raises(EvidenceError, match=told):
        artifact_of(name, content)


def test_a_module_is_taken_from_names_only_if_it_is_the_only_one() -> None:
    beds, paths = Artifact("beds", "plan"), Artifact("paths", "apply")
    assert module_of([], "") == ""
    assert module_of([beds, Artifact(allowed=())], "") == module_of([], "beds") == module_of([beds], "beds") == "beds"
    for given_, name in (([beds, paths], ""), ([beds], "paths")):
        with pytest.raises(EvidenceError, match="several modules: beds, paths"):
            module_of(given_, name)
    with pytest.raises(EvidenceError, match="two artifacts for the step plan"):
        steps_of([beds, beds, beds] if beds.result else [artifact_of("b.plan.stdout.json", b'{"exitCode": 0}')] * 2)


def test_what_evidence_cant_hold_is_told_without_its_value() -> None:
    for part, told in (
        ({"commit": "not a commit"}, "commit: invalid form"),
        ({"module": "x" * 300}, "module: too long"),
        ({"markers": {str(at): 1 for at in range(60)}}, "markers: too long; write at most"),
    ):
        with pytest.raises(EvidenceError, match=told):
            evidence_of({"soak": "s", "kind": "smoke", "approved_pr": None, **part})


def test_evidence_too_large_to_be_read_back_is_refused() -> None:
    markers = {f"{at}" + "<" * 2000: 0 for at in range(20)}
    with pytest.raises(EvidenceError, match="cannot be parsed back to the same evidence"):
        comment(SMOKE.model_copy(update={"markers": markers}), MARKERS)


def test_the_run_is_the_jobs_own_unless_another_is_named() -> None:
    assert run_of(NamedRun(), CI) == (RUN, "ab" * 20)
    assert run_of(NamedRun(number=729, workflow="x.yml"), CI)[0] == RUN.model_copy(update={"workflow": "x.yml"})
    assert run_of(NamedRun(), {**CI, "FORGEJO_RUN_ID": "5"})[0] == RUN.model_copy(update={"id": 5})
    other, commit = run_of(NamedRun(number=700), CI)
    assert (other, commit) == (EvidenceRun(number=700, url=URL.replace("729", "700")), "")
    assert run_of(NamedRun(id=5), CI) == (EvidenceRun(id=5), "")


def test_without_a_run_only_a_named_commit_is_known() -> None:
    assert run_of(NamedRun(commit="c" * 7), {"GITHUB_SHA": "ab" * 20}) == (None, "c" * 7)
    assert run_of(NamedRun(), {"GITHUB_RUN_NUMBER": "x", "GITHUB_RUN_ID": "9" * 30}) == (None, "")
    titled = {"GITHUB_RUN_NUMBER": "3", "GITHUB_WORKFLOW": "Apply"}
    assert run_of(NamedRun(), titled) == (EvidenceRun(number=3, workflow="Apply"), "")


def test_a_time_needs_its_zone() -> None:
    assert moment("", NOW) == NOW
    assert moment("2026-05-14T09:44:00+02:00", NOW) == NOW
    for text in ("yesterday", "2026-05-14T09:44:00"):
        with pytest.raises(EvidenceError, match="expected a form such as 2026-"):
            moment(text, NOW)


@given(st.integers(0, 3))
def test_counts_read_as_words(count: int) -> None:
    body = comment(SMOKE.model_copy(update={"markers": {MARKER: count}}), Markers((MARKER,)))
    assert table(body)[f"Expected text {MARKER}"] == ["0 times", "once", "2 times", "3 times"][count]
