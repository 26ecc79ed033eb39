"""The rules judge: the made-up cases, and what words give which signals."""

from datetime import timedelta
from typing import Any

import pytest

from handlers.judge.rules import judge
from handlers.judge.signals.table import SIGNALS, signals_table
from handlers.language.text import resolves
from tests.handlers.judge.judge_corpus import CORPUS, Case
from tests.handlers.judge.judge_table import observed, right
from tests.handlers.judge.judging import GOAL, issue, judged, names
from tests.snapshots import NOW

RETOLD = """\
## Where we are

The release lane for images is green again: the build host `kiln-2` signs in to the forge with a token file. That token
belongs to the platform's shared administrator identity, so a job that pushes images could read all secrets we keep.

## Target state

Create a narrow machine identity for the image publisher alone. It needs:

- project: `pottery`
- environment: prod
- path: `/pottery/kiln`
- to read `GLAZE_REGISTRY_USER` and `GLAZE_REGISTRY_TOKEN`, nothing else

On the host stays a file of mode 0600:

```text
TOKEN_FILE=/srv/kiln/token
```

## Acceptance criteria

- `kiln-2` no longer holds the shared administrator token.
- The new identity reads those two keys and is refused all others.
- `publish-images.yml` still passes on `main`.
- The runbook says how to rotate, and how to go back.

## Notes

- Don't put registry tokens into repository secrets.
- Don't paste values anywhere.
"""


def test_at_least_27_of_the_30_cases_are_judged_as_expected() -> None:
    wrong = [case.name for case in CORPUS if not right(case, judge(observed(case)))]
    assert len(CORPUS) == 30
    assert len(wrong) <= 3, wrong


@pytest.mark.parametrize("case", [case for case in CORPUS if case.priority], ids=lambda case: case.name)
def test_where_a_case_has_a_clear_priority_it_is_given(case: Case) -> None:
    assert judge(observed(case)).opinion.priority == case.priority


def test_a_credential_that_is_too_broad_is_the_operators_and_next_in_line() -> None:
    ruled = judge(issue(RETOLD, "chore: give the image publisher a narrow machine identity"))
    opinion = ruled.opinion
    assert (opinion.priority, opinion.recommended_next_action, opinion.effort_hint) == (
        "p1",
        "operator_needed",
        "small",
    )
    assert (opinion.reach, opinion.impact, opinion.confidence, opinion.piotr_fit) == (4, 5, 5, "high")
    assert opinion.escalation is not None
    assert opinion.escalation.kind == "operator"
    assert {"issue-title", "issue-body-acceptance-criteria"} <= {ref.value for ref in opinion.evidence_refs}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Rotate the registry token of the build host.", "asks-credential"),
        ("The old deploy key has to be revoked.", "asks-credential"),
        ("Write it down and rotate the production token.", "asks-credential"),
        ("Grant codex write access to the platform repository.", "asks-credential"),
        ("Have the change applied in production.", "asks-production"),
        ("Restart the runner on the old host.", "asks-production"),
        ("I would free space with `docker volume rm`.", "asks-destructive"),
        ("Purge customer data older than two years from the backups.", "asks-destructive"),
        ("Relicense the project.", "asks-legal"),
        ("Upgrade our hosting plan, 40 EUR a month.", "asks-spending"),
        ("The wildcard certificate expires on 3 May.", "runs-out"),
        ("The registry password was pasted into the chat.", "leak-told"),
        ("Don't begin without the owner's approval.", "gate-phrase"),
        ("Agents have no account there.", "operator-acts"),
        ("Zrotować token rejestru na serwerze produkcyjnym.", "asks-credential"),
        ("Wyłączyć stary serwer produkcyjny.", "asks-production"),
        ("The history of `main` is rewritten without the films, so clones have to be made again.", "asks-destructive"),
        ("Take the films out with `git filter-repo`.", "asks-destructive"),
        ("```\ngit push --force origin main\n```", "asks-destructive"),
        ("The protection of `main` is off for an hour.", "asks-credential"),
        ("All commits get new ids, and everybody clones again.", "asks-destructive"),
        ("The provider's monthly cap is doubled.", "asks-spending"),
        ("The hoster sent a second reminder that our bill is overdue.", "asks-spending"),
        ("We need another box for the mirror.", "asks-spending"),
        ("It takes root to start the clock again.", "operator-acts"),
        ("Somebody has to decide which of the customers' rows stay.", "operator-acts"),
        ("17 orders are missing in production.", "asks-destructive"),
        ("Na produkcji zniknęło 17 zamówień.", "asks-destructive"),
        ("The rows are put in by hand on the live database.", "asks-production"),
    ],
)
def test_an_act_on_a_real_thing_is_an_operator_matter(text: str, name: str) -> None:
    ruled = judge(issue(f"## Goal\n\n{text}\n"))
    assert name in names(ruled)
    assert ruled.opinion.recommended_next_action == "operator_needed"


