"""What a process uses, read from `/proc`."""

import re
from pathlib import Path


def resident(pid: int) -> float:
    """The resident memory of a process, in MB of 1,048,576 bytes."""
    return _kilobytes(pid, "VmRSS") / 1024


def highest(pid: int) -> float:
    """The highest resident memory that a process has had, in MB."""
    return _kilobytes(pid, "VmHWM") / 1024


def descriptors(pid: int) -> int:
    """How many files and sockets a process has open."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def processor_seconds(pid: int) -> float:
    """The processor time of a process and of its children that have ended, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / 100


def _kilobytes(pid: int, name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) if found else 0
