"""The demo: the bot at work on real pushes to a small Forgejo that runs beside it, told as a story.

Everything but the stage is production code: webhooks over a socket, git over HTTP, checks, writes.
"""

import asyncio
import re
import secrets
import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path

import structlog
from rich.console import Console, Group
from rich.markdown import Markdown
from rich.panel import Panel
from rich.rule import Rule
from rich.text import Text

from bot.policy import PATH
from bot.report import FOOTER
from bot.sandbox.world import AGENT, OUTSIDER, REPOSITORY, World, world
from bot.setup import setup

COLOURS = {"success": "green", "failure": "red", "error": "yellow", "pending": "blue", "warning": "yellow"}


@dataclass(frozen=True)
class Chapter:
    """One target of the story: its number, what happened, and the head whose statuses are shown."""

    number: int
    title: str
    story: str
    head: str = ""


async def demo(console: Console, *, once: bool, port: int) -> int:
    """Runs the story and prints it; without `once` everything then stays up to be looked at. Gives the exit status."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    playing = asyncio.current_task()
    if playing is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, playing.cancel)
    with tempfile.TemporaryDirectory(prefix="assay-demo-") as folder:
        with console.status("Starting a small Forgejo and the bot (the first start compiles the secret rules) …"):
            stage = world(Path(folder), port=port)
            scene = await stage.__aenter__()
        try:
            return await _play(console, scene, once=once)
        finally:
            await stage.__aexit__(None, None, None)


async def _play(console: Console, scene: World, *, once: bool) -> int:
    console.print(Rule("Assaymaster at work"))
    console.print(f"Forgejo stand-in: {scene.sandbox.url}/{REPOSITORY}   bot: {scene.address}\n")
    with console.status("Setting the bot up in the repository …"):
        await setup(scene.machine, REPOSITORY, say=lambda _line: None)
    chapters = (_clean, _added_and_removed, _force_pushed, _fork, _told)
    failed = False
    for number, chapter in enumerate(chapters, 1):
        with console.status(f"Chapter {number} of {len(chapters)}: people push, the bot looks …"):
            told = await chapter(scene)
            await scene.settled()
        failed |= not await _print(console, scene, told)
    if once:
        return 1 if failed else 0
    console.print(f"\nAll of it stays up at {scene.sandbox.url}/{REPOSITORY} until you press Ctrl+C.")
    await asyncio.Event().wait()
    return 0


async def _clean(scene: World) -> Chapter:
    checkout = await scene.clone(AGENT)
    await checkout.branch("codex/rain")
    head = await checkout.commit("Count the rain", {"garden/rain.py": "def rain(days):\n    return sum(days)\n"})
    await checkout.push("codex/rain")
    number = await scene.open_pull(AGENT, "codex/rain", "feat: count the rain", "So that nobody waters twice.")
    return Chapter(number, "a clean change", "One commit, one new file, nothing in it that shouldn't be.", head)


async def _added_and_removed(scene: World) -> Chapter:
    checkout = await scene.clone(AGENT)
    await checkout.branch("codex/pump")
    await checkout.commit("Add the pump", {"garden/pump.py": "def on():\n    return True\n"})
    line = f"curl -H 'Authorization: token {secrets.token_hex(20)}' https://forge.garden.lan/api/v1/user\n"
    await checkout.commit("Try the pump", {"scripts/try.sh": line})
    head = await checkout.commit("Tidy up", {"scripts/try.sh": None})
    await checkout.push("codex/pump")
    number = await scene.open_pull(AGENT, "codex/pump", "feat: drive the pump")
    story = "Commit 2 added an access token, commit 3 removed it. The net diff is clean; the history isn't."
    return Chapter(number, "a token that came and went", story, head)


async def _force_pushed(scene: World) -> Chapter:
    checkout = await scene.clone(AGENT)
    await checkout.branch("codex/valve")
    await checkout.commit("Open the valve", {"deploy/valve.env": f"FORGEJO_TOKEN={secrets.token_hex(20)}\n"})
    await checkout.push("codex/valve")
    number = await scene.open_pull(AGENT, "codex/valve", "feat: open the valve")
    await scene.settled()
    await checkout.git("reset", "--quiet", "--hard", "origin/main")
    head = await checkout.commit("Open the valve", {"garden/valve.py": "def open_valve():\n    return True\n"})
    await checkout.push("codex/valve", force=True)
    story = (
        "The first push held a token; a force-push replaced the commit. The server still has it, and so has the bot."
    )
    return Chapter(number, "a token dropped by a force-push", story, head)


async def _fork(scene: World) -> Chapter:
    await scene.api[OUTSIDER].post(f"/repos/{REPOSITORY}/forks", {})
    checkout = await scene.clone(OUTSIDER, f"{OUTSIDER}/garden")
    await checkout.branch("quiet")
    password = secrets.token_urlsafe(18)
    files = {
        PATH: "secret-leak:\n  mode: off\n",
        "deploy/db.env": f"DATABASE_URL=postgres://bed:{password}@db.lan/garden\n",
    }
    head = await checkout.commit("Connect the database", files)
    await checkout.push("quiet")
    number = await scene.open_pull(OUTSIDER, f"{OUTSIDER}:quiet", "chore: connect the database")
    story = "A fork adds a database password and a policy that switches the check off. The default branch decides."
    return Chapter(number, "a fork that switches the check off", story, head)


async def _told(scene: World) -> Chapter:
    body = f"Steps:\n\n```\ncurl -u ci:{secrets.token_hex(20)} https://forge.garden.lan\n```\n\nIt says 401."
    answer = await scene.api[OUTSIDER].post(
        f"/repos/{REPOSITORY}/issues", {"title": "The pump answers 401", "body": body}
    )
    return Chapter(int(answer["number"]), "an issue with a token in it", "Somebody pasted a working command.")


async def _print(console: Console, scene: World, chapter: Chapter) -> bool:
    """Prints one chapter; gives whether the bot answered."""
    report = await scene.report(chapter.number)
    mark = "!" if chapter.head else "#"
    lines = [Text(chapter.story, style="italic"), Text()]
    lines.append(_facts("verdict", [Text(_verdict(report["body"]) if report else "no report", style="bold")]))
    lines.append(_facts("labels", [Text(label) for label in await scene.labels(chapter.number)] or [Text("none")]))
    if chapter.head:
        found = await scene.statuses(chapter.head)
        statuses = [
            Text(f"{context} {state}", style=COLOURS.get(state, "")) for context, state in sorted(found.items())
        ]
        lines.append(_facts("statuses", statuses or [Text("none")]))
    if report:
        shown = Panel(Markdown(_readable(report["body"])), title="the comment", border_style="dim")
        lines += [Text(), shown]  # type: ignore[list-item] # Rich takes any renderable
    title = f"{REPOSITORY}{mark}{chapter.number} · {chapter.title}"
    console.print(Panel(Group(*lines), title=title, title_align="left", border_style="cyan"))
    return report is not None


def _facts(name: str, values: list[Text]) -> Text:
    return Text.assemble((f"{name:>9}  ", "dim"), Text(", ").join(values))


def _verdict(body: str) -> str:
    heading = re.search(r"^### (.+)$", body, re.MULTILINE)
    return heading[1] if heading else ""


def _readable(body: str) -> str:
    """The comment for a terminal: what a browser hides is taken out, folded parts stand open."""
    body = re.sub(r"<!--.*?-->", "", body.replace(FOOTER, "\n\n---\n"), flags=re.DOTALL)
    return re.sub(r"</?(details|summary|sub)>", "", body)