@pytest.mark.parametrize(
    "text",
    [
        "The parser skips a token behind a comment.",
        "Add a command to rotate tokens.",
        "Add a token bucket to the client.",
        "The parser fails on `DROP TABLE` statements.",
        "The button says 'Delete account' twice.",
        "Fix a typo in the production docs.",
        "Rename the secret fixture in the tests.",
        "Document how to rotate the registry token.",
        "Drop support for Python 3.10.",
        "The client should revoke its session token on logout.",
        "Deleting a bed removes the row and not the file.",
        "The token budget of a request is a setting.",
        "Don't rotate production tokens in this issue.",
        "Detect branches whose history was force-pushed.",
        "The root element needs a language.",
        "The list shows which customers have no orders.",
        "Text is lost when the tab is closed.",
        "Prices such as 60 EUR per month are parsed.",
        "The client waits when its quota is exhausted.",
        "No row is lost in production.",
        "> Rotate the registry token of the build host.",
        "```\nRotate the registry token of the build host.\n```",
    ],
)
def test_naming_a_thing_or_working_on_its_code_is_none(text: str) -> None:
    assert judged(text + GOAL).escalation is None


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("Token of the forge's mirror bot", "It runs out on Friday."),
        ("Wildcard certificate: 6 days left", ""),
        ("Deploy key valid until 12 May", "Same rights again."),
        ("Token bota wygasa w środę", ""),
    ],
)
def test_a_few_words_on_a_credential_and_its_last_day_are_enough(title: str, body: str) -> None:
    ruled = judge(issue(body, title))
    assert "runs-out" in names(ruled)
    assert ruled.opinion.recommended_next_action == "operator_needed"


@pytest.mark.parametrize(
    "title",
    ["Session tokens expire after 7 days instead of 30", "Show when a token expires", "Token lexer is valid since May"],
)
def test_how_long_a_program_lets_a_token_live_is_no_last_day(title: str) -> None:
    assert judged(GOAL, title).escalation is None


def test_work_on_hosts_that_no_single_sentence_asks_for_is_seen_by_its_words() -> None:
    body = "The array lost the disk in bay 2. A spare is in the rack; `mdadm --add` after the reboot."
    assert "outside" in names(judge(issue(body, "Degraded array")))
    assert "outside" not in names(judge(issue(body, "fix: degraded array")))


@pytest.mark.parametrize(
    "body",
    [
        "## Steps to reproduce\n\n1. open it\n\n## Expected\n\nIt works.\n\n## Actual\n\nIt doesn't.\n",
        "**To Reproduce**\nUse the app\n\n**Expected behavior**\nNo error\n\n**Version**\nlatest\n",
        "### Kroki do odtworzenia\n\notworzyć\n\n### Oczekiwane\n\nma działać\n\n### Jest\n\nnie działa\n",
    ],
)
def test_a_report_whose_sections_say_nothing_needs_refinement(body: str) -> None:
    assert judged(body, "Export broken").recommended_next_action == "needs_refinement"


