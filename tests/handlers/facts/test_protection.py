"""What stands for a protected path counts as that path; an exemption counts for its very path only."""

import unicodedata

import pytest

from bot.model import ChangedFile
from handlers.facts.protection import protected

LINK, SUBMODULE = "120000", "160000"
ZONE = ("deploy/prod/", "*.pem", "!*.example.pem", "/zarz\u0105d/", "infra/**/keys/*.tf")


def changed(path: str, mode: str = "100644", **change: str) -> ChangedFile:
    return ChangedFile(**{"path": path, "status": "added", "old_mode": "000000", "new_mode": mode} | change)


def by(*files: ChangedFile, links: dict[str, str] | None = None) -> list[str]:
    return list(protected(ZONE, files, links or {}).values())


@pytest.mark.parametrize(
    "path",
    [
        "deploy/prod/main.tf",
        "Deploy/prod/main.tf",
        "DEPLOY/PROD/main.tf",
        "deploy/prod./main.tf",
        "deploy /prod/main.tf",
        "deploy\\prod\\main.tf",
        "deploy/prod:$DATA/main.tf",
        "de\u00adploy/pr\u200bod/main.tf",
        "de\\u200bploy/prod/main.tf",
        "de\\U000e0020ploy/prod/main.tf",
        "\uff44\uff45ploy/prod/main.tf",
        "./deploy/prod/main.tf",
        "deploy/prod",
        "a.PEM",
        "x/a.Pem ",
        "a.pem.",
        unicodedata.normalize("NFD", "zarz\u0105d/x"),
        "ZARZ\u0104D/x",
        "infra/a/KEYS/b.TF",
        "a/[secret:named-secret:0a1b2c3d]",
        "A.EXAMPLE.PEM",
    ],
)
def test_another_spelling_of_a_protected_path_is_that_path(path: str) -> None:
    assert len(by(changed(path))) == 1


@pytest.mark.parametrize(
    "path",
    ["deploy/test/main.tf", "deploy/production/main.tf", "deploy", "a.pem.txt", "keys/a.example.pem", "infra/keys"],
)
def test_other_paths_are_not(path: str) -> None:
    assert by(changed(path)) == []


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("deploy/prod", "../other"),
        ("deploy", "other"),
        ("Deploy", "other"),
        ("infra", "elsewhere"),
        ("infra/a/keys", "../../elsewhere"),
        ("free/x", "../deploy/prod/main.tf"),
        ("free/x", "../deploy/prod"),
        ("free/x", "../DEPLOY/./prod"),
        ("free/x", "../deploy"),
        ("free/x", ".."),
        ("x", "."),
        ("free/x", "/srv/checkout/deploy/prod/main.tf"),
        ("free/x", "../a/b/../../deploy/prod"),
        ("free/x", "..\\deploy\\prod"),
        ("free/x", "keys/a.pem"),
        ("free/x", None),
        ("free/x", "[secret:named-secret:0a1b2c3d]"),
    ],
)
def test_a_link_counts_as_the_folder_that_it_stands_for_and_as_its_target(path: str, target: str | None) -> None:
    assert by(changed(path, LINK), links={} if target is None else {path: target})


@pytest.mark.parametrize(("path", "target"), [("free/x", "y"), ("docs/b.md", "../README.md"), ("deploy/test", "../x")])
def test_a_link_elsewhere_is_free(path: str, target: str) -> None:
    assert by(changed(path, LINK), links={path: target}) == []


@pytest.mark.parametrize("path", ["deploy", "deploy/prod", "Deploy/Prod", "infra/a/keys", "infra", "x/a.pem"])
@pytest.mark.parametrize("change", ["added", "deleted", "replaced", "moved"])
def test_a_submodule_counts_as_a_folder_whatever_happens_to_it(path: str, change: str) -> None:
    file = {
        "added": changed(path, SUBMODULE),
        "deleted": changed(path, "000000", status="deleted", old_mode=SUBMODULE),
        "replaced": changed(path, "100644", status="changed", old_mode=SUBMODULE),
        "moved": changed("free/x", SUBMODULE, status="renamed", old_path=path, old_mode=SUBMODULE),
    }[change]
    assert by(file)


def test_a_submodule_elsewhere_is_free() -> None:
    assert by(changed("vendor/lib", SUBMODULE)) == []


def test_an_exemption_is_for_the_very_path_of_an_ordinary_file() -> None:
    assert by(changed("a.example.pem")) == []
    assert by(changed("a.example.pem", LINK), links={"a.example.pem": "y"}) == ["*.pem"]
    assert by(changed("a.EXAMPLE.pem")) == ["*.pem"]


def test_both_names_of_a_renamed_file_count_and_only_the_new_one_of_a_copy() -> None:
    moved = changed("attic/x", status="renamed", old_path="Deploy/prod/x", old_mode="100644")
    assert list(protected(ZONE, [moved], {})) == ["Deploy/prod/x"]
    assert by(changed("attic/x", status="copied", old_path="deploy/prod/x")) == []


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("deploy/v1./x.tf", "deploy/v1./x.tf"),
        ("conf/prod:main.yaml", "conf/prod:main.yaml"),
        ("conf/prod:main.yaml", "Conf/prod:MAIN.yaml"),
        (".env.", "a/.env."),
        ("[^a-z]*.tf", "Main.tf"),
        ("?.tf", "\u00df.tf"),
        ("[\u00df].tf", "\u00df.tf"),
        ("a\\\\b.tf", "a\\b.tf"),
    ],
)
def test_a_path_that_the_pattern_itself_selects_is_protected(pattern: str, path: str) -> None:
    changed = ChangedFile(path=path, status="changed", old_mode="100644", new_mode="100644")
    assert protected([pattern], [changed], {}) == {path: pattern}
