"""Runs the demo: the bot with real pushes to a small Forgejo stand-in.

Everything except the stand-in is production code: webhooks over a socket, git over HTTP, checks, writes.
"""

import asyncio
import re
import signal
import tempfile
from contextlib import suppress
from pathlib import Path

import structlog
from rich.console import Console, Group
from rich.markdown import Markdown
from rich.panel import Panel
from rich.rule import Rule
from rich.text import Text

from bot.demo.chapters import CHAPTERS, Chapter
from bot.plan.report import FOOTER
from bot.sandbox import EMOJI
from bot.sandbox.world import AGENT, OPERATOR, OUTSIDER, REPOSITORY, World, world
from bot.setup import setup

PAYLOAD = re.compile(r"^```json\n<!-- .*?^```$", re.DOTALL | re.MULTILINE)
FOLDED = re.compile(r"<details>\s*<summary>[^<]*(?:payload|machine-readable)[^<]*</summary>.*?</details>", re.DOTALL)
INTERRUPTED = 130
VISITORS = {
    OPERATOR: "decides: /priority, /accept, /hold, gate phrases, merges",
    AGENT: "opens pull requests; cannot use commands",
    OUTSIDER: "a stranger: what he writes changes nothing",
}
COLOURS = {"success": "green", "failure": "red", "error": "yellow", "pending": "blue", "warning": "yellow"}


async def demo(console: Console, *, once: bool, port: int) -> int:
    """Run and print all chapters; without `once` the pages then stay up until Ctrl+C. Return the exit status."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, ended.set)
    with tempfile.TemporaryDirectory(prefix="assay-demo-") as folder:
        playing = asyncio.create_task(_played(console, Path(folder), once=once, port=port))
        waiting = asyncio.create_task(ended.wait())
        await asyncio.wait((playing, waiting), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if not ended.is_set():
            return await playing
        playing.cancel()
        with suppress(asyncio.CancelledError):
            await playing
    console.print("\nThe demo has ended; nothing of it is left.")
    return INTERRUPTED if once else 0


async def _played(console: Console, folder: Path, *, once: bool, port: int) -> int:
    with console.status("Starting a Forgejo stand-in and the bot (the first start compiles the secret rules) …"):
        stage = world(folder, port=port)
        scene = await stage.__aenter__()
    try:
        return await _play(console, scene, once=once)
    finally:
        await stage.__aexit__(None, None, None)


async def _play(console: Console, scene: World, *, once: bool) -> int:
    console.print(Rule("Assaymaster demo"))
    console.print(f"Forgejo stand-in: {scene.sandbox.url}/{REPOSITORY}   bot: {scene.address}\n")
    with console.status("Setting up the repository …"):
        await setup(scene.machine, REPOSITORY, say=lambda _line: None)
    failed = False
    for number, chapter in enumerate(CHAPTERS, 1):
        with console.status(f"Chapter {number} of {len(CHAPTERS)}: people push and write, the bot evaluates …"):
            played = await chapter(scene)
            await scene.settled()
        failed |= not await _print(console, scene, played)
    if once:
        return 1 if failed else 0
    console.print(f"\nThe pages stay up at {scene.sandbox.url}/{REPOSITORY} until you press Ctrl+C.")
    _invite(console, scene)
    await asyncio.Event().wait()
    return 0


def _invite(console: Console, scene: World) -> None:
    """Print how a visitor takes part: the accounts with their tokens, and a command to copy."""
    rows = [(name, scene.tokens[name], what) for name, what in VISITORS.items()]
    console.print("\nTake part, with the API or with git over HTTP (login and token):")
    for name, token, what in rows:
        console.print(Text(f"  {name:9} {token}  {what}"))
    address = f"{scene.sandbox.url}/api/v1/repos/{REPOSITORY}/issues/2/comments"
    console.print("\nFor example, a command of the operator on pull request 2; its page shows the answer:\n")
    words = f"curl -H 'Authorization: token {scene.tokens[OPERATOR]}' --json '{{\"body\": \"/priority p3\"}}' {address}"
    console.print(Text(f"  {words}"), soft_wrap=True)


async def _print(console: Console, scene: World, chapter: Chapter) -> bool:
    """Print one chapter; return whether the bot answered."""
    found = await (scene.said(chapter.number, chapter.purpose) if chapter.purpose else scene.reports(chapter.number))
    body = found[0]["body"] if found else ""
    mark = "!" if chapter.head else "#"
    lines = [Text(chapter.story, style="italic"), Text()]
    lines.append(_facts("comment", [Text(_verdict(body) or "no comment", style="bold")]))
    lines.append(_facts("labels", [Text(label) for label in await scene.labels(chapter.number)] or [Text("none")]))
    if chapter.head:
        states = sorted((await scene.statuses(chapter.head)).items())
        statuses = [Text(f"{context} {state}", style=COLOURS.get(state, "")) for context, state in states]
        lines.append(_facts("statuses", statuses or [Text("none")]))
    if chapter.command:
        comment, words = chapter.command
        reactions = " ".join(EMOJI[name] for name in await scene.reactions(comment))
        lines.append(_facts("command", [Text(f"{words}   {reactions}")]))
    if body:
        shown = Panel(Markdown(_readable(body)), title="the comment", border_style="dim")
        lines += [Text(), shown]  # type: ignore[list-item] # Rich takes any renderable
    title = f"{REPOSITORY}{mark}{chapter.number} · {chapter.title}"
    console.print(Panel(Group(*lines), title=title, title_align="left", border_style="cyan"))
    return bool(body)


def _facts(name: str, values: list[Text]) -> Text:
    return Text.assemble((f"{name:>9}  ", "dim"), Text(", ").join(values))


def _verdict(body: str) -> str:
    heading = re.search(r"^### (.+)$", body, re.MULTILINE)
    return re.sub(r"[*`]", "", heading[1]) if heading else ""


def _readable(body: str) -> str:
    """Return the comment for a terminal: without hidden parts, with folded parts open, and without payloads."""
    body = PAYLOAD.sub("", body)
    body = FOLDED.sub("", body)
    body = re.sub(r"<!--.*?-->", "", body.replace(FOOTER, "\n\n---\n"), flags=re.DOTALL)
    return re.sub(r"</?(details|summary|sub)>", "", body)
