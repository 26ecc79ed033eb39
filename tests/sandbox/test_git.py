"""Git over HTTP with the real git: who may clone and push, and what a push sets off."""

import json
import secrets
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.world import GARDEN, World, run_git


def with_token(world: World, user: str, path: str = "workshop/garden.git") -> str:
    return f"{world.sandbox.url.replace('//', f'//any:{world.tokens[user]}@')}/{path}"


async def commit(folder: Path, name: str, *flags: str) -> str:
    (folder / name).write_text(f"{name}\n", encoding="utf-8")
    await run_git("add", "--all", cwd=folder)
    code, out = await run_git("commit", "--quiet", "-m", name, *flags, cwd=folder)
    assert code == 0, out
    return (await run_git("rev-parse", "HEAD", cwd=folder))[1].strip()


@pytest.fixture
async def clone(world: World, tmp_path: Path) -> Path:
    folder = tmp_path / "clone"
    code, out = await run_git("clone", "--quiet", with_token(world, "codex"), str(folder))
    assert code == 0, out
    return folder


async def test_anybody_clones_what_is_public_and_nobody_else_what_is_private(world: World, tmp_path: Path) -> None:
    await world.sandbox.add_repo("workshop/vault", private=True)
    public, vault = f"{world.sandbox.url}/workshop/garden", f"{world.sandbox.url}/workshop/vault"
    assert (await run_git("clone", "-q", public, str(tmp_path / "a")))[0] == 0
    assert (await run_git("ls-remote", vault))[0] == 128
    assert (await run_git("ls-remote", with_token(world, "devops-engineer", "workshop/vault")))[0] == 128
    assert (await run_git("ls-remote", with_token(world, "operator", "workshop/vault")))[0] == 0


async def test_junk_sent_up_front_is_refused_even_on_a_public_repository(world: World) -> None:
    header = f"http.extraHeader=Authorization: token {secrets.token_hex(20)}"
    code, _ = await run_git("-c", header, "ls-remote", f"{world.sandbox.url}/workshop/garden")
    assert code == 128


async def test_a_reader_may_rehearse_a_push_but_not_do_it(world: World, clone: Path) -> None:
    await commit(clone, "new.txt")
    remote = with_token(world, "devops-engineer")
    assert (await run_git("push", "--dry-run", remote, "HEAD:refs/heads/x", cwd=clone))[0] == 0
    code, out = await run_git("push", remote, "HEAD:refs/heads/x", cwd=clone)
    assert (code != 0, "403" in out) == (True, True), out


async def test_heads_of_pull_requests_cannot_be_pushed(world: World, pull: dict[str, Any], clone: Path) -> None:
    await commit(clone, "new2.txt")
    code, out = await run_git("push", "origin", "+HEAD:refs/pull/1/head", cwd=clone)
    assert (code, "hidden ref" in out) == (1, True), out


async def test_pushes_move_the_pull_request_and_stand_in_its_timeline(world: World, clone: Path) -> None:
    await run_git("switch", "-q", "-c", "codex/x", cwd=clone)
    first = await commit(clone, "one.txt")
    assert (await run_git("push", "-q", "origin", "codex/x", cwd=clone))[0] == 0
    await world.made("codex", "POST", f"{GARDEN}/pulls", json={"title": "T", "head": "codex/x", "base": "main"})
    await world.hook()
    second = await commit(clone, "two.txt")
    await run_git("push", "-q", "origin", "codex/x", cwd=clone)
    amended = await commit(clone, "three.txt", "--amend")
    await run_git("push", "-q", "--force", "origin", "codex/x", cwd=clone)

    lines = await world.made("codex", "GET", f"{GARDEN}/issues/1/timeline")
    assert [json.loads(line["body"]) for line in lines] == [
        {"is_force_push": False, "commit_ids": [first]},
        {"is_force_push": False, "commit_ids": [second]},
        {"is_force_push": True, "commit_ids": [second, amended]},
    ]
    assert (await world.made("codex", "GET", f"{GARDEN}/pulls/1"))["head"]["sha"] == amended
    _, refs = await run_git("ls-remote", "origin", "refs/pull/*/head", cwd=clone)
    assert refs.split() == [amended, "refs/pull/1/head"]
    arrivals = await world.deliveries()
    assert [arrival.kind[0] for arrival in arrivals] == ["push", "pull_request_sync"] * 2
    assert (arrivals[2].body["before"], arrivals[2].body["after"]) == (second, amended)
    # what a force push dropped can still be fetched by its id
    assert (await run_git("fetch", "-q", "origin", second, cwd=clone))[0] == 0


async def test_a_push_to_a_fork_reaches_the_base(world: World, tmp_path: Path) -> None:
    await world.made("devops-engineer", "POST", f"{GARDEN}/forks", json={})
    folder, remote = tmp_path / "fork", with_token(world, "devops-engineer", "devops-engineer/garden.git")
    await run_git("clone", "-q", remote, str(folder))
    await run_git("switch", "-q", "-c", "fix", cwd=folder)
    await commit(folder, "one.txt")
    await run_git("push", "-q", "origin", "fix", cwd=folder)
    body = {"title": "Fork", "head": "devops-engineer:fix", "base": "main"}
    opened = await world.made("devops-engineer", "POST", f"{GARDEN}/pulls", json=body)
    assert opened["head"]["repo"]["full_name"] == "devops-engineer/garden"
    await world.hook()
    head = await commit(folder, "two.txt")
    await run_git("push", "-q", "origin", "fix", cwd=folder)
    _, refs = await run_git("ls-remote", f"{world.sandbox.url}/workshop/garden", "refs/pull/1/head")
    assert refs.split()[0] == head
    # the push itself is told to the fork's hooks only
    assert [arrival.kind for arrival in await world.deliveries()] == [("pull_request_sync", "synchronized")]


async def test_a_large_push_and_a_partial_clone_work(world: World, clone: Path, tmp_path: Path) -> None:
    (clone / "large.bin").write_bytes(secrets.token_bytes(3_000_000))
    head = await commit(clone, "small.txt")
    code, out = await run_git("push", "-q", "origin", "HEAD:main", cwd=clone)
    assert code == 0, out
    bare = tmp_path / "bare"
    url = f"{world.sandbox.url}/workshop/garden.git"
    code, out = await run_git("clone", "-q", "--bare", "--filter=blob:limit=1k", url, str(bare))
    assert (code, out) == (0, "")
    assert (await run_git("rev-parse", "main", cwd=bare))[1].strip() == head


async def test_a_deleted_branch_closes_its_pull_request(world: World, pull: dict[str, Any], clone: Path) -> None:
    await run_git("push", "-q", "origin", "--delete", "codex/x", cwd=clone)
    closed = await world.made("codex", "GET", f"{GARDEN}/pulls/1")
    assert (closed["state"], closed["merged"], closed["head"]["ref"]) == ("closed", False, "refs/pull/1/head")


@pytest.mark.parametrize("branch", ["$(touch x)", "a;b", "--upload-pack=x", "ü/ñ", "a'b", "%2e%2e"])
async def test_hostile_branch_names_are_only_names(world: World, clone: Path, branch: str) -> None:
    head = await commit(clone, "one.txt")
    code, out = await run_git("push", "-q", "origin", f"HEAD:refs/heads/{branch}", cwd=clone)
    if code:
        assert "invalid refspec" in out or "remote rejected" in out
        return
    body = {"title": "T", "head": branch, "base": "main"}
    opened = await world.made("codex", "POST", f"{GARDEN}/pulls", json=body)
    assert (opened["head"]["ref"], opened["head"]["sha"]) == (branch, head)
