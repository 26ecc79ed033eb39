"""Prints what the rules judge says of the made-up cases: `python -m tests.handlers.judge.judge_table [FOLDER]`.

A folder is one of the blind sets, `blind` for example.
"""

import sys
from datetime import timedelta

from bot.model import AddedLines, ChangedFile, Kind, Snapshot, digest
from handlers.judge.rules import Ruled, judge
from tests.handlers.judge.blind_cases import GROUPS, blind_cases
from tests.handlers.judge.judge_corpus import CORPUS, Case
from tests.snapshots import ISSUE, NOW, PULL, snapshot


def observed(case: Case) -> Snapshot:
    """The snapshot that a case makes: opened two weeks ago, with all that it adds in its first file."""
    files = tuple(
        ChangedFile(path=path, status="changed", old_mode="100644", new_mode="100644", added=added, removed=removed)
        for path, added, removed in case.files
    )
    return snapshot(
        PULL if Kind(case.kind) is Kind.PULL else ISSUE,
        title=case.title,
        body=case.body,
        title_hash=digest(case.title),
        body_hash=digest(case.body),
        author=case.author,
        labels=case.labels,
        created_at=NOW - timedelta(days=14),
        files=files,
        added=(AddedLines(path=files[0].path, start=1, text=case.added),) if files and case.added else (),
    )


def right(case: Case, ruled: Ruled) -> bool:
    """Says whether the action is the expected one, or one that is as good."""
    return ruled.opinion.recommended_next_action in (case.expected, *case.also_right)


def blind(folder: str) -> None:
    """Prints a row for each blind case of a set, and how many are right in action and in priority."""
    actions = priorities = 0
    for group in GROUPS:
        for one in blind_cases(group, folder):
            ruled = judge(observed(one.case))
            opinion = ruled.opinion
            good, timely = right(one.case, ruled), one.accepts_priority(opinion.priority)
            actions, priorities = actions + good, priorities + timely
            names = ", ".join(signal.name for signal in ruled.signals[:3])
            marks = f"{' ' if good else '!'}{' ' if timely else '!'}"
            row = f"{one.expected:22} {opinion.recommended_next_action:22} {one.priority} {opinion.priority} {names}"
            print(f"{marks} {group:10} {one.name[:48]:48} {row}")  # noqa: T201
    print(f"right: {actions} in action, {priorities} in priority")  # noqa: T201


def main() -> None:
    """Prints a row for each case, and how many are right."""
    if sys.argv[1:]:
        blind(sys.argv[1])
        return
    judged = [(case, judge(observed(case))) for case in CORPUS]
    for case, ruled in judged:
        opinion = ruled.opinion
        names = ", ".join(signal.name for signal in ruled.signals[:2])
        row = (case.name[:52], case.expected, opinion.recommended_next_action, opinion.priority, names)
        print(f"{' ' if right(case, ruled) else '!'} {row[0]:52} {row[1]:22} {row[2]:22} {row[3]} {row[4]}")  # noqa: T201
    print(f"{sum(right(*one) for one in judged)} of {len(judged)} right")  # noqa: T201


if __name__ == "__main__":
    main()
