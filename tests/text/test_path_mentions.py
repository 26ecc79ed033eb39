"""What a description names like a path, and in what form it is looked up."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.markdown import spans
from bot.text.path_mentions import MOST, path_names


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ("- `docs/ci/contract.md` - target", ("docs/ci/contract.md",)),
        ("Read docs/ci.md, scripts/run.sh.", ("docs/ci.md", "scripts/run.sh")),
        ("`scripts/deploy-runner` and `src/`", ("scripts/deploy-runner",)),
        ("see [the page](./docs/page.md#top) and **lib/z.rs**", ("docs/page.md", "lib/z.rs")),
        (
            "at garden/plan.py:12 and garden/plan.py:12-20 and `tests/test_x.py::test_y`",
            ("tests/test_x.py", "garden/plan.py"),
        ),
        ("STATUS.md, `Makefile`, Makefile, `notes.xyz`", ("Makefile", "notes.xyz", "STATUS.md")),
        ("`app/[id]/page.ts` `docs/My File.md`", ("app/[id]/page.ts", "docs/My File.md", "docs/My", "File.md")),
        (
            "- **docs/a.md**: \u201cdocs/b.md\u201d (docs/c.md); docs/d.md\u2026",
            ("docs/a.md", "docs/b.md", "docs/c.md", "docs/d.md"),
        ),
        ("| file | why |\n| --- | --- |\n| docs/t.md | x |", ("docs/t.md",)),
        ("docs/\u017c\u00f3\u0142w.md", ("docs/\u017c\u00f3\u0142w.md",)),
        ("docs/crlf.md\r\ndocs/two.md\r\n", ("docs/crlf.md", "docs/two.md")),
    ],
)
def test_paths_are_found_as_they_are_looked_up(body: str, paths: tuple[str, ...]) -> None:
    assert path_names(body) == paths


@pytest.mark.parametrize(
    "body",
    [
        "https://example.com/docs/x.md",
        "`/etc/passwd` ~/x.md ../up.md a/../b.md a//b.md",
        "`generated/**` *.md docs/?.md `$HOME/x.md`",
        "`-I/usr/x` --project/x @scope/x.js",
        "e.g. this, v1.2 and 3.5",
        "<!-- docs/hidden.md -->",
        "<!--\ndocs/hidden.md",
        "",
    ],
)
def test_what_is_no_path_of_a_repository_is_not_looked_up(body: str) -> None:
    assert path_names(body) == ()


def test_names_in_code_stand_before_others_and_blocks_last_where_there_are_too_many() -> None:
    block = "```\n" + "".join(f"b/{n}.md\n" for n in range(MOST)) + "```\n"
    found = path_names(f"{block}\nplain/x.md `code/y.md`\n")
    assert (found[:3], len(found)) == (("code/y.md", "plain/x.md", "b/0.md"), MOST)


def test_code_ends_with_as_many_backticks_as_it_began_with() -> None:
    found = [(span.text, span.form) for span in spans("a ``b`c`` `d` e \\`f `g")]
    assert found == [
        ("a ", "plain"),
        ("b`c", "code"),
        (" ", "plain"),
        ("d", "code"),
        (" e \\`f `g", "plain"),
    ]


@given(st.text(alphabet=st.sampled_from("ab/.-_`*#:[]()<>!~\\ \n\r\t|\"'$%@\u017c\0"), max_size=200))
def test_every_path_can_be_given_to_git(body: str) -> None:
    for path in path_names(body):
        assert path
        assert not {"", ".", ".."} & set(path.split("/"))
        assert not set("\n\r\0") & set(path)


@pytest.mark.parametrize(
    "part", ["`", ":1", "a/b ", "# ", "<!--", "- a/b\n", "[a](", "#", "::", "|a/b", "/", "\u200b/"]
)
def test_endless_text_takes_no_endless_time(part: str) -> None:
    before = time.process_time()
    path_names(part * (1_000_000 // len(part)))
    assert time.process_time() - before < 5
