"""Merge blockers: which answer each gets, and on what grounds."""

from typing import Any

import pytest

from bot.model import AddedLines, CommentText, Decision, Gap, Reference, StatusSeen
from bot.policy import SoakPolicy
from tests.handlers.contract.contract_mutations import emptied
from tests.handlers.contract.contracts import FULL_BODY, OVERLAY, changed, found, full, judged, status
from tests.handlers.soak.soaking import later, proven
from tests.snapshots import NOW, NOW_SEEN, OPERATOR, POLICY, WRITER, leak

RED = status("tests / unit", "Failing after 9s", "failure")
WAITING = status("tests / unit", "Has started running", "pending")
STATUSES = full().inputs.statuses


def answers(*items: str, **change: Any) -> list[str]:
    body = emptied("Merge blockers", "\n".join(f"- {item}" for item in items))(FULL_BODY)
    return [str(one["answer"]) for one in judged(full(body=body, **change)).data["blockers"]]


def why(item: str, **change: Any) -> str:
    body = emptied("Merge blockers", f"- {item}")(FULL_BODY)
    return str(judged(full(body=body, **change)).data["blockers"][0]["why"])


@pytest.mark.parametrize("item", ["Red checks.", "CI is failing", "Failed tests", "Broken build"])
@pytest.mark.parametrize(
    ("statuses", "required", "answer"),
    [
        (STATUSES, (), "clear"),
        ((*STATUSES, RED), (), "blocked"),
        ((*STATUSES, WAITING), (), "operator"),
        (STATUSES, ("tests / all",), "operator"),
        (STATUSES, ("assay/contract",), "clear"),
        ((), (), "operator"),
        ((StatusSeen(context="lint", state="warning"),), ("lint",), "blocked"),
        ((StatusSeen(context="lint", state="great"),), (), "operator"),
    ],
)
def test_red_checks_are_told_by_the_statuses(
    item: str, statuses: tuple[StatusSeen, ...], required: tuple[str, ...], answer: str
) -> None:
    assert answers(item, statuses=statuses, required=required) == [answer]


def test_a_failed_canary_is_told_by_the_canary_alone() -> None:
    assert answers("A failed canary", statuses=(*STATUSES, RED)) == ["operator"]
    assert answers("A failed canary", statuses=(status("canary"),)) == ["clear"]
    assert answers("A failed canary", statuses=(status("canary", "Failing after 1s", "failure"),)) == ["blocked"]


@pytest.mark.parametrize("item", ["Any secret value or token body.", "A leaked credential", "It leaks key material"])
def test_leaks_are_told_by_what_was_found_and_not_accepted(item: str) -> None:
    found_one = leak()
    accepted = Decision(comment_id=1, line=1, command="accept", argument=found_one.fingerprint, by=OPERATOR, at=NOW)
    assert answers(item) == ["clear"]
    assert answers(item, leaks=(found_one,)) == ["blocked"]
    assert answers(item, leaks=(found_one,), decisions=(accepted,)) == ["clear"]
    assert answers(item, gaps=(Gap(what="a file", why="too large"),)) == ["operator"]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (OVERLAY, "clear"),
        ("- ./secrets:/run/secrets\n", "blocked"),
        ("- ./secrets:/run/secrets:rw\n", "blocked"),
        ("- ./secrets:/run/secrets:ro,z\n", "clear"),
        ("- ${KEY_FILE:-/etc/key}:/key\n", "blocked"),
        ("- ${KEY_FILE:-/etc/key}:/key:ro\n", "clear"),
        ("- ./data:/var/data\n", "clear"),
        ("# - ./secrets:/run/secrets\n", "clear"),
        ("docker run -v /etc/keys/host.pem:/tls/host.pem app\n", "blocked"),
        ("docker run --volume=/etc/keys/host.pem:/tls/host.pem:ro app\n", "clear"),
        ("docker run --mount type=bind,source=/etc/token,target=/token app\n", "blocked"),
        ("docker run --mount type=bind,source=/etc/token,target=/token,readonly app\n", "clear"),
        ("- type: bind\n  source: /etc/token\n  target: /token\n  read_only: true\n- x\n", "clear"),
        ("- type: bind\n  source: /etc/token\n  target: /token\n- x\n", "blocked"),
        ("- type: bind\n  source: /etc/token\n  target: /token", "operator"),
        ("- http://secret:8080/path\n", "clear"),
    ],
)
def test_a_mount_of_a_secret_is_told_by_the_added_lines(text: str, answer: str) -> None:
    added = (AddedLines(path="compose/app.yaml", start=4, text=text),)
    assert answers("A writable secret mount", added=added) == [answer]
    if answer == "blocked":
        assert "compose/app.yaml:4" in why("A writable secret mount", added=added)


def test_of_a_whole_new_file_a_mount_at_its_end_is_sure() -> None:
    text = "- type: bind\n  source: /etc/token\n  target: /token"
    added = (AddedLines(path="compose/app.yaml", start=1, text=text),)
    files = (*full().inputs.files, changed("compose/app.yaml", "added"))
    assert answers("A writable secret mount", added=added, files=files) == ["blocked"]


