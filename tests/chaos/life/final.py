"""What is there in the end, in a form that is equal for two lives of one script: without ids, times and secrets."""

import difflib
import re
from collections import Counter
from typing import Any

from sqlalchemy import select

from bot.model import CONTEXT
from bot.plan.report import without_footer
from bot.sandbox.world import BOT, OPERATOR
from bot.store import Store
from bot.store.tables import LedgerEntry
from tests.chaos.life.script import ROOT, Place

Final = dict[str, Any]
CLEAN = "### ✅ No problems found"
STALE = "judge/stale-priority"
"""Whether a judgment is old after some days follows from when the bot made it."""
MASKS = (
    (re.compile(r"sha256:[0-9a-f]+"), "HASH"),
    (re.compile(r"[0-9a-f]{40}"), "COMMIT"),
    (re.compile(r"`[0-9a-f]{10}`"), "`COMMIT`"),
    (re.compile(r"\b[0-9a-f]{7,12}\b"), "SHORT"),
    (re.compile(r"(sf|gp|st)_[0-9a-f]{16}"), "FINGERPRINT"),
    (re.compile(r"\d{4}-\d\d-\d\dT?[ ]?\d\d:\d\d(:\d\d)?Z?"), "TIME"),
    (re.compile(r"issuecomment-\d+"), "issuecomment-N"),
    (re.compile(r"comment (\d+)"), "comment N"),
    (re.compile(r":answer-\d+"), ":answer-N"),
    (re.compile(r"127\.0\.0\.1:\d+"), "HOST"),
)


def _masked(text: str) -> str:
    for pattern, word in MASKS:
        text = pattern.sub(word, text)
    return text


def _words(body: str) -> str:
    """What a comment says to people.

    A reply says what was so when it was written, and what is written for machines has ids of comments and earlier
    judgments in it: these follow from when the bot looked.
    """
    if ":answer-" in body.partition("\n")[0]:
        return "a reply"
    return re.sub(r"(?s)<details>.*?</details>", "", _masked(without_footer(body))).strip()


async def read_final(place: Place, store: Store | None = None) -> Final:
    """Everything that the bot is answerable for, target by target, and the definitions of labels."""
    api, found = place.api[OPERATOR], Final()
    for at, (pull, number) in enumerate(place.targets):
        comments = await api.getitem(f"{ROOT}/issues/{number}/comments") or []
        issue = await api.getitem(f"{ROOT}/issues/{number}")
        about: dict[str, Any] = {"state": issue["state"]}
        said = about.setdefault("said", {})
        for one in comments:
            if one["user"]["login"] == BOT:
                marker, _, _ = one["body"].partition("\n")
                words = _words(one["body"])
                if pull or CLEAN not in words:  # an issue that is clean has a report if it was seen before it was clean
                    said.setdefault(_masked(marker), []).append(words)
        about["labels"] = sorted({one["name"] for one in issue["labels"] or []} - {STALE})
        if pull:
            head = (await api.getitem(f"{ROOT}/pulls/{number}"))["head"]["sha"]
            combined = await api.getitem(f"{ROOT}/commits/{head}/status")
            about["statuses"] = {
                one["context"]: (one["status"], one["creator"]["login"], _masked(one["description"]))
                for one in combined["statuses"] or []
                if not _turned_green(one)
            }
        found[f"{at}"] = about
    definitions = await api.getitem(f"{ROOT}/labels", {"limit": 50}) or []
    # Which labels were ever set follows from when the bot looked; that a name is defined twice does not.
    names = Counter(one["name"] for one in definitions)
    found["defined twice"] = sorted(name for name, count in names.items() if count > 1)
    return found


async def accusations(store: Store, place: Place) -> Counter[tuple[int, str]]:
    """How often somebody was accused of which object of which target."""
    numbers = {number: at for at, (_, number) in enumerate(place.targets)}
    query = select(LedgerEntry.number, LedgerEntry.object).where(LedgerEntry.kind == "restore")
    async with store.read() as session:
        return Counter(
            (numbers[number], re.sub(r"[0-9a-f]{40}", "HEAD", thing)) for number, thing in await session.execute(query)
        )


def _turned_green(status: dict[str, Any]) -> bool:
    """Whether the bot set a check's own status to green: it has one only where an evaluation failed before."""
    own = status["creator"]["login"] == BOT and status["context"].startswith(CONTEXT)
    return bool(own and status["status"] == "success")


def _texts(calm: list[Any], stormy: list[Any], where: str) -> list[str]:
    """The lines in which two lists of texts differ."""
    missing, more = Counter(calm) - Counter(stormy), Counter(stormy) - Counter(calm)
    if len(missing) == len(more) == 1 and all(isinstance(one, str) for one in (*missing, *more)):
        before, after = ("".join(one).splitlines() for one in (missing, more))
        return [f"{where}: {line}" for line in list(difflib.unified_diff(before, after, lineterm="", n=0))[2:]]
    lines = [f"{where}: missing {one!r}" for one in missing.elements()]
    return lines + [f"{where}: too much {one!r}" for one in more.elements()]


def differences(calm: Any, stormy: Any, where: str = "") -> list[str]:
    """Where two finals differ."""
    if isinstance(calm, dict) and isinstance(stormy, dict):
        keys = sorted(calm.keys() | stormy.keys())
        return [line for key in keys for line in differences(calm.get(key), stormy.get(key), f"{where}/{key}")]
    if isinstance(calm, list | None) and isinstance(stormy, list | None) and calm != stormy:
        return _texts(sorted(calm or ()), sorted(stormy or ()), where)
    return [] if calm == stormy else [f"{where}: {stormy!r} instead of {calm!r}"]
