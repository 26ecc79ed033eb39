"""The oracle: a life amid faults ends like the life of the same script without them."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.life.fast import FastLoop
from tests.chaos.life.final import differences
from tests.chaos.life.life import Life, Way, live
from tests.chaos.life.process import Database
from tests.chaos.life.script import Author


@dataclass(frozen=True)
class Verdict:
    """Two lives of one script, and what is wrong with the second."""

    seed: int
    stormy: Life
    problems: tuple[str, ...]

    @property
    def good(self) -> bool:
        return not self.problems

    def told(self) -> str:
        """The life as lines."""
        lines = [f"  {line}" for line in self.stormy.happened]
        return "\n".join([*lines, *(f"  ! {problem}" for problem in self.problems)])


def judge(root: Path, seed: int, length: int, *, processes: int = 0, database: Database | None = None) -> Verdict:
    """Live the script of a seed without and with its storm, and compare."""
    script = Author(seed, length).script()
    with asyncio.Runner(loop_factory=FastLoop) as runner:
        calm = runner.run(live(root / "calm", script, Way()))
    with asyncio.Runner(loop_factory=None if processes else FastLoop) as runner:
        stormy = runner.run(live(root / "stormy", script, Way(seed, processes, database)))
    problems = differences(calm.final, stormy.final)
    problems += [f"accused falsely: {one}" for one in (stormy.accused - calm.accused).elements()]
    problems += [f"not noticed: {one}" for one in (calm.accused - stormy.accused).elements()]
    problems += [f"{stormy.lost} acknowledged deliveries are lost"] if stormy.lost else []
    problems += [f"{stormy.overlaps} looks at one target overlapped"] if stormy.overlaps or calm.overlaps else []
    problems += ["nothing was evaluated"] if not stormy.evaluated else []
    return Verdict(seed, stormy, tuple(problems))
