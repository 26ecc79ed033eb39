"""The policies in `docs/examples`: complete, without mistakes, and doing what their comments say."""

from pathlib import Path

import pytest

from bot.labels import LabelSet
from bot.model import ChangedFile
from bot.plan.assessment import assess, plan
from bot.policy.policy import load
from handlers import CHECKS
from tests.snapshots import AGENT, OPERATOR, PULL, TOOLS, snapshot

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
POLICIES = sorted(EXAMPLES.glob("*.yml"))


def policy(name: str):  # noqa: ANN201 - the policy's own type
    return load((EXAMPLES / f"{name}.yml").read_text(), path=name).narrowed((OPERATOR,))


def test_there_is_one_for_each_size() -> None:
    assert [file.stem for file in POLICIES] == ["agents", "platform", "small"]


@pytest.mark.parametrize("file", POLICIES, ids=[file.stem for file in POLICIES])
def test_it_has_no_mistake_and_says_what_it_does(file: Path) -> None:
    text = file.read_text()
    load(text, path=file.name)
    assert text.startswith("# ")
    assert "# What it does: " in text


async def test_the_platforms_policy_sets_the_teams_own_labels() -> None:
    changed = ChangedFile(path="garden/beds.py", status="changed", old_mode="100644", new_mode="100644", added=3)
    about = {"title": "feat: water the beds in the order of their names", "body": "The beds are watered one by one."}
    seen = snapshot(PULL, policy=policy("platform"), files=(changed,), author=AGENT, conflict=False, **about)
    made = await assess(seen, CHECKS, TOOLS)
    planned = plan(made.snapshot, made.reports)
    on = {name for name, label in planned.labels.items() if label.on}
    assert {"judge/patchwarden-candidate", "agent/codex", "source/agent-generated", "flow/review", "size/tiny"} <= on
    assert {name for name in on if name.startswith(("merge/", "mode:"))}
    assert {"assay", "assay/secret-leak", "assay/contract", "assay/red-zone"} <= {
        one.context for one in planned.statuses
    }
    assert [one.purpose for one in planned.comments] == ["report", "judge"]
    assert "### Iskra judgment" in planned.comments[1].body


async def test_a_small_repository_gets_few_labels_and_one_status() -> None:
    changed = ChangedFile(path="garden/beds.py", status="changed", old_mode="100644", new_mode="100644", added=3)
    seen = snapshot(PULL, policy=policy("small"), files=(changed,), author=AGENT, conflict=False)
    made = await assess(seen, CHECKS, TOOLS)
    planned = plan(made.snapshot, made.reports)
    on = {name for name, label in planned.labels.items() if label.on}
    assert len(on) <= 4
    assert all(name.startswith(("judge/", "agent/")) for name in on)
    assert [one.context for one in planned.statuses] == ["assay"]
    assert [one.purpose for one in planned.comments if not one.only_if_there] == ["report"]


@pytest.mark.parametrize("name", ["small", "agents", "platform"])
def test_its_candidates_have_declared_labels(name: str) -> None:
    names = policy(name).judge.candidates
    wanted = {f"judge/{one}-candidate" for one in (names.code, names.docs, names.findings)}
    assert wanted <= LabelSet.load().names
