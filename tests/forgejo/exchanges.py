"""Recorded exchanges with real servers, as the client's values."""

import base64
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.forgejo.sansio import Call, Response

RECORDED = Path(__file__).parent.parent / "recorded"
SERVERS = ("forgejo-12", "forgejo-16", "gitea")
SECRET = b"recorded-" + b"webhook-secret"
WEBHOOKS = {file.stem: file for file in sorted((RECORDED / "forgejo-12" / "webhooks").glob("*.json"))}
_RAW = re.compile(r"\.(diff|patch)$|/(raw|media|markdown|markup|logs|zip)(/|$)")


@dataclass(frozen=True)
class Exchange:
    call: Call
    response: Response
    json: Any
    text: str


def exchange(name: str, server: str = "forgejo-12") -> Exchange:
    told = json.loads((RECORDED / server / "api" / f"{name}.json").read_text(encoding="utf-8"))
    asked, answered = told["request"], told["response"]
    headers = {key.lower(): value for key, value in answered["headers"].items()}
    return Exchange(
        Call(
            asked["method"],
            asked["path"].removeprefix("/api/v1").partition("?")[0],
            raw=bool(_RAW.search(asked["path"])),
        ),
        Response(answered["status"], headers, _body(answered)),
        answered.get("json"),
        answered.get("text") or "",
    )


def _body(answered: dict[str, Any]) -> bytes:
    """The exact bytes; where secrets were replaced in it, the answer as it was written down."""
    if "body_b64" in answered:
        return base64.b64decode(answered["body_b64"] or "")
    return json.dumps(answered["json"]).encode() if answered.get("json") is not None else answered["text"].encode()


def recordings(server: str) -> list[str]:
    """The names of a server's recorded exchanges with its API."""
    files = sorted((RECORDED / server / "api").glob("*.json"))
    return [file.stem for file in files if '"/api/v1/' in file.read_text(encoding="utf-8")[:2000]]


def delivery(name: str) -> tuple[dict[str, str], bytes]:
    told = json.loads(WEBHOOKS[name].read_text())
    return told["headers"], base64.b64decode(told["body_b64"])
