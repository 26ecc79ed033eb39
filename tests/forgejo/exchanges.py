"""Recorded exchanges with a real Forgejo, as the client's values."""

import base64
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.forgejo.sansio import Call, Response

ROOT = Path(__file__).parent.parent / "recorded" / "forgejo-12"
SECRET = b"recorded-" + b"webhook-secret"
API = {file.stem: file for file in sorted((ROOT / "api").glob("*.json"))}
WEBHOOKS = {file.stem: file for file in sorted((ROOT / "webhooks").glob("*.json"))}


@dataclass(frozen=True)
class Exchange:
    call: Call
    response: Response
    json: Any
    text: str


def exchange(name: str) -> Exchange:
    told = json.loads(API[name].read_text())
    asked, answered = told["request"], told["response"]
    headers = {key.lower(): value for key, value in answered["headers"].items()}
    raw = bool(re.search(r"\.(diff|patch)$|/(raw|media|markdown|markup)(/|$)", asked["path"]))
    return Exchange(
        Call(asked["method"], asked["path"].removeprefix("/api/v1"), raw=raw),
        Response(answered["status"], headers, base64.b64decode(answered["body_b64"] or "")),
        answered.get("json"),
        answered.get("text") or "",
    )


def delivery(name: str) -> tuple[dict[str, str], bytes]:
    told = json.loads(WEBHOOKS[name].read_text())
    return told["headers"], base64.b64decode(told["body_b64"])
