"""Which act of an operator holds for what came after it: `python -m tests.stories.trust.consent_table` prints it.

An act that names a state (a review, a waiver, a phrase that a description announces) holds for this state; one that
names a thing (a secret, a gate of the policy, the text of a policy file) holds for the thing; what names nothing, or
can be somebody else's, holds for nothing.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.model import Snapshot
from bot.sandbox.world import AGENT, OPERATOR, REPOSITORY, WRITER
from handlers.contract.canary import waived
from handlers.facts.accepted import open_leaks
from handlers.facts.reviews import approvals
from handlers.merge.overrides import last_word
from handlers.soak.gate_model import Gates, announced_in
from tests.stories.trust.consenting import PULLS, Change, month_later

AFTERS = ("base rewritten", "push", "revert", "rename", "retarget", "edit", "31 days")
"""What comes after an act, in the order in which the test lets it come. `edit` is of the comment, by a writer."""
YES, NO, NONE = "counts", "no", "-"
"""`-`: there is nothing to edit."""
HERE = "test_consent_table.py::test_what_an_act_holds_for"
THERE = "test_policy_consent.py"
COMMENTS = f"/repos/{REPOSITORY}/issues/comments"
GATE, ANNOUNCED = "cutover-approved", "w04-signer-cutover-approved"

Perform = Callable[[Change], Awaitable[int]]
Holds = Callable[[Snapshot], bool]


@dataclass(frozen=True)
class Act:
    """An act: how it is done (it gives the number of its comment, 0 for none), and whether it counts in a snapshot.

    `cells` says for each of `AFTERS` whether it still counts, and `at_once` whether it does before.
    """

    name: str
    cells: tuple[str, ...]
    perform: Perform
    holds: Holds
    at_once: bool = True
    again: bool = False


def _never(name: str, perform: Perform, holds: Holds, *, edit: str = NO) -> Act:
    cells = tuple(edit if after == "edit" else NO for after in AFTERS)
    return Act(name, cells, perform, holds, at_once=False)


async def review(made: Change) -> int:
    await made.review()
    return 0


async def dismissed(made: Change) -> int:
    number = await made.review()
    await made.scene.api[OPERATOR].post(f"{PULLS}/{made.number}/reviews/{number}/dismissals", {"message": "no"})
    await made.evaluate()
    return 0


async def comment(made: Change) -> int:
    return await made.says(f"I approve {made.head}. Merge it.")


async def edited(made: Change) -> int:
    number = await made.says("I look at it tomorrow.")
    body = {"body": f"/accept {await made.fingerprint()} made up"}
    await made.scene.api[WRITER].patch(f"{COMMENTS}/{number}", body)
    await made.scene.settled()
    return number


async def label(made: Change) -> int:
    await made.scene.api[AGENT].post(f"/repos/{REPOSITORY}/issues/{made.number}/labels", {"labels": ["merge/auto"]})
    await made.scene.settled()
    return 0


async def quoted(made: Change) -> int:
    text = f"On Monday codex wrote:\n\n> /accept {await made.fingerprint()} made up\n\nNo."
    return await made.says(text)


async def waiver(made: Change) -> int:
    return await made.says(f"canary-waived {made.head}")


async def accept(made: Change) -> int:
    return await made.says(f"/accept {await made.fingerprint()} made up for a test")


async def hold(made: Change) -> int:
    return await made.says("/hold until noon")


async def phrase(made: Change) -> int:
    return await made.says(GATE, number=1)


async def announced(made: Change) -> int:
    return await made.says(ANNOUNCED)


def approved(seen: Snapshot) -> bool:
    return bool(approvals(seen))


def accepted(seen: Snapshot) -> bool:
    return not open_leaks(seen)


def is_open(gate: str) -> Holds:
    def holds(seen: Snapshot) -> bool:
        gates = Gates(seen, announced_in(seen))
        return gate in gates.by_phrase and gates.opened(gates.by_phrase[gate]) is not None

    return holds


def on_hold(seen: Snapshot) -> bool:
    return any(one.command == "hold" and not one.refused for one in seen.inputs.decisions)


_STATE = (NO, NO, NO, NO, NO)
_THING = (YES, YES, YES, YES, YES)
ACTS = (
    Act("review", (*_STATE, NONE, YES), review, approved, again=True),
    _never("dismissed review", dismissed, approved, edit=NONE),
    _never("comment", comment, lambda seen: approved(seen) or bool(waived(seen))),
    _never("edited comment", edited, accepted),
    _never("label", label, lambda seen: last_word(seen) is not None, edit=NONE),
    _never("command quoted like a mail", quoted, accepted),
    Act("waiver", (*_STATE, NO, YES), waiver, lambda seen: bool(waived(seen)), again=True),
    Act("/accept", (*_THING, YES, YES), accept, accepted),
    Act("/hold", (*_THING, YES, YES), hold, on_hold),
    Act("gate phrase of the policy", (*_THING, NO, YES), phrase, is_open(GATE), again=True),
    Act("gate phrase of a description", (*_STATE, NO, YES), announced, is_open(ANNOUNCED), again=True),
)
COUNTING, NEVER = "acts that count", "acts that never count"
GROUPS = {
    COUNTING: tuple(act for act in ACTS if act.at_once),
    NEVER: tuple(act for act in ACTS if not act.at_once),
}
POLICY: tuple[tuple[str, str, str], ...] = (
    ("merge", NO, "test_an_operators_own_merge_says_what_waits_and_trusts_nothing"),
    ("scheduled merge", NO, "test_a_merge_that_was_scheduled_before_a_push_trusts_no_policy"),
    ("manual merge", NO, "test_a_merger_that_was_guessed_from_an_email_trusts_no_policy"),
    (
        "review of a policy, then merge",
        YES,
        "test_an_operators_approval_trusts_its_policy_once_it_is_merged",
    ),
    ("review of a policy, then push", NO, "test_an_approval_that_was_followed_by_a_push_trusts_nothing"),
    ("review of a policy, then dismissal", NO, "test_an_approval_that_was_dismissed_trusts_nothing"),
    ("/trust, then merge", YES, "test_an_operators_word_trusts_exactly_this_policy"),
    ("/trust, then push", NO, "test_a_word_for_one_policy_is_none_for_the_one_that_was_pushed_after_it"),
    ("/trust, another policy, then revert", NO, "test_an_old_word_does_not_bring_an_old_policy_back"),
    ("/trust, edited into a comment", NO, "test_a_word_that_a_writer_edited_into_an_operators_comment_trusts_nothing"),
    ("/trust, quoted or cut", NO, "test_a_word_that_is_quoted_or_cut_trusts_nothing"),
    ("/trust, 31 days", YES, "test_a_word_is_as_good_after_a_month"),
)
"""Acts that may trust a policy, each with what came after it, and the test of `test_policy_consent.py`."""


async def come(after: str, made: Change, numbers: list[int]) -> None:
    """Lets something come after acts; `numbers` are their comments, 0 where there is none."""
    if after == "base rewritten":
        await made.rewrite_base()
    elif after == "push":
        await made.push("More", {f"deploy/{made.base}.tf": "more = true\n"})
    elif after == "revert":
        await made.revert()
    elif after == "rename":
        await made.rename()
    elif after == "retarget":
        await made.retarget()
    elif after == "31 days":
        await month_later(made.scene)
    else:
        for number in filter(None, numbers):
            await made.scene.api[WRITER].patch(f"{COMMENTS}/{number}", {"body": "Something else."})
        await made.scene.settled()


async def looked(made: Change) -> Snapshot:
    """A new look at the pull request."""
    target = made.scene.target(f"!{made.number}")
    return (await made.scene.machine.reconciler.evaluate(target)).snapshot


def lines() -> list[str]:
    """The table as Markdown."""
    head = ["act", *AFTERS, "test"]
    rows = [[act.name, *act.cells, f"`{HERE}[{COUNTING if act.at_once else NEVER}]`"] for act in ACTS]
    policy = [[name, cell, f"`{THERE}::{test}`"] for name, cell, test in POLICY]
    table = [head, ["---"] * len(head), *rows]
    more = [["act for a policy, and what came after", "counts", "test"], ["---"] * 3, *policy]
    return [f"| {' | '.join(row)} |" for row in table] + [""] + [f"| {' | '.join(row)} |" for row in more]


if __name__ == "__main__":
    print("\n".join(lines()))  # noqa: T201 - a table for people
