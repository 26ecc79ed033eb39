"""How long people wait for the command line, and how long `assay serve` takes until it is ready."""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from bot.sandbox.world import REPOSITORY
from tests.bench.harness.figures import Row, under
from tests.bench.harness.forge import Forge, running_forge
from tests.bench.harness.serve import until_ready
from tests.bench.rows.worlds import files
from tests.scan.compiled import cache_dir
from tests.stories.server import Server

ASSAY = Path(sys.executable).with_name("assay")
TIMES = 7
COLD_TIMES = 3


async def rows() -> list[Row]:
    """The median of some starts each, in seconds."""
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as name:
        folder = Path(name)
        async with running_forge(folder) as forge:
            return [
                *await asyncio.to_thread(_commands, folder),
                *await _plan(folder, forge),
                *await _serve(folder, forge),
            ]


def _commands(folder: Path) -> list[Row]:
    text = folder / "text"
    text.write_text("BEDS = 3\n" * 1000)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ASSAY_")}
    warm = {**clean, "ASSAY_DATA_DIR": str(folder / "warm"), "ASSAY_RULES_CACHE_DIR": str(cache_dir())}
    _run(warm, "scan", "--text", str(text))
    version = statistics.median(_run(clean, "--version") for _ in range(TIMES))
    scan = statistics.median(_run(warm, "scan", "--text", str(text)) for _ in range(TIMES))
    new = statistics.median(
        _run({**clean, "ASSAY_DATA_DIR": str(folder / f"new-{number}")}, "scan", "--text", str(text))
        for number in range(COLD_TIMES)
    )
    return [
        under("assay --version", version, "s", 0.3),
        under("assay scan of a file, warm", scan, "s", 0.5),
        under("assay scan of a file, in a new folder", new, "s", 1.5),
    ]


def _run(environment: Mapping[str, str], *words: str) -> float:
    begun = time.perf_counter()
    subprocess.run([ASSAY, *words], env=environment, check=True, capture_output=True)
    return time.perf_counter() - begun


async def _plan(folder: Path, forge: Forge) -> list[Row]:
    """A pull request of 20 files, with the mirror that an earlier run made."""
    await forge.pushed("bench", files("bench", 0))
    number = await forge.pull("bench", "feat: bench")
    server = Server(_place(folder, "plan"), forge, forge.tokens)
    environment = {**server.environment, "ASSAY_RULES_CACHE_DIR": str(cache_dir())}
    taken = [await asyncio.to_thread(_run, environment, "plan", f"{REPOSITORY}!{number}") for _ in range(TIMES + 1)]
    return [under("assay plan beside a local server", statistics.median(taken[1:]), "s", 1)]


async def _serve(folder: Path, forge: Forge) -> list[Row]:
    """Cold: nothing compiled, no database; warm: the same folder again."""
    cold, warm = list[float](), list[float]()
    for number in range(COLD_TIMES):
        place = _place(folder, f"serve-{number}")
        server = Server(place, forge, forge.tokens)
        server.environment["ASSAY_RULES_CACHE_DIR"] = str(place / "rules")
        cold.append(await _started(server))
        warm += [await _started(server) for _ in range(2)]
    return [
        under("assay serve ready after start, warm", statistics.median(warm), "s", 2),
        under("assay serve ready after start, cold", statistics.median(cold), "s", 4),
    ]


async def _started(server: Server) -> float:
    begun = time.perf_counter()
    await server.start()
    await until_ready(server)
    taken = time.perf_counter() - begun
    await server.stop()
    return taken


def _place(folder: Path, name: str) -> Path:
    (folder / name / "data").mkdir(parents=True)
    return folder / name
