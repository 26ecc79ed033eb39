"""How fast added lines are searched for secrets: throughput on one core, hostile forms, and a small diff, warm."""

import random
import secrets
import time
from base64 import b64encode
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pydantic
import sqlalchemy

from bot.scan import Scanner
from tests.bench.harness.figures import Row, at_least, spread, under
from tests.scan.compiled import scanner

ENOUGH = 16_000_000
SMALL = 5_000
HOSTILE = 2_000_000


def added_lines() -> str:
    """Ordinary code: what two installed libraries consist of."""
    folders = (Path(module.__path__[0]) for module in (sqlalchemy, pydantic))
    parts = [path.read_text("utf-8") for folder in folders for path in sorted(folder.rglob("*.py"))]
    text = "".join(parts)
    return (text * (ENOUGH // len(text) + 1))[:ENOUGH]


def best(measured: Callable[[], object], clock: Callable[[], float], times: int) -> list[float]:
    """Durations in seconds, shortest first."""
    taken = []
    for _ in range(times):
        start = clock()
        measured()
        taken.append(clock() - start)
    return sorted(taken)


def hostile() -> dict[str, str]:
    """Texts that a scanner may be slow on, by what they are made of; each has a few MB and no secret."""
    chance = random.Random(11)  # noqa: S311 - texts, not secrets
    noise = b64encode(chance.randbytes(HOSTILE * 3 // 4)).decode()
    word = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=7))
    return {
        "base64 in one line": noise,
        "base64 in lines": "\n".join(noise[at : at + 76] for at in range(0, len(noise), 76)),
        "hex in one line": chance.randbytes(HOSTILE // 2).hex(),
        "percent-encoded": "".join(f"%{byte:02X}" for byte in chance.randbytes(HOSTILE // 3)),
        "UTF-16 read as bytes": "".join(f"{letter}\0" for letter in word * (HOSTILE // 14)),
        "invisible characters": "\u200b".join(word * (HOSTILE // 28)),
        "keys without values": "password = \ntoken: \napi_key=\nAuthorization: Bearer \n" * (HOSTILE // 52),
        "prefixes of tokens": "ghp_ AKIA sk- xoxb- glpat- eyJ " * (HOSTILE // 31),
        "brackets and quotes": "\"'`{[(" * (HOSTILE // 6),
    }


def rows() -> list[Row]:
    """The rows of the benchmark; throughput is by the processor's time, so that a busy machine tells the same."""
    made, text = scanner(own=(secrets.token_hex(20),)), added_lines()
    small = [text[at : at + SMALL] for at in range(0, SMALL * 200, SMALL)]
    each = spread([best(partial(made.scan, part), time.perf_counter, 1)[0] * 1e3 for part in small])
    rates = {name: _rate(made, form, 2) for name, form in hostile().items()}
    worst = min(rates, key=rates.__getitem__)
    return [
        at_least("secret scan of added lines", _rate(made, text, 3), "MB/s per core", 60),
        at_least(f"secret scan of the slowest of {len(rates)} hostile forms ({worst})", rates[worst], "MB/s", 10),
        under("secret scan of 5 KB, p50", each.p50, "ms", 5),
        under("secret scan of 5 KB, p99", each.p99, "ms", 5),
    ]


def _rate(made: Scanner, text: str, times: int) -> float:
    return len(text.encode()) / 1e6 / best(lambda: made.scan(text), time.process_time, times)[0]
