"""Secrets in texts, files and commits: finding, masking, fingerprints.

Used by every package that stores or shows a text.

Public modules: `additions`, `commits`.
"""

from bot.scan.ruleset import own_rules
from bot.scan.scanner import Hit, ScanLimits, Scanner, ScanResult
from bot.scan.texts import Texts, read_texts

__all__ = [
    "Hit",
    "ScanLimits",
    "ScanResult",
    "Scanner",
    "Texts",
    "own_rules",
    "read_texts",
]
