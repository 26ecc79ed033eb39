"""The rules judge: what paths, added lines, labels, leaks and comments give which signals."""

import pytest

from bot.model import AddedLines, ChangedFile
from bot.policy import Accepted, Policy, SecretLeakPolicy
from handlers.judge.rules import Ruled, judge
from tests.handlers.judge.judging import GOAL, issue, judged, names
from tests.judgments import comment, decision
from tests.snapshots import PULL, WRITER, gap, leak, snapshot


def changed(*paths: str, added: str = "", lines: int = 5) -> Ruled:
    files = tuple(ChangedFile(path=path, status="changed", added=lines, removed=1) for path in paths)
    runs = (AddedLines(path=paths[0], start=1, text=added),) if added else ()
    told = "Beds are told apart by their numbers from now on."
    return judge(snapshot(PULL, title="feat: tell beds apart", body=told, files=files, added=runs))


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("deploy/compose.yaml", "path-production"),
        ("terraform/main.tf", "path-production"),
        (".forgejo/workflows/deploy.yml", "path-production"),
        (".env", "path-credential"),
        ("secrets/mail.enc.yaml", "path-credential"),
        (".forgejo/assay.yml", "path-trust"),
        ("LICENSE", "path-legal"),
        ("app/migrations/0009_drop_beds.py", "path-destructive"),
    ],
)
def test_a_path_can_be_an_operator_matter(path: str, name: str) -> None:
    ruled = changed(path)
    assert name in names(ruled)
    assert ruled.opinion.recommended_next_action == "operator_needed"


@pytest.mark.parametrize(
    "path",
    [
        "tests/deploy/test_plan.py",
        "docs/deploy/production.md",
        "tests/fixtures/secrets/.env",
        ".env.example",
        "src/deploy/planner.py",
        "src/secrets/parser.py",
        "deploy/staging/compose.yaml",
        ".forgejo/workflows/tests.yml",
        "app/migrations/0010_add_beds.py",
        "app/auth/login.py",
    ],
)
def test_a_path_that_only_sounds_like_one_is_none(path: str) -> None:
    assert changed(path).opinion.escalation is None


def test_lines_that_drop_data_are_the_operators_but_not_on_the_way_down() -> None:
    path = "app/migrations/0011_beds.py"
    up = changed(path, added="def upgrade():\n    op.drop_table('beds')\n")
    down = changed(
        path, added="def upgrade():\n    op.create_table('beds')\n\ndef downgrade():\n    op.drop_table('beds')\n"
    )
    assert "path-destructive" in names(up)
    assert "path-destructive" not in names(down)


def test_a_workflow_that_is_handed_a_secret_is_the_operators() -> None:
    added = "        env:\n          TOKEN: ${{ secrets.REGISTRY }}\n"
    assert "path-credential" in names(changed(".forgejo/workflows/nightly.yml", added=added))


@pytest.mark.parametrize(
    "label", ["safety:prod-impact", "safety:secret-touch", "cutover-gate", "needs-operator-decision"]
)
def test_a_label_can_be_an_operator_matter(label: str) -> None:
    ruled = judge(issue(f"Beds are sorted by name.{GOAL}", labels=(label,)))
    assert ruled.opinion.recommended_next_action == "operator_needed"
    assert f"label:{label}" in {ref.value for ref in ruled.opinion.evidence_refs}


def test_a_label_that_promises_harmlessness_changes_nothing() -> None:
    opinion = judged("## Goal\n\nRotate the registry token.\n", labels=("safety:no-prod-mutation", "status:parked"))
    assert opinion.recommended_next_action == "operator_needed"


def test_a_leak_is_the_operators_and_most_urgent_until_it_is_accepted() -> None:
    found = leak()
    accepted = Policy(
        secret_leak=SecretLeakPolicy(accept=(Accepted(fingerprint=found.fingerprint, reason="a fixture"),))
    )
    assert judged(GOAL, leaks=(found,)).priority == "p0"
    assert judged(GOAL, leaks=(found,), policy=accepted).escalation is None


def test_a_leak_that_an_operator_accepted_by_a_command_is_none() -> None:
    found = leak()
    accepted = judged(GOAL, leaks=(found,), decisions=(decision("accept", found.fingerprint, why="a fixture"),))
    assert (accepted.priority, accepted.escalation) == (judged(GOAL).priority, None)
    assert "revoked" not in accepted.rationale_summary


@pytest.mark.parametrize("change", [{"refused": "only an operator may use this command"}, {"by": WRITER}])
def test_a_leak_stays_one_without_a_valid_acceptance(change: dict[str, str]) -> None:
    found = leak()
    said = decision("accept", found.fingerprint, why="a fixture", **change)
    assert judged(GOAL, leaks=(found,), decisions=(said,), author=WRITER).priority == "p0"


def test_a_gap_that_an_operator_accepted_is_none() -> None:
    left = gap()
    accept = decision("accept", left.fingerprint, why="looked at by hand")
    assert "gaps" in names(judge(issue(GOAL, gaps=(left,))))
    assert "gaps" not in names(judge(issue(GOAL, gaps=(left,), decisions=(accept,))))


def test_a_gate_in_a_comment_is_the_operators() -> None:
    remark = comment("Not to be begun without the owner's approval.", number=88)
    ruled = judge(issue(f"Beds are sorted by name.{GOAL}", comments=(remark,)))
    assert ruled.opinion.recommended_next_action == "operator_needed"
    assert "comment:88" in {ref.value for ref in ruled.opinion.evidence_refs}


def test_a_pull_request_needs_no_criteria_but_some_word() -> None:
    files = (ChangedFile(path="garden/beds.py", status="changed", added=4, removed=1),)
    clear = judge(snapshot(PULL, title="fix(beds): sort by name", body="", files=files)).opinion
    bare = judge(snapshot(PULL, title="wip", body="", files=files)).opinion
    assert clear.recommended_next_action == "patchwarden_candidate"
    assert bare.recommended_next_action == "needs_refinement"


def test_a_draft_goes_on_with_who_writes_code() -> None:
    opinion = judge(snapshot(PULL, title="feat: sort beds", body="Beds are sorted by name now.", draft=True)).opinion
    assert opinion.recommended_next_action == "codex_candidate"


@pytest.mark.parametrize(("lines", "effort"), [(2, "tiny"), (50, "small"), (300, "medium"), (2000, "large")])
def test_the_size_of_a_diff_is_its_effort(lines: int, effort: str) -> None:
    assert changed("garden/beds.py", lines=lines).opinion.effort_hint == effort
