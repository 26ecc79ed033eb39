"""Prints planned writes as differences: comments by lines, labels and statuses with what is there now.

In colour on a terminal, and without it elsewhere or with NO_COLOR set.
"""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from difflib import unified_diff

from bot.cli.output import line
from bot.model import Snapshot
from bot.plan import Action, without_footer
from bot.text import visible

COLOURS = {"+": "green", "-": "red", "~": "yellow"}
CONTEXT = 2
MAX_LINES = 200
"""Lines of one comment that are printed."""


def print_differences(verb: str, actions: Sequence[Action], seen: Snapshot, before: Mapping[int, str]) -> None:
    """Print the writes below a verb. `before` has the present texts of comments that are edited, by their numbers."""
    line()
    line(f"{verb}:" if actions else f"{verb}: nothing")
    for action in actions:
        for text in difference(action, seen, before):
            _print(text)


def difference(action: Action, seen: Snapshot, before: Mapping[int, str]) -> Iterator[str]:
    """Return one write in lines: each begins with `+`, `-`, `~` or a blank, and a space."""
    if action.kind.startswith("label"):
        yield f"{'+' if action.kind == 'label.add' else '-'} label {action.label}"
    elif action.kind == "status.create":
        known = next((one for one in seen.own.statuses if one.context == action.context), None)
        was = f"{known.state} → " if known else ""
        yield f"{'~' if known else '+'} status {action.context}: {was}{action.state}: {action.description}"
    elif action.kind in {"comment.create", "comment.edit"}:
        yield f"{'~' if action.kind == 'comment.edit' else '+'} {action}"
        yield from _lines(before.get(action.comment_id or 0, ""), action.body)
    else:
        yield f"{'-' if action.kind == 'comment.delete' else '+'} {action}"


def _lines(before: str, after: str) -> Iterator[str]:
    """The lines of a comment that change, without its footer, which alone is never written."""
    old, new = without_footer(before).splitlines(), without_footer(after).splitlines()
    found = list(unified_diff(old, new, lineterm="", n=CONTEXT))[2:]  # without the names of two files
    for text in found[:MAX_LINES]:
        yield f"  {text[:1]} {text[1:]}" if not text.startswith("@@") else "  …"
    if len(found) > MAX_LINES:
        yield f"  … {len(found) - MAX_LINES} more lines; --json has all of them"


def _print(text: str) -> None:
    mark = text[:1] if text[:1].strip() else text[2:3]
    if mark not in COLOURS or not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        line(f"  {text}")
        return
    from rich.console import Console  # noqa: PLC0415 - on a terminal alone
    from rich.text import Text  # noqa: PLC0415 - on a terminal alone

    console = Console(markup=False, emoji=False, highlight=False, soft_wrap=True)
    console.print(Text(visible(f"  {text}"), style=COLOURS[mark]))
