"""Random lives with faults: `make chaos ARGS="--lives 50"`, and one of them again: `make chaos ARGS="--seed 7"`."""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.life.fast import FastLoop
from tests.chaos.life.verdict import Verdict, judge


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--lives", type=int, default=20, help="how many lives")
    parser.add_argument("--seed", type=int, help="only the life of this seed")
    parser.add_argument("--first", type=int, default=1, help="the seed of the first life")
    parser.add_argument("--length", type=int, default=12, help="events in a life")
    parser.add_argument("--keep", action="store_true", help="leave the folders of the lives, and say where")
    given = parser.parse_args()
    seeds = [given.seed] if given.seed is not None else range(given.first, given.first + given.lives)
    bad = 0
    for seed in seeds:
        begun = time.monotonic()
        verdict = lived(seed, given.length, keep=given.keep)
        bad += not verdict.good
        word = "as it should be" if verdict.good else "WRONG"
        say(f"seed {seed}: {word} ({verdict.stormy.ends} ends, {time.monotonic() - begun:.1f} s)")
        if not verdict.good or given.seed is not None:
            say(verdict.told())
    say(f"{len(seeds)} lives, {bad} wrong")
    return 1 if bad else 0


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def lived(seed: int, length: int, *, keep: bool = False) -> Verdict:
    root = Path(tempfile.mkdtemp(prefix="assay-chaos-"))
    try:
        with asyncio.Runner(loop_factory=FastLoop) as runner:
            return runner.run(judge(root, seed, length))
    finally:
        if keep:
            say(f"seed {seed}: {root}")
        else:
            shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