@pytest.mark.parametrize("title", ["mypy finds nine errors", "Ruff reports nine new findings", "eslint: 12 warnings"])
def test_findings_in_the_code_are_work_on_code(title: str) -> None:
    assert judged(GOAL, title).recommended_next_action == "codex_candidate"


@pytest.mark.parametrize("heading", ["Out of scope", "Rollback", "Steps to reproduce", "Non-goals"])
def test_what_a_section_sets_aside_asks_for_nothing(heading: str) -> None:
    assert judged(f"## {heading}\n\n- rotate the registry token{GOAL}").escalation is None


@pytest.mark.parametrize(
    "body",
    ["", "It should be better.", "## Goal\n\nTBD\n\n## Acceptance criteria\n\n- [ ]\n", "<!-- what? -->", "See above."],
)
def test_a_body_without_goal_or_criteria_needs_refinement(body: str) -> None:
    opinion = judged(body)
    assert opinion.recommended_next_action == "needs_refinement"
    assert opinion.piotr_fit == "medium"


@pytest.mark.parametrize(
    "body",
    [
        GOAL,
        "**Goal**\n\nThe list of beds is sorted.\n\n**Done when**\n\n- [ ] a test shows the order\n",
        "Goal: the list of beds is sorted by name.\n\nAcceptance: a test shows the order.",
        "## Steps to reproduce\n\nOpen the list.\n\n## Expected\n\nSorted beds.\n\n## Actual\n\nUnsorted beds.\n",
    ],
)
def test_goals_and_criteria_are_found_however_they_are_written(body: str) -> None:
    assert judged(body, "Sort the list of beds").recommended_next_action == "codex_candidate"


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("Nice to have, someday.", {}),
        ("Blocked on upstream.", {}),
        ("Nobody owns this part.", {}),
        ("As it is.", {"labels": ("status:parked",)}),
        ("As it is.", {"created_at": NOW - timedelta(days=200)}),
    ],
)
def test_what_can_wait_is_parked(text: str, change: dict[str, Any]) -> None:
    opinion = judged(f"{text}{GOAL}", **change)
    assert (opinion.recommended_next_action, opinion.priority) == ("park", "p3")


@pytest.mark.parametrize(
    "title",
    [
        "Compare three hosting plans",
        "docs: say how beds are sorted",
        "Write the newsletter for spring",
        "Translate the readme",
    ],
)
def test_research_and_writing_go_to_hermes(title: str) -> None:
    assert judged(GOAL, title).recommended_next_action == "hermes_candidate"


@pytest.mark.parametrize("title", ["Review !12 once more", "Ruff reports nine findings on !12", "Look through PR #7"])
def test_checking_and_mending_go_to_patchwarden(title: str) -> None:
    assert judged(GOAL, title).recommended_next_action == "patchwarden_candidate"


def test_effort_is_unknown_where_nothing_tells() -> None:
    assert judged("The list is slow.").effort_hint == "unknown"


def test_what_is_down_comes_first() -> None:
    assert judged(f"The forge is down since noon and nobody can push.{GOAL}").priority == "p0"


def test_the_rationale_names_the_two_strongest_signals() -> None:
    ruled = judge(issue("## Goal\n\nRotate the registry token on the build host.\n"))
    first, second, *_ = ruled.signals
    assert first.says in ruled.opinion.rationale_summary
    assert second.says in ruled.opinion.rationale_summary
    assert ruled.opinion.rationale_summary.count(". ") == 0


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.name)
def test_every_evidence_is_there(case: Case) -> None:
    seen = observed(case)
    ruled = judge(seen)
    assert ruled.opinion.evidence_refs
    assert all(resolves(ref.value, seen) for ref in ruled.opinion.evidence_refs)
    assert all(resolves(signal.ref, seen) for signal in ruled.signals)


def test_the_table_prints_every_signal_once() -> None:
    rows = signals_table().splitlines()
    assert len(rows) == len(SIGNALS) + 2
    assert len({row.split("|")[1] for row in rows}) == len(rows)
    assert len({row.count("|") for row in rows}) == 1
