"""The preview of a pull request that changes the policy: made once for each head, and stored with its judgments."""

from collections import Counter
from datetime import datetime
from typing import Annotated

from pydantic import AliasChoices, Field

from bot.model.words import Value

PARTLY = "the check was off when the snapshot was taken, so some of its data is missing"


class Shift(Value):
    """The result of one check under the current policy and under the other one."""

    check: str
    before: str
    after: str


class Trial(Value):
    """One earlier pull request under both policies. Empty fields: no difference.

    `state` is the state in the tested snapshot: for a pull request that was closed since, the last open one on record.
    `merge` holds the merge classes (`merge/auto`) before and after; the labels do not repeat them.
    """

    number: int
    title: str
    state: str
    shifts: tuple[Shift, ...] = ()
    labels_on: tuple[str, ...] = ()
    labels_off: tuple[str, ...] = ()
    merge: tuple[str, str] | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """Gives the labels that would be added (`+name`) or removed (`-name`)."""
        return (*(f"+{name}" for name in self.labels_on), *(f"-{name}" for name in self.labels_off))

    @property
    def differs(self) -> bool:
        """Says whether the two policies give different results."""
        return bool(self.shifts or self.labels_on or self.labels_off or self.merge)


class Backtest(Value):
    """The results of two policies on earlier pull requests, newest first.

    Not compared: `unreadable` snapshots of another version of the bot, `large` ones that would cost too much, and
    `late` ones after the time limit. `partly` were compared although data for some checks is missing.
    """

    trials: tuple[Trial, ...] = ()
    unreadable: int = 0
    large: int = 0
    late: int = 0
    partly: int = 0

    @property
    def differing(self) -> tuple[Trial, ...]:
        """Gives the pull requests on which the policies differ."""
        return tuple(trial for trial in self.trials if trial.differs)

    @property
    def totals(self) -> tuple[tuple[str, int], ...]:
        """Gives each kind of difference in a verdict or merge class with its number of pull requests, most first."""
        counted: Counter[str] = Counter()
        for trial in self.trials:
            counted.update(f"{one.check}: {one.before} → {one.after}" for one in trial.shifts)
            if trial.merge:
                counted[f"merge class: {trial.merge[0] or 'none'} → {trial.merge[1] or 'none'}"] += 1
        return tuple(counted.most_common())

    @property
    def left_out(self) -> tuple[str, ...]:
        """Gives a sentence for each reason why pull requests were not compared, or compared with partial data."""
        reasons = (
            (self.unreadable, "the snapshot was stored by another version of the bot"),
            (self.large, "too many changed files for a policy this long"),
            (self.late, "the time limit was reached"),
        )
        skipped = tuple(f"{count} not compared: {why}." for count, why in reasons if count)
        return (*skipped, f'"Partial data", on {self.partly}: {PARTLY}.') if self.partly else skipped


class Preview(Value):
    """The policy in a pull request. Its texts are masked, but untrusted.

    `basis` is the hash of the input. `problems` make the policy invalid, `warnings` do not. `changes` are the first
    sentences about changes; `more` counts the rest. `digest` names the file for `/trust`. `beyond` are the changes from
    what is in force, if the base has changes that no operator trusted.
    """

    basis: Annotated[str, Field(validation_alias=AliasChoices("basis", "ground"))]
    at: datetime
    removed: bool = False
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    more: int = 0
    digest: str = ""
    beyond: tuple[str, ...] = ()
    backtest: Backtest = Backtest()
