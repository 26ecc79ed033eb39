"""One compiled scanner for all that measure and test: its cache outlives the run and is named by what is compiled."""

import hashlib
import secrets
import tempfile
from pathlib import Path

import kingfisher_sdk

from bot.scan import ruleset
from bot.scan.scanner import Scanner


def cache_dir() -> Path:
    """The engine writes its cache under a name of its own and then renames it, so workers may share the folder."""
    digest = hashlib.sha256(kingfisher_sdk.__version__.encode())
    for path in sorted(ruleset.FOLDER.glob("*.yaml")):
        digest.update(path.read_bytes())
    return Path(tempfile.gettempdir()) / f"assay-rules-{digest.hexdigest()[:16]}"


def scanner(own: tuple[str, ...] = ()) -> Scanner:
    return Scanner(key=secrets.token_bytes(32), own=own, cache_dir=cache_dir())
