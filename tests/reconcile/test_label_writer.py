"""Labels are taken off by name where the server takes names first, and by id elsewhere."""

import asyncio
import json
from dataclasses import dataclass, field

import httpx
import pytest

from bot.forgejo import ServerReader
from bot.forgejo.httpx import HttpxForgejo
from bot.forgejo.options import Options
from bot.labels import LabelSet
from bot.model import Kind, Target
from bot.plan import Action
from bot.reconcile import LabelRefused, LabelWriter
from bot.store import open_store
from tests.forgejo.exchanges import exchange

TARGET = Target(repository="workshop/garden", number=4, kind=Kind.PULL)
LABELS = "/api/v1/repos/workshop/garden/issues/4/labels"
RECORDED = exchange("labels-list", "forgejo-16").json[0]


@dataclass
class Forge:
    """A server of a version, a pull request's labels by id, and what was removed by which word."""

    version: str
    labels: dict[int, str]
    repository: dict[int, str] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    deaf: bool = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/api/v1/version":
            return httpx.Response(200, json={"version": self.version})
        if request.method == "GET" and path == LABELS:
            return httpx.Response(
                200, json=[{**RECORDED, "id": key, "name": name} for key, name in self.labels.items()]
            )
        assert request.method == "DELETE"
        word = path.removeprefix(f"{LABELS}/")
        self.removed.append(word)
        if not self.deaf:
            self.labels.pop(self._meant(word), None)
        return httpx.Response(204)

    def _meant(self, word: str) -> int:
        """From 16 on a name goes before an id, and of two labels of one name the first of the repository is meant."""
        by_name = {name: key for key, name in sorted((self.repository or self.labels).items(), reverse=True)}
        return by_name[word] if self.version.startswith("16") and word in by_name else int(word)


async def remove(forge: Forge, name: str, label_id: int) -> None:
    action = Action(kind="label.remove", object=f"label:{name}", label=name, label_id=label_id)
    options, transport = Options(attempts=1), httpx.MockTransport(forge)
    async with HttpxForgejo("http://forge.example", "", options, transport=transport) as client:
        await LabelWriter(client, LabelSet.load(), ServerReader(client)).remove(TARGET, action)


@pytest.mark.parametrize(
    ("version", "word"),
    [("16.0.0+gitea-1.22.0", "judge/p0"), ("12.0.0+gitea-1.22.0", "7"), ("1.27.3", "7"), ("unknown", "7")],
)
async def test_a_label_is_taken_off_by_the_word_that_the_server_takes(version: str, word: str) -> None:
    forge = Forge(version, {7: "judge/p0", 8: "judge/p1"})
    await remove(forge, "judge/p0", 7)
    assert (forge.removed, forge.labels) == ([word], {8: "judge/p1"})


async def test_a_label_that_is_called_like_the_id_of_another_is_not_meant() -> None:
    forge = Forge("16.0.0+gitea-1.22.0", {7: "judge/p0", 8: "7"})
    await remove(forge, "judge/p0", 7)
    assert forge.labels == {8: "7"}


async def test_of_two_labels_of_one_name_the_one_that_is_on_is_taken_off_by_its_id() -> None:
    forge = Forge("16.0.0+gitea-1.22.0", {9: "plain"}, repository={7: "plain", 9: "plain"})
    await remove(forge, "plain", 9)
    assert (forge.removed, forge.labels) == (["plain", "9"], {})


async def test_a_label_that_is_gone_already_costs_no_write() -> None:
    forge = Forge("16.0.0+gitea-1.22.0", {8: "judge/p1"})
    await remove(forge, "judge/p0", 7)
    assert forge.removed == []


@pytest.mark.parametrize("version", ["16.0.0+gitea-1.22.0", "12.0.0+gitea-1.22.0"])
async def test_a_label_that_stays_though_the_server_says_otherwise_is_told(version: str) -> None:
    with pytest.raises(LabelRefused, match="did not remove label judge/p0 of workshop/garden!4"):
        await remove(Forge(version, {7: "judge/p0"}, deaf=True), "judge/p0", 7)


@dataclass
class Definitions:
    """A repository without labels, which defines each that it is asked for, as often as it is asked."""

    made: list[str] = field(default_factory=list)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        if request.url.path == "/api/v1/repos/workshop/garden/labels":
            if request.method == "POST":
                self.made.append(json.loads(request.content)["name"])
            there = [{**RECORDED, "id": key, "name": name} for key, name in enumerate(self.made, 1)]
            return httpx.Response(200, json=there if request.method == "GET" else there[-1])
        if request.method == "POST":
            wanted = json.loads(request.content)["labels"]
            there = [{**RECORDED, "id": key, "name": self.made[key - 1]} for key in wanted]
            return httpx.Response(200, json=there)
        return httpx.Response(404, json={"message": "not found"})


async def test_many_first_labels_at_once_are_defined_once() -> None:
    forge = Definitions()
    actions = [Action(kind="label.add", object=f"label:{name}", label=name) for name in ("judge/p2", "kind/bug")]
    async with HttpxForgejo("http://forge.example", "", transport=httpx.MockTransport(forge)) as client:
        writer = LabelWriter(client, LabelSet.load(), ServerReader(client))
        targets = [TARGET.model_copy(update={"number": number}) for number in range(1, 13)]
        done = await asyncio.gather(*(writer.add(target, actions) for target in targets))
    assert forge.made == ["judge/p2", "kind/bug"]
    assert {one.remote_id for each in done for one in each} == {1, 2}


async def test_first_labels_of_several_processes_at_once_are_defined_once(store_url: str) -> None:
    forge = Definitions()
    actions = [Action(kind="label.add", object="label:judge/p2", label="judge/p2")]
    stores = [await open_store(store_url) for _ in range(3)]
    async with HttpxForgejo("http://forge.example", "", transport=httpx.MockTransport(forge)) as client:
        server = ServerReader(client)
        processes = [LabelWriter(client, LabelSet.load(), server, store.alone) for store in stores]
        targets = [TARGET.model_copy(update={"number": number, "repository_id": 7}) for number in range(1, 7)]
        await asyncio.gather(*(one.add(target, actions) for one in processes for target in targets))
    for store in stores:
        await store.close()
    assert forge.made == ["judge/p2"]
