"""The environment of every `git` that works in a mirror: no settings of the machine, no prompt, the bot's token."""

import os
from collections.abc import Mapping
from pathlib import Path

from bot.network import Network


def mirror_environment(home: Path, server: str, token: str, network: Network, *, offline: bool) -> dict[str, str]:
    """Return the environment; `offline`: what isn't in the mirror fails a command, and isn't fetched."""
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
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_CONFIG_COUNT": str(len(settings)),
        **certificates,
    }
    for index, (key, value) in enumerate(settings.items()):
        environment[f"GIT_CONFIG_KEY_{index}"] = key
        environment[f"GIT_CONFIG_VALUE_{index}"] = value
    return environment