def test_what_is_too_long_to_be_read_is_never_clear() -> None:
    assert answers("A writable secret mount", "Any claim that the soak has begun", added_cut=True) == ["operator"] * 2
    assert answers("Red checks " + "x" * 5_000) == ["operator"]


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("The soak has started.", True),
        ("Soak complete, nothing found.", True),
        ("We started the soak on Monday.", True),
        ("The soak criteria are met.", True),
        ("The soak has not started.", False),
        ("Once the soak has passed, the gate opens.", False),
        ("#76 tracks the soak start.", False),
        ("Before the soak is over nobody removes it.", False),
        ("The pump was soaked.", False),
    ],
)
@pytest.mark.parametrize("where", ["body", "diff"])
def test_a_claim_of_a_soak_is_told_from_talk_about_one(text: str, claims: bool, where: str) -> None:
    item = "Any claim that the soak has started before #73"
    body = emptied("Merge blockers", f"- {item}")(FULL_BODY)
    change: dict[str, Any] = {"references": (Reference(number=73, kind="pull", state="open"),)}
    if where == "body":
        body = body.replace("The key stays", f"{text} The key stays")
    else:
        change["added"] = (*full().inputs.added, AddedLines(path="docs/x.md", start=7, text=f"- one\n- {text}"))
    blockers = judged(full(body=body, **change)).data["blockers"]
    assert [one["answer"] for one in blockers] == (["blocked"] if claims else ["clear"])


def test_a_claim_that_may_be_true_is_the_operator_s() -> None:
    added = (*full().inputs.added, AddedLines(path="docs/x.md", start=7, text="The soak has started."))
    merged = (Reference(number=73, kind="pull", state="merged"),)
    assert answers("Any claim that soak has started before #73", added=added, references=merged) == ["operator"]
    assert answers("Any claim that soak has started", added=added) == ["operator"]


def test_a_missing_gate_is_told_by_description_and_change() -> None:
    item = "It lets somebody stop the service without the gate"
    assert answers(item) == ["clear"]
    assert answers(item, added=()) == ["operator"]
    body = emptied("Merge blockers", f"- {item}")(FULL_BODY).replace("-approved`", "`")
    assert [one["answer"] for one in judged(full(body=body)).data["blockers"]] == ["operator"]
    assert found(full(body=body, added=())) == ["merge-blocker"]


@pytest.mark.parametrize(("conflict", "answer"), [(True, "blocked"), (False, "clear"), (None, "operator")])
def test_a_conflict_is_told_by_what_is_known_of_it(conflict: bool | None, answer: str) -> None:
    assert answers("Merge conflicts", conflict=conflict) == [answer]


def test_an_item_on_several_things_is_as_bad_as_the_worst() -> None:
    item = "Red checks, a leaked secret or a merge conflict"
    assert answers(item, conflict=False) == ["clear"]
    assert answers(item, conflict=None) == ["operator"]
    assert answers(item, conflict=None, statuses=(*STATUSES, RED)) == ["blocked"]


def test_what_no_check_can_tell_is_the_operator_s() -> None:
    items = ("The customer says no.", "Change to `pumps/`.", "Change to `compose/`.", "Change outside `compose/`.")
    assert answers(*items) == ["operator", "clear", "operator", "operator"]


def test_no_blockers_are_none_and_lines_of_text_count_where_there_is_no_list() -> None:
    for text in ("None.", "- none", "No known blockers.", "n/a"):
        assert judged(full(body=emptied("Merge blockers", text)(FULL_BODY))).data["blockers"] == []
    body = emptied("Merge blockers", "Red checks.\nThe customer says no.")(FULL_BODY)
    assert [one["answer"] for one in judged(full(body=body)).data["blockers"]] == ["clear", "operator"]


def test_of_very_many_blockers_the_rest_is_the_operator_s() -> None:
    body = emptied("Merge blockers", "\n".join(f"- Red checks {number}" for number in range(100)))(FULL_BODY)
    notes = judged(full(body=body)).notes
    assert sum(note.startswith("Merge blocker") for note in notes) == 60
    assert "40 more merge blockers: operator (only the first 60 are checked)." in notes


@pytest.mark.parametrize(
    ("body", "change", "opened"),
    [
        ("w04-signer-cutover-approved", {}, True),
        ("Yes:\n\n`w04-signer-cutover-approved`", {}, True),
        ("I never wrote w04-signer-cutover-approved", {}, False),
        ("> w04-signer-cutover-approved", {}, False),
        ("w04-signer-cutover-approved", {"edited": True}, False),
        ("w04-signer-cutover-approved", {"witnessed": False}, False),
        ("w04-signer-cutover-approved", {"author": WRITER}, False),
        ("w04-signer-cutover-approved", {"about": None}, False),
        ("w04-signer-cutover-approved", {"about": NOW_SEEN.model_copy(update={"base": "stage"})}, False),
    ],
)
def test_a_gate_is_open_once_an_operator_surely_wrote_its_phrase(
    body: str, change: dict[str, Any], opened: bool
) -> None:
    values = {"id": 5, "author": OPERATOR, "body": body, "body_hash": "", "created_at": NOW}
    said = CommentText.model_validate(values | {"edited": False, "witnessed": True, "about": NOW_SEEN} | change)
    report = judged(full(comments=(said,)))
    assert [gate["open"] for gate in report.data["gates"]] == [opened, False]
    assert any(note == f"Gate w04-signer-cutover-approved: opened by {OPERATOR}." for note in report.notes) is opened


def test_where_the_policy_names_soaks_their_states_tell() -> None:
    thread = proven()
    body = emptied("Merge blockers", "- Any claim that the soak has begun before #273.")(FULL_BODY)
    about = {"policy": POLICY.model_copy(update={"soaks": (SoakPolicy.model_validate(thread.policy),)})}

    def asked(days: float, title: str = "feat: one more bed") -> str:
        observed = full(body=body, title=title, soaks=(thread.tracked(later(days=days)),), **about)
        observed = observed.model_copy(update={"taken_at": later(days=days)})
        return str(judged(observed).data["blockers"][0]["answer"])

    assert asked(0.05) == "clear"
    assert asked(0.05, "docs: the soak has started") == "blocked"
    assert asked(8, "docs: the soak has started") == "clear"
