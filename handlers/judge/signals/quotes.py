"""The words that a signal saw: quoted from the description, with their line."""

from bot.model import Inputs
from bot.text import cut
from handlers.judge.signals.table import Signal

LONGEST = 120


def quoted(signal: Signal, inputs: Inputs) -> Signal:
    """Return a signal with the words that it saw: of its line of the description, or of the title."""
    rows = inputs.body.splitlines()
    said = rows[signal.line - 1] if 0 < signal.line <= len(rows) else ""
    if signal.ref.endswith("-title"):
        said = inputs.title
    words = " ".join(said.split()).lstrip("#>-*+ ").removeprefix("[ ] ").removeprefix("[x] ")
    return signal.model_copy(update={"quote": cut(words, LONGEST)})


def noted(signal: Signal) -> str:
    """Return what a signal says, with its name, its words and their line."""
    place = f", line {signal.line}" if signal.line else ""
    words = f': "{signal.quote}"{place}' if signal.quote else ""
    return f"{signal.says} ({signal.name}){words}"
