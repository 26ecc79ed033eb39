"""Changed workflows linted as they stand at the head; what couldn't be linted is told, never passed over."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.git.mirror import Mirrors
from bot.git.tree import Ends
from bot.model import ChangedFile, Severity
from bot.subprocesses import Bounds
from bot.workflows.lint import MOST_FILES, MOST_LINTS, REFERENCE, WorkflowLints
from bot.workflows.schema import MOST
from bot.workflows.zizmor import Unreadable, Zizmor, ZizmorError
from tests.gitwork import REPOSITORY, Forge, running_forge

CLEAN = "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: docker\n    steps:\n      - run: make\n"
INJECTED = CLEAN.replace("make", "echo ${{ github.event.pull_request.title }}")


UNREAD = "zizmor cannot read it as a workflow (exit status 1)"


@pytest.fixture
async def forge(tmp_path: Path) -> AsyncIterator[Forge]:
    async with running_forge(tmp_path) as running:
        yield running


@pytest.fixture
def fake(tmp_path: Path) -> Callable[[str], Zizmor]:
    """A program in zizmor's place."""

    def install(script: str) -> Zizmor:
        program = tmp_path / "zizmor"
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o755)
        return Zizmor(str(program), Bounds(seconds=1.0, output_bytes=100_000))

    return install


def changed(path: str, status: str = "added") -> ChangedFile:
    return ChangedFile(path=path, status=status)


async def fetched(forge: Forge, files: dict[str, str | bytes], mirrors: Mirrors | None = None) -> Ends:
    base = forge.work.head()
    forge.work.commit("Topic", files)
    head = await forge.push("+HEAD:topic")
    await (mirrors or forge.mirrors).mirror(REPOSITORY).fetch({"refs/heads/main": base, "refs/heads/topic": head})
    return Ends(REPOSITORY, base, head, base)


async def linted(
    forge: Forge, files: dict[str, str | bytes], zizmor: Zizmor | None = None
) -> tuple[list[tuple[str, str, str, int]], list[tuple[str, str]]]:
    ends = await fetched(forge, files)
    lints, gaps = await WorkflowLints(forge.mirrors, zizmor).read(ends, [changed(path) for path in sorted(files)])
    return [(one.path, one.tool, one.rule, one.line) for one in lints], [(gap.what, gap.why) for gap in gaps]


@pytest.mark.parametrize("folder", [".forgejo", ".gitea", ".github"])
async def test_a_dangerous_workflow_is_found_in_each_place(forge: Forge, folder: str) -> None:
    path = f"{folder}/workflows/ci.yml"
    ends = await fetched(forge, {path: INJECTED})
    (lint,), gaps = await WorkflowLints(forge.mirrors).read(ends, [changed(path)])
    assert gaps == ()
    assert (lint.tool, lint.rule, lint.severity) == ("zizmor", "template-injection", Severity.HIGH)
    assert (lint.path, lint.line, lint.url) == (path, 7, "https://docs.zizmor.sh/audits/#template-injection")


async def test_a_clean_workflow_has_no_findings(forge: Forge) -> None:
    assert await linted(forge, {".forgejo/workflows/ci.yaml": CLEAN}) == ([], [])


async def test_what_is_no_changed_workflow_is_not_looked_at(forge: Forge) -> None:
    nowhere = Ends("nobody/none", "", "", "")
    files = [changed("ci.yml"), changed(".forgejo/workflows/x.sh"), changed(".forgejo/workflows/x.yml", "deleted")]
    assert await WorkflowLints(forge.mirrors).read(nowhere, [*files, changed("x/.github/workflows/x.yml")]) == ((), ())


async def test_a_comment_that_allows_a_danger_is_believed_by_nobody(forge: Forge) -> None:
    allowed = INJECTED.replace("}}\n", "}} # zizmor: ignore[template-injection]\n")
    files: dict[str, str | bytes] = {
        ".forgejo/workflows/ci.yml": allowed,
        "zizmor.yml": "rules: {template-injection: {disable: true}}\n",
        ".github/zizmor.yml": "rules: {template-injection: {disable: true}}\n",
    }
    found, gaps = await linted(forge, files)
    assert ([rule for _, _, rule, _ in found], gaps) == (["template-injection"], [])


