"""The ledger in files: exported, proved without a database, anchored and archived."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from bot.store import Store, owned
from bot.store.housekeeping import steps
from bot.store.ledger import Entry, LedgerFileError, Order, Proof, append, archive, archiving, verify
from bot.store.ledger.anchors import Anchor, Compared, add, compare, compare_file, last, newest, read
from bot.store.ledger.chain import hash_of
from bot.store.ledger.files import Span, export, export_file, verify_file
from bot.store.tables import LedgerEntry
from tests.snapshots import BOT, PULL

AT = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
DAY = timedelta(days=1)
COUNT = 10
KINDS = {3: "restore", 7: "setup"}


async def write(store: Store, first: int = 1, count: int = COUNT) -> None:
    """Entries, one a day."""
    for number in range(first, first + count):
        kind = KINDS.get(number, "intent")
        one = Entry.of(PULL, kind, BOT, object="comment:report", detail={"what": "grün", "number": number})
        async with store.session() as session:
            await append(session, [one], AT + number * DAY)


@pytest.fixture
async def written(store: Store) -> Store:
    await write(store)
    return store


def order(path: Path, before: int) -> Order:
    return Order(AT + before * DAY, path, "op", AT + 99 * DAY)


async def proof(store: Store) -> Proof:
    async with store.read() as session:
        return await verify(session)


async def sequences(store: Store) -> list[int]:
    async with store.read() as session:
        return list((await session.execute(select(LedgerEntry.sequence).order_by(LedgerEntry.sequence))).scalars())


async def exported(store: Store, path: Path, **bounds: datetime) -> Span:
    async with store.read() as session:
        return await export_file(session, path, **bounds)


async def test_an_export_proves_itself_without_a_database(written: Store, tmp_path: Path) -> None:
    place = tmp_path / "ledger.jsonl"
    span = await exported(written, place)
    assert (span.first, span.last, span.entries) == (1, COUNT, COUNT)
    assert verify_file(place) == span
    assert place.stat().st_mode & 0o777 == 0o600
    lines: list[str] = []
    async with written.read() as session:
        assert await export(session, lines.append) == span
    assert "".join(lines) == place.read_text(encoding="ascii")


@pytest.mark.parametrize(
    ("since", "until", "range_"),
    [(3, None, (3, 10)), (None, 5, (1, 4)), (2, 9, (2, 8)), (30, None, (0, 0)), (4, 4, (0, 0))],
)
async def test_a_part_is_chosen_by_time(
    written: Store, tmp_path: Path, since: int | None, until: int | None, range_: tuple[int, int]
) -> None:
    bounds = {name: AT + day * DAY for name, day in (("since", since), ("until", until)) if day is not None}
    span = await exported(written, tmp_path / "part.jsonl", **bounds)
    assert (span.first, span.last) == range_
    assert verify_file(tmp_path / "part.jsonl") == span


def changed(lines: list[str], place: int, **change: Any) -> list[str]:
    return [*lines[:place], json.dumps({**json.loads(lines[place]), **change}), *lines[place + 1 :]]


def rehashed(lines: list[str]) -> list[str]:
    row = {**json.loads(lines[4]), "actor": "mallory"}
    return changed(lines, 4, actor="mallory", hash=hash_of({**row, "at": datetime.fromisoformat(row["at"])}))


@pytest.mark.parametrize(
    ("tamper", "says"),
    [
        (lambda lines: changed(lines, 4, actor="mallory"), "broken at line 5, entry 5"),
        (lambda lines: changed(lines, 4, at="2026-03-06T12:00:00.123457+00:00"), "broken at line 5"),
        (lambda lines: changed(lines, 4, repository_id=9), "broken at line 5"),
        (rehashed, "broken at line 6, entry 6"),
        (lambda lines: lines[:4] + lines[5:], "broken at line 5, entry 6"),
        (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], "broken at line 2, entry 3"),
        (lambda lines: changed(lines, 0, previous="1" * 64), "broken at line 1, entry 1"),
        (lambda lines: changed(lines, 4, more=1), "line 5 is not an entry"),
        (lambda lines: [*lines[:4], "{", *lines[4:]], "line 5 is not an entry"),
        (lambda lines: changed(lines, 4, sequence=True), "line 5 is not an entry"),
        (lambda lines: changed(lines, 4, at=5), "line 5 is not an entry"),
        (lambda lines: [*lines[:-1], lines[-1][:-9]], "line 10 is not an entry"),
    ],
)
async def test_a_changed_file_is_named_with_its_line(
    written: Store, tmp_path: Path, tamper: Callable[[list[str]], list[str]], says: str
) -> None:
    place = tmp_path / "ledger.jsonl"
    await exported(written, place)
    lines = place.read_text(encoding="ascii").splitlines()
    place.write_text("\n".join(tamper(lines)) + "\n", encoding="ascii")
    with pytest.raises(LedgerFileError, match=says):
        verify_file(place)


async def test_a_file_that_was_cut_off_in_a_line_is_refused(written: Store, tmp_path: Path) -> None:
    place = tmp_path / "ledger.jsonl"
    await exported(written, place)
    place.write_bytes(place.read_bytes()[:-1])
    with pytest.raises(LedgerFileError, match="line 10 is not an entry"):
        verify_file(place)


async def test_a_broken_chain_is_not_exported_and_leaves_no_file(written: Store, tmp_path: Path) -> None:
    async with written.session() as session:
        await session.execute(update(LedgerEntry).where(LedgerEntry.sequence == 4).values(actor="mallory"))
    with pytest.raises(LedgerFileError, match="broken at entry 4"):
        await exported(written, tmp_path / "ledger.jsonl")
    assert sorted(os.listdir(tmp_path)) in ([], ["state"])  # noqa: PTH208 - no pathlib in a coroutine


async def test_an_existing_file_is_not_replaced_and_a_half_written_one_is(written: Store, tmp_path: Path) -> None:
    place = tmp_path / "ledger.jsonl"
    (tmp_path / ".ledger.jsonl.part").write_text("what a killed process left\n" * 1000)
    span = await exported(written, place)
    with pytest.raises(LedgerFileError, match="use another name"):
        await exported(written, place)
    assert verify_file(place) == span


async def test_an_archive_moves_old_entries_to_a_file_and_the_chain_goes_on(written: Store, tmp_path: Path) -> None:
    place = tmp_path / "old.jsonl"
    span = await archive(written, order(place, 8))
    assert (span.first, span.last, verify_file(place)) == (1, 7, span)
    assert await sequences(written) == [3, 7, 8, 9, 10, 11]
    assert await proof(written) == Proof(6, archived=7)
    await write(written, 12, 3)
    assert await proof(written) == Proof(9, archived=7)
    async with written.read() as session:
        (restored,) = await owned.restored(session, PULL, AT)
        assert (restored.total, restored.what) == (1, "grün")


async def test_archives_follow_each_other_without_a_gap(written: Store, tmp_path: Path) -> None:
    first = await archive(written, order(tmp_path / "1.jsonl", 5))
    second = await archive(written, order(tmp_path / "2.jsonl", 9))
    assert (first.last, second.first, second.last) == (4, 5, 8)
    assert json.loads((tmp_path / "2.jsonl").read_text().splitlines()[0])["previous"] == first.hash
    assert await proof(written) == Proof(6, archived=8)
    nothing = await archive(written, order(tmp_path / "3.jsonl", 9))
    assert (nothing.entries, (tmp_path / "3.jsonl").exists()) == (0, False)


@pytest.mark.parametrize("gone", [4, 8, 11])
async def test_what_is_removed_behind_an_archive_breaks_the_chain(written: Store, tmp_path: Path, gone: int) -> None:
    await archive(written, order(tmp_path / "old.jsonl", 4))
    await write(written, 12, 1)
    async with written.session() as session:
        await session.execute(delete(LedgerEntry).where(LedgerEntry.sequence == gone))
    found = await proof(written)
    # Without its record the whole archive counts as removed.
    assert found.broken_at == (gone if gone != 11 else 1)


async def test_an_entry_that_stayed_cannot_be_changed_either(written: Store, tmp_path: Path) -> None:
    await archive(written, order(tmp_path / "old.jsonl", 8))
    async with written.session() as session:
        await session.execute(update(LedgerEntry).where(LedgerEntry.sequence == 3).values(actor="mallory"))
    assert (await proof(written)).broken_at == 3


@pytest.mark.parametrize("detail", [{}, {"through": "7", "hash": 1}, {"through": 3, "hash": "1" * 64}])
async def test_a_changed_record_of_an_archive_breaks_the_chain(
    written: Store, tmp_path: Path, detail: dict[str, Any]
) -> None:
    await archive(written, order(tmp_path / "old.jsonl", 8))
    async with written.session() as session:
        await session.execute(update(LedgerEntry).where(LedgerEntry.kind == "archive").values(detail=detail))
    assert (await proof(written)).broken_at is not None


class Killed(Exception):
    """The process ends here."""


async def test_an_archive_that_was_interrupted_goes_on_and_verifies_meanwhile(
    written: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    for module in (steps, archiving):
        monkeypatch.setattr(module, "STEP", 2)

    async def end(_seconds: float) -> None:
        raise Killed

    place = tmp_path / "old.jsonl"
    with pytest.raises(Killed):
        await archive(written, order(place, 8), end)
    assert await sequences(written) == [3, 4, 5, 6, 7, 8, 9, 10, 11]
    assert await proof(written) == Proof(9, archived=7)
    span = await exported(written, tmp_path / "rest.jsonl")
    assert (span.first, span.last) == (4, 11)
    assert (await archive(written, order(place, 8))).last == 7
    assert await sequences(written) == [3, 7, 8, 9, 10, 11]
    async with written.read() as session:
        records = select(func.count()).select_from(LedgerEntry).where(LedgerEntry.kind == "archive")
        assert await session.scalar(records) == 1


async def test_a_file_that_is_not_the_oldest_part_of_this_ledger_deletes_nothing(
    written: Store, tmp_path: Path
) -> None:
    await exported(written, tmp_path / "later.jsonl", since=AT + 3 * DAY, until=AT + 6 * DAY)
    await exported(written, tmp_path / "whole.jsonl")
    (tmp_path / "nothing.jsonl").write_text("nothing\n")
    for name, says in (("later", "not the oldest part"), ("whole", "not older than"), ("nothing", "line 1 is not")):
        with pytest.raises(LedgerFileError, match=says):
            await archive(written, order(tmp_path / f"{name}.jsonl", 6))
    assert len(await sequences(written)) == COUNT


async def anchored(store: Store, path: Path) -> Anchor:
    async with store.read() as session:
        found = await newest(session, AT)
    assert found is not None
    add(path, found)
    return found


async def compared(store: Store, path: Path) -> Compared:
    async with store.read() as session:
        return await compare(session, read(path)[0])


async def test_anchors_detect_an_end_that_was_cut_off(written: Store, tmp_path: Path) -> None:
    place = tmp_path / "anchors.jsonl"
    anchor = await anchored(written, place)
    await write(written, 11, 2)
    await anchored(written, place)
    assert await compared(written, place) == Compared(held=2)
    async with written.session() as session:
        await session.execute(delete(LedgerEntry).where(LedgerEntry.sequence > 11))
    assert await proof(written) == Proof(11)  # a valid chain
    found = await compared(written, place)
    assert (found.held, found.missing, found.broken and found.broken.sequence) == (1, True, 12)
    assert last(place) != anchor


async def test_anchors_detect_a_ledger_that_was_written_anew(written: Store, tmp_path: Path) -> None:
    place = tmp_path / "anchors.jsonl"
    await anchored(written, place)
    async with written.session() as session:
        await session.execute(delete(LedgerEntry).where(LedgerEntry.sequence > 5))
    KINDS[8] = "result"
    await write(written, 6, 5)
    del KINDS[8]
    assert await proof(written) == Proof(COUNT)
    found = await compared(written, place)
    assert (found.held, found.missing, found.broken and found.broken.sequence) == (0, False, COUNT)


async def test_anchors_of_archived_entries_are_compared_with_their_file(written: Store, tmp_path: Path) -> None:
    place, old = tmp_path / "anchors.jsonl", tmp_path / "old.jsonl"
    await write(written, 11, 2)
    async with written.read() as session:
        rows = (await session.execute(select(LedgerEntry).where(LedgerEntry.sequence.in_([4, 7, 12])))).scalars()
        for row in rows:
            add(place, Anchor(row.sequence, row.hash, AT))
    span = await archive(written, order(old, 8))
    assert await compared(written, place) == Compared(held=2, elsewhere=1)
    assert compare_file(old, span, read(place)[0]) == Compared(held=2, elsewhere=1)
    add(place, Anchor(5, "1" * 64, AT))
    assert compare_file(old, span, read(place)[0]).broken == Anchor(5, "1" * 64, AT)


def test_a_line_that_a_power_cut_tore_hides_no_other(tmp_path: Path) -> None:
    place = tmp_path / "anchors.jsonl"
    add(place, Anchor(1, "a" * 64, AT))
    with place.open("ab") as file:
        file.write(b'{"sequence": 2, "ha')
    add(place, Anchor(3, "c" * 64, AT))
    assert read(place) == ([Anchor(1, "a" * 64, AT), Anchor(3, "c" * 64, AT)], 1)
    assert place.stat().st_mode & 0o777 == 0o600
