"""The bot as a process of its own, so that a test can kill it for real.

It is forked from a process that has imported everything, since a start would spend most of its time on that. What a
fresh interpreter is needed for (another check's package, the memory of an idle bot) asks for one.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Mapping
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, Protocol

import httpx

from bot.config import Settings
from bot.forgejo.signature import sign
from bot.intake import HookSecrets, Signer
from bot.model import SignerKind
from bot.sandbox.world import BOT, OPERATOR, REPOSITORY, free_port
from tests.children import assay, processes

RULES = Path(tempfile.gettempdir()) / "assay-test-rules"
START_SECONDS = 60.0


class Interpreter(subprocess.Popen[bytes]):
    """A process of its own interpreter, in the words of a forked one."""

    @property
    def exitcode(self) -> int | None:
        """Its exit status, None while it runs."""
        return self.poll()

    def join(self) -> None:
        """Returns when it has ended."""
        self.wait()


class Forge(Protocol):
    """A sandbox, in this process or in one of its own."""

    @property
    def url(self) -> str: ...

    def repository_id(self, full_name: str, /) -> int: ...


class Server:
    """`assay serve` against a sandbox, with its settings in the environment.

    `fresh`: in a fresh interpreter, and not forked.
    """

    def __init__(self, root: Path, sandbox: Forge, tokens: Mapping[str, str], role: str = "both") -> None:
        self.root = root
        self.role = role
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
        self.fresh = False
        self._process: ForkServerProcess | Interpreter | None = None

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
        self._process = self._interpreter() if self.fresh else self._fork()
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        async with httpx.AsyncClient() as client:
            while asyncio.get_running_loop().time() < deadline:
                assert self._process.exitcode is None, (self.root / "serve.log").read_text()[-2000:]
                try:
                    if (await client.get(f"{self.address}/healthz")).status_code == 200:
                        return
                except httpx.TransportError:
                    await asyncio.sleep(0.02)
        raise TimeoutError("assay serve doesn't answer")

    def _interpreter(self) -> Interpreter:
        with (self.root / "serve.log").open("ab") as log:
            command = [sys.executable, "-m", "bot.cli", "serve", "--role", self.role]
            return Interpreter(command, env=self.environment, stdout=log, stderr=log, cwd=self.root)

    def _fork(self) -> ForkServerProcess:
        umask = os.umask(0)
        os.umask(umask)
        arguments = (["serve", "--role", self.role], self.environment, self.root, self.root / "serve.log", umask)
        process = processes().Process(target=assay, args=arguments)
        process.start()
        return process

    async def kill(self) -> None:
        """Ends it as a power cut would."""
        assert self._process is not None
        self._process.kill()
        await asyncio.to_thread(self._process.join)

    async def stop(self) -> None:
        """Asks it to end."""
        if self._process is not None and self._process.exitcode is None:
            self._process.terminate()
            await asyncio.to_thread(self._process.join)

    async def deliver(
        self, client: httpx.AsyncClient, number: int, sender: str, event: str = "pull_request"
    ) -> tuple[int, str]:
        """Sends a signed `opened` delivery, and gives the answer's status and the delivery's id."""
        body, headers = self.delivery(number, sender, event)
        answer = await client.post(self.webhook, content=body, headers=headers)
        return answer.status_code, headers["X-Forgejo-Delivery"]

    def delivery(self, number: int, sender: str, event: str, **more: Any) -> tuple[bytes, dict[str, str]]:
        """Body and headers of a signed `opened` delivery; `more` stands in the payload too."""
        payload: dict[str, Any] = {
            "action": "opened",
            "number": number,
            "issue" if event == "issues" else "pull_request": {"number": number},
            "repository": self._repository,
            "sender": {"login": sender},
            **more,
        }
        body = json.dumps(payload).encode()
        headers = {
            **sign(body, self.secret.encode()),
            "Content-Type": "application/json",
            "X-Forgejo-Delivery": str(uuid.uuid4()),
            "X-Forgejo-Event": event,
            "X-Forgejo-Event-Type": event,
        }
        return body, headers