async def test_mistakes_of_form_are_told_and_hide_no_danger_elsewhere(forge: Forge) -> None:
    files: dict[str, str | bytes] = {
        ".forgejo/workflows/a.yml": "on: push\njobs: [\n",
        ".forgejo/workflows/b.yml": CLEAN.replace("runs-on", "runs-in"),
        ".forgejo/workflows/c.yml": INJECTED,
    }
    assert await linted(forge, files) == (
        [
            (".forgejo/workflows/a.yml", "schema", "not-yaml", 3),
            (".forgejo/workflows/b.yml", "schema", "schema-missing-key", 4),
            (".forgejo/workflows/b.yml", "schema", "schema-unknown-key", 5),
            (".forgejo/workflows/c.yml", "zizmor", "template-injection", 7),
        ],
        [("the workflow lint of .forgejo/workflows/b.yml", UNREAD)],
    )


@pytest.mark.parametrize("bad", ["concurrency: {zz: 1}\n", "name: [x]\n"])
async def test_a_mistake_of_form_does_not_stand_for_what_zizmor_left_unread(forge: Forge, bad: str) -> None:
    path = ".forgejo/workflows/ci.yml"
    found, gaps = await linted(forge, {path: bad + INJECTED})
    assert {tool for _, tool, _, _ in found} == {"schema"}
    assert gaps == [(f"the workflow lint of {path}", UNREAD)]


async def test_a_heap_of_small_mistakes_hides_no_danger_and_the_cut_is_told(forge: Forge) -> None:
    jobs = "".join(f"  j{n}:\n    runs-on: x\n    zz: 1\n    steps: [{{run: make}}]\n" for n in range(MOST))
    noise = f"on: push\npermissions: {{}}\njobs:\n{jobs}"
    files: dict[str, str | bytes] = {f".forgejo/workflows/a{n}.yml": noise for n in range(MOST_LINTS // MOST + 1)}
    found, gaps = await linted(forge, files | {".forgejo/workflows/z.yml": INJECTED})
    assert len(found) == MOST_LINTS
    assert found[-1] == (".forgejo/workflows/z.yml", "zizmor", "template-injection", 7)
    (cut,) = [why for what, why in gaps if what.endswith("further places")]
    assert cut.startswith(f"only the {MOST_LINTS} worst of ")


async def test_keys_that_only_forgejo_knows_are_no_mistakes_there(forge: Forge) -> None:
    own = "enable-openid-connect: true # why\r\n" + CLEAN.replace(
        "    runs-on", "    enable-openid-connect: false\n    runs-on"
    )
    assert await linted(forge, {".forgejo/workflows/ci.yml": own}) == ([], [])
    found, gaps = await linted(forge, {".github/workflows/ci.yml": own})
    assert ({rule for _, _, rule, _ in found}, gaps) == ({"schema-unknown-key"}, [])


async def test_a_rule_of_form_has_an_address(forge: Forge) -> None:
    ends = await fetched(forge, {".forgejo/workflows/a.yml": "on: push\njobs: {}\n"})
    lints, _ = await WorkflowLints(forge.mirrors).read(ends, [changed(".forgejo/workflows/a.yml")])
    assert {one.url for one in lints} == {REFERENCE}


async def test_a_file_that_only_zizmor_cannot_read_is_told(forge: Forge, fake: Callable[[str], Zizmor]) -> None:
    zizmor = fake(
        'for last; do :; done; grep -q strange "$last" && exit 1; case "$*" in *1.yml*) exit 1;; esac; echo "[]"'
    )
    files: dict[str, str | bytes] = {
        ".forgejo/workflows/a.yml": CLEAN,
        ".forgejo/workflows/b.yml": CLEAN.replace("make", "strange"),
    }
    found, gaps = await linted(forge, files, zizmor)
    why = "zizmor cannot read it as a workflow (exit status 1)"
    assert (found, gaps) == ([], [("the workflow lint of .forgejo/workflows/b.yml", why)])


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("sleep 600 & wait", "zizmor timed out after 1 s"),
        ("yes", "zizmor's output is too large"),
        ("echo '[{}]'", "zizmor's output has an unknown format"),
        ("echo nonsense", "zizmor's output has an unknown format"),
    ],
)
async def test_a_zizmor_that_fails_is_told_of_every_file(
    forge: Forge, fake: Callable[[str], Zizmor], script: str, why: str
) -> None:
    paths = [".forgejo/workflows/a.yml", ".forgejo/workflows/b.yml"]
    found, gaps = await linted(forge, dict.fromkeys(paths, CLEAN), fake(script))
    assert (found, gaps) == ([], [(f"the workflow lint of {path}", why) for path in paths])


async def test_a_zizmor_that_is_not_installed_is_told(tmp_path: Path) -> None:
    with pytest.raises(ZizmorError, match=r"cannot start zizmor \(No such file or directory\); install it"):
        await Zizmor(str(tmp_path / "none")).audit([CLEAN.encode()], tmp_path)


