"""The machine that a result was measured on, and what ran beside it."""

import os
import platform
import re
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]


def described(load: float | None = None) -> dict[str, Any]:
    """Machine, versions, commit, date and load, as JSON; the load is that before a measurement."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "command": " ".join(["python -m", _program(), *sys.argv[1:]]),
        "processor": _found(r"model name\s*: (.+)", Path("/proc/cpuinfo")),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(int(_found(r"MemTotal:\s+(\d+) kB", Path("/proc/meminfo")) or 0) / 1024**2),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "git": _output("git", "--version").removeprefix("git version "),
        "commit": _output("git", "-C", str(ROOT), "rev-parse", "--short=12", "HEAD"),
        "load": round(os.getloadavg()[0] if load is None else load, 2),
    }


def _program() -> str:
    spec = sys.modules["__main__"].__spec__
    return spec.name.removesuffix(".__main__") if spec is not None else "?"


def _found(pattern: str, file: Path) -> str:
    match = re.search(pattern, file.read_text()) if file.exists() else None
    return match[1].strip() if match else ""


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
