"""The bot as a process of its own, so that a test can kill it for real."""

import asyncio
import json
import os
import signal
import sys
import tempfile
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from bot.config import Settings
from bot.forgejo.signature import sign
from bot.intake import HookSecrets, Signer
from bot.model import SignerKind
from bot.sandbox import Sandbox
from bot.sandbox.world import BOT, OPERATOR, REPOSITORY, free_port

RULES = Path(tempfile.gettempdir()) / "assay-test-rules"
START_SECONDS = 60.0


class Server:
    """`assay serve` against a sandbox, with its settings in the environment."""

    def __init__(self, root: Path, sandbox: Sandbox, tokens: Mapping[str, str]) -> None:
        self.root = root
        self.port = free_port()
        self._repository = {"id": sandbox.repository_id(REPOSITORY), "full_name": REPOSITORY}
        signer = Signer(SignerKind.REPOSITORY, sandbox.repository_id(REPOSITORY))
        self.secret = HookSecrets(Settings(data_dir=root / "data").installation_key()).secret(signer).decode()
        self.webhook = f"{self.address}/webhooks/forgejo?{signer.query}"
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("ASSAY_")},
            "ASSAY_FORGEJO_URL": sandbox.url,
            "ASSAY_TOKEN": tokens[BOT],
            "ASSAY_DATA_DIR": str(root / "data"),
            "ASSAY_RULES_CACHE_DIR": str(RULES),
            "ASSAY_OPERATORS": OPERATOR,
            "ASSAY_PORT": str(self.port),
        }
        self._process: asyncio.subprocess.Process | None = None

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process's id."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Starts it and returns when it answers."""
        log = (self.root / "serve.log").open("ab")
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot.cli", "serve", env=self.environment, stdout=log, stderr=log, cwd=self.root
        )
        log.close()
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        async with httpx.AsyncClient() as client:
            while asyncio.get_running_loop().time() < deadline:
                assert self._process.returncode is None, (self.root / "serve.log").read_text()[-2000:]
                try:
                    if (await client.get(f"{self.address}/healthz")).status_code == 200:
                        return
                except httpx.TransportError:
                    await asyncio.sleep(0.02)
        raise TimeoutError("assay serve doesn't answer")

    async def kill(self) -> None:
        """Ends it as a power cut would."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()

    async def stop(self) -> None:
        """Asks it to end."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()

    async def deliver(
        self, client: httpx.AsyncClient, number: int, sender: str, event: str = "pull_request"
    ) -> tuple[int, str]:
        """Sends a signed `opened` delivery, and gives the answer's status and the delivery's id."""
        payload: dict[str, Any] = {
            "action": "opened",
            "number": number,
            "issue" if event == "issues" else "pull_request": {"number": number},
            "repository": self._repository,
            "sender": {"login": sender},
        }
        body = json.dumps(payload).encode()
        name = str(uuid.uuid4())
        headers = {
            **sign(body, self.secret.encode()),
            "Content-Type": "application/json",
            "X-Forgejo-Delivery": name,
            "X-Forgejo-Event": event,
            "X-Forgejo-Event-Type": event,
        }
        answer = await client.post(self.webhook, content=body, headers=headers)
        return answer.status_code, name