async def test_zizmor_gets_nothing_of_the_environment_and_leaves_nothing(
    fake: Callable[[str], Zizmor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GH_TOKEN", "x")
    place = tmp_path / "place"
    place.mkdir()
    zizmor = fake(f'/usr/bin/env > {tmp_path}/environment; pwd > {tmp_path}/folder; echo "[]"')
    assert await zizmor.audit([b"x", b"y"], place) == ()
    names = {line.partition("=")[0] for line in (tmp_path / "environment").read_text().splitlines()}
    assert names <= {"HOME", "LC_ALL", "NO_COLOR", "PWD", "_", "OLDPWD", "SHLVL"}
    assert (tmp_path / "folder").read_text().startswith(f"{place}/.workflows-")
    assert list(place.iterdir()) == []


async def test_one_unreadable_file_is_not_named_by_zizmor(tmp_path: Path) -> None:
    with pytest.raises(Unreadable):
        await Zizmor().audit([CLEAN.encode(), b"on: push\njobs: 5\n"], tmp_path)


async def test_files_that_are_not_read_are_told(forge: Forge, tmp_path: Path) -> None:
    mirrors = forge.other(tmp_path / "small", file_bytes=2000)
    (forge.work.folder / ".forgejo/workflows").mkdir(parents=True)
    (forge.work.folder / ".forgejo/workflows/link.yml").symlink_to("/etc/passwd")
    files: dict[str, str | bytes] = {
        ".forgejo/workflows/absent.yml": "# " + "x" * 3000,
        ".forgejo/workflows/ci.yml": INJECTED,
    }
    ends = await fetched(forge, files, mirrors)
    names = [*sorted(files), ".forgejo/workflows/link.yml", ".forgejo/workflows/[secret].yml"]
    lints, gaps = await WorkflowLints(mirrors).read(ends, [changed(path) for path in names])
    assert [one.path for one in lints] == [".forgejo/workflows/ci.yml"]
    assert [(gap.what.rpartition("/")[2], gap.why) for gap in gaps] == [
        ("absent.yml", "larger than 256 KiB"),
        ("link.yml", "it is a symbolic link, not a file"),
        ("[secret].yml", "its path cannot be looked up at the head"),
    ]


async def test_large_files_are_told_one_by_one_and_together(forge: Forge) -> None:
    files: dict[str, str | bytes] = {f".forgejo/workflows/{n}.yml": f"{CLEAN}# {'x' * 250_000}\n" for n in range(5)}
    files[".forgejo/workflows/z.yml"] = "# " + "x" * 300_000
    found, gaps = await linted(forge, files)
    assert found == []
    assert gaps == [
        ("the workflow lint of .forgejo/workflows/4.yml", "all changed workflows are larger than 1024 KiB together"),
        ("the workflow lint of .forgejo/workflows/z.yml", "larger than 256 KiB"),
    ]


async def test_more_workflows_than_are_linted_are_told(forge: Forge) -> None:
    found, gaps = await linted(forge, {f".forgejo/workflows/{n:03}.yml": CLEAN for n in range(MOST_FILES + 1)})
    why = f"only {MOST_FILES} of {MOST_FILES + 1} changed workflows are linted"
    assert (found, gaps) == ([], [("the workflow lint of further files", why)])


async def test_a_head_that_is_not_here_is_told(forge: Forge) -> None:
    ends = await fetched(forge, {".forgejo/workflows/ci.yml": CLEAN})
    absent = Ends(REPOSITORY, ends.base, "a" * 40, ends.base)
    lints, (gap,) = await WorkflowLints(forge.mirrors).read(absent, [changed(".forgejo/workflows/ci.yml")])
    assert (lints, gap.what) == ((), "the workflow lint of .forgejo/workflows/ci.yml")


async def test_the_same_contents_are_linted_once(forge: Forge, fake: Callable[[str], Zizmor], tmp_path: Path) -> None:
    lints = WorkflowLints(forge.mirrors, fake(f'echo x >> {tmp_path}/runs; echo "[]"'))
    path = ".forgejo/workflows/ci.yml"
    for _ in range(2):
        ends = await fetched(forge, {path: CLEAN, "other": str(_)})
        await lints.read(ends, [changed(path)])
        await lints.read(ends, [changed(path)])
    assert (tmp_path / "runs").read_text() == "x\n"
    await lints.read(await fetched(forge, {path: f"{CLEAN}# more\n"}), [changed(path)])
    assert (tmp_path / "runs").read_text() == "x\nx\n"
