"""The environment of each `git` that works in a mirror: the bot's token and network settings, and nothing else."""

import os
from collections.abc import Mapping
from pathlib import Path

from bot.git.process import clean_environment
from bot.network import Network


def mirror_environment(home: Path, server: str, token: str, network: Network, *, offline: bool) -> dict[str, str]:
    """Return the environment; `offline`: a command fails for missing objects instead of fetching them."""
    allowed = "never" if offline else "always"
    proxy, certificates = network.git(server)
    settings: Mapping[str, str] = {
        **proxy,
        f"http.{server}/.extraHeader": f"Authorization: token {token}",
        "http.followRedirects": "false",
        "core.hooksPath": os.devnull,
        "core.attributesFile": os.devnull,
        "core.fsmonitor": "false",
        "credential.helper": "",
        "protocol.allow": "never",
        "protocol.http.allow": allowed,
        "protocol.https.allow": allowed,
        "gc.auto": "0",
        "maintenance.auto": "false",
    }
    return clean_environment(home, settings) | dict(certificates)
