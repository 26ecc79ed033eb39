"""The guard of the red zone: what it takes to open it, and who has to look."""

from typing import Any

import pytest

from bot.model import ChangedFile, Report, Review, Severity, Verdict
from handlers.guards.red_zone import CHECK
from tests.handlers.guards.guarding import MAINTAINER, deleted, files, guarded, moved, report, review, rules
from tests.snapshots import NOW_SEEN, OPERATOR, snapshot

LABEL = "review:needs-human"
ZONE = {"paths": ["deploy/prod/", "*.pem", "!*.example.pem"]}


async def judged(*changed: ChangedFile, mode: str = "block", **change: Any) -> Report:
    return await report(CHECK, snapshot(policy=guarded("red-zone", mode, **ZONE), files=changed, **change))


@pytest.mark.parametrize(
    ("changed", "red"),
    [
        (files("deploy/prod/app.yml"), True),
        (files("keys/a.pem"), True),
        (files("keys/a.example.pem"), False),
        (files("deploy/test/app.yml"), False),
        ((deleted("deploy/prod/app.yml"),), True),
        ((moved("deploy/prod/app.yml", "attic/app.yml"),), True),
        ((moved("attic/app.yml", "deploy/prod/app.yml"),), True),
    ],
)
async def test_a_path_of_the_zone_needs_an_operator_whatever_happens_to_it(
    changed: tuple[ChangedFile, ...], *, red: bool
) -> None:
    found = await judged(*changed)
    assert found.verdict is (Verdict.BLOCK if red else Verdict.PASS)
    assert found.labels == {LABEL: red}


async def test_there_is_one_finding_for_each_pattern() -> None:
    found = await judged(*files("deploy/prod/a", "deploy/prod/b", "c.pem"))
    assert rules(found) == ["red-zone", "red-zone"]
    assert "deploy/prod/a, deploy/prod/b" in found.findings[0].evidence


@pytest.mark.parametrize(
    ("given", "opens"),
    [
        (review(OPERATOR), True),
        (review(OPERATOR.upper()), True),
        (review(MAINTAINER), False),
        (review(OPERATOR, commit="c3" * 20), False),
        (review(OPERATOR, about=None), False),
        (review(OPERATOR, about=NOW_SEEN.model_copy(update={"base": "stage"})), False),
        (review(OPERATOR, about=NOW_SEEN.model_copy(update={"merge_base": "c3" * 20})), False),
        (review(OPERATOR, about=NOW_SEEN.model_copy(update={"head": "c3" * 20})), False),
        (review(OPERATOR, dismissed=True), False),
        (review(OPERATOR, official=False), False),
        (review(OPERATOR, "comment"), False),
        (review(OPERATOR, "changes"), False),
    ],
)
async def test_an_operators_approval_of_this_head_opens_it(given: Review, *, opens: bool) -> None:
    found = await judged(*files("a.pem"), reviews=(given,))
    assert found.verdict is (Verdict.PASS if opens else Verdict.BLOCK)
    assert found.labels == {LABEL: not opens}


async def test_the_last_word_of_a_reviewer_counts() -> None:
    found = await judged(*files("a.pem"), reviews=(review(OPERATOR), review(OPERATOR, "changes")))
    assert found.verdict is Verdict.BLOCK
    found = await judged(*files("a.pem"), reviews=(review(OPERATOR, "changes"), review(OPERATOR)))
    assert found.verdict is Verdict.PASS
    found = await judged(*files("a.pem"), reviews=(review(OPERATOR), review(OPERATOR, "comment")))
    assert found.verdict is Verdict.PASS


@pytest.mark.parametrize("mode", ["block", "advise"])
async def test_what_an_operator_opened_himself_is_advice(mode: str) -> None:
    found = await judged(*files("a.pem"), mode=mode, author=OPERATOR, reviews=(review(OPERATOR),))
    assert (found.verdict, found.labels) == (Verdict.ADVISE, {LABEL: False})
    assert found.findings[0].severity is Severity.LOW


async def test_the_label_rests_on_the_paths() -> None:
    one, other = await judged(*files("a.pem")), await judged(*files("b.pem"))
    again = await judged(*files("a.pem", "x.py"))
    assert one.evidence_for(LABEL) == again.evidence_for(LABEL) != other.evidence_for(LABEL)
