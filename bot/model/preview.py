"""What a pull request that changes the policy would bring: read once for each head, and kept with its judgments."""

from collections import Counter
from datetime import datetime

from bot.model.words import Value

PARTLY = "when they were looked at the check was off, so not all that it reads is known"


class Shift(Value):
    """What one check said under the policy in force, and what it would say under the other one."""

    check: str
    before: str
    after: str


class Trial(Value):
    """One earlier pull request under both policies. Empty fields: no difference.

    `state` is the one it was tried in: where it was closed since, the last open one that is still known. `merge` holds
    the classes (`merge/auto`) before and after; they aren't repeated among the labels.
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
        """Gives the labels that would come (`+name`) and those that would go (`-name`)."""
        return (*(f"+{name}" for name in self.labels_on), *(f"-{name}" for name in self.labels_off))

    @property
    def differs(self) -> bool:
        """Says whether the two policies decide anything differently here."""
        return bool(self.shifts or self.labels_on or self.labels_off or self.merge)


class Backtest(Value):
    """What two policies say of earlier pull requests, newest first.

    `unreadable` snapshots are of another version of the program, `large` ones weren't tried for what they cost, `late`
    ones because the time was over. `partly` were tried, though some check's sources hadn't been looked at.
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
        """Gives each kind of difference in a verdict or merge class with the number of its targets, most first."""
        counted: Counter[str] = Counter()
        for trial in self.trials:
            counted.update(f"{one.check}: {one.before} → {one.after}" for one in trial.shifts)
            if trial.merge:
                counted[f"merge class: {trial.merge[0] or 'none'} → {trial.merge[1] or 'none'}"] += 1
        return tuple(counted.most_common())

    @property
    def left_out(self) -> tuple[str, ...]:
        """Gives a sentence for each reason why pull requests weren't tried."""
        reasons = (
            (self.unreadable, "kept by another version of the program, which can't be read"),
            (self.large, "too large to be tried with so long a policy"),
            (self.late, "left, since the time for this was over"),
        )
        told = tuple(f"{count} not tried: {why}." for count, why in reasons if count)
        return (*told, f'"As far as seen", on {self.partly}: {PARTLY}.') if self.partly else told


class Preview(Value):
    """A policy as a pull request would have it. Texts are masked, and somebody's words.

    `ground` is the hash of what it rests on. `problems` keep it from being read at all, `warnings` don't. `changes` are
    sentences, the first few; `more` counts the rest.
    """

    ground: str
    at: datetime
    removed: bool = False
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    more: int = 0
    backtest: Backtest = Backtest()
