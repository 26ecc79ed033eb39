"""Signals from changed paths, added lines and labels."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from bot.model import ChangedFile, Inputs
from handlers.judge.signals.exposure_signals import opened_by
from handlers.judge.signals.table import Signal, fired
from handlers.language.words import word_set

TEXTS = word_set(".md .rst .txt .adoc .po .svg .png .jpg .gif")
CODE = word_set(
    ".py .pyi .js .ts .tsx .jsx .go .rs .java .kt .rb .php .c .h .cpp .cs .swift .scala .ex .vue .css .html"
)
TEST_PLACES = word_set(
    "tests test testdata fixtures fixture __tests__ spec examples example samples snapshots recorded"
)
TEXT_PLACES = word_set("docs doc runbooks decisions adr")
TRIALS = word_set("staging dev development local sandbox preview demo")
RUNNING = word_set(
    "deploy deployment deployments terraform k8s kubernetes helm ansible infra infrastructure production prod "
    "inventory playbooks systemd dns zones nginx caddy traefik cluster clusters argocd flux"
)
WORKFLOWS = (".forgejo/workflows/", ".github/workflows/", ".gitea/workflows/", ".woodpecker/", ".gitlab-ci.yml")
GUARDS = word_set(
    "auth authn authz authentication authorization login session sessions permissions acl oauth oidc crypto security"
)
MIGRATIONS = word_set("migrations migration alembic")
SECRET_PLACES = word_set("secrets secret credentials vault .infisical private keys")
SECRET_ENDS = word_set(".pem .key .p12 .pfx .age .kdbx .keytab .jks .enc .gpg .tfstate")
SAMPLE = re.compile(r"\.(?:example|sample|template|dist|j2)(?:\.\w+)?$")

OTHERS = word_set("vendor third_party third-party node_modules external deps")
TABLES = word_set(".csv .tsv .xlsx .xls .ods .sqlite .db .dump .vcf")
PERSONS = word_set(
    "members member customers customer patients patient subscribers riders pupils students employees contacts people "
    "persons birthdays addresses payroll"
)
_DESTROYS = re.compile(r"\bdrop[_ ](?:table|column|database|schema)\b|\btruncate\b|\bdelete\s+from\b", re.IGNORECASE)
_ENDING = word_set("drop delete purge truncate wipe")
_DOWNWARDS = re.compile(r"def downgrade|def backwards|--.{0,20}\bdown\b|\bdown\s*[(:=]", re.IGNORECASE)
_UPWARDS = re.compile(r"def upgrade|def forwards|--.{0,20}\bup\b", re.IGNORECASE)
_HANDS_ON = re.compile(r"\$\{\{\s{0,9}secrets\.|\bsecrets:\s{0,9}inherit\b|\bpermissions:\s{0,9}write-all\b")

LABELS = {
    "safety:secret-touch": "label-secret",
    "safety:prod-impact": "label-production",
    "safety:external-write": "label-outside",
    **dict.fromkeys(
        [
            "cutover-gate",
            "needs-operator-decision",
            "ready-for-operator",
            "status:operator-needed",
            "mode:operator-only",
            "owner-attention",
            "operator-emotional",
            "review:needs-human",
            "judge/operator-needed",
        ],
        "gate-label",
    ),
    **dict.fromkeys(
        ["status:parked", "status:blocked", "dependency/blocked", "flow/blocked", "judge/park"], "park-label"
    ),
    **dict.fromkeys(["priority:p0", "priority:p1", "judge/p0", "judge/p1"], "label-urgent"),
    **dict.fromkeys(
        ["kind/bug", "kind/feature", "kind/refactor", "type:bug", "type:feat", "tests", "ui", "api"], "label-code"
    ),
    **dict.fromkeys(["kind/research", "kind/adr", "type:docs", "type:research", "docs"], "label-text"),
    **dict.fromkeys(["agent/codex", "status:codex-ready", "judge/codex-candidate"], "named-codex"),
    **dict.fromkeys(["agent/hermes", "judge/hermes-candidate"], "named-hermes"),
    **dict.fromkeys(["agent/patchwarden", "judge/patchwarden-candidate"], "named-patchwarden"),
    **{f"size/{size}": f"size-{size}" for size in ("tiny", "small", "medium", "large")},
    "small-task": "size-small",
    **dict.fromkeys(["class/security-sensitive", "security", "safety", "large-impact"], "label-risk"),
}
"""The signal of each known label; every label of `risk/` gives `label-risk`."""

TINY, SMALL, MEDIUM = 10, 80, 400
"""Maximum number of changed lines of a pull request of each size."""


def of_labels(inputs: Inputs) -> Iterator[Signal]:
    """Return the signals of labels that were not set by the bot."""
    for label in inputs.labels:
        name = LABELS.get(label.casefold()) or ("label-risk" if label.startswith("risk/") else "")
        if name:
            yield fired(name, f"label:{label}")


def of_paths(inputs: Inputs) -> Iterator[Signal]:
    """Return the signals of changed files: from their paths and their added lines."""
    for file in inputs.files:
        for path in dict.fromkeys(filter(None, (file.path, file.old_path))):
            yield from (fired(name, f"diff:{file.path}") for name in _of_path(path))
    for run in inputs.added:
        place = PurePosixPath(run.path.lower())
        if _is_workflow(run.path.lower()) and _HANDS_ON.search(run.text):
            yield fired("path-credential", f"diff:{run.path}")
        if _harmless(place):
            continue
        ends = set(re.findall(r"[a-z]+", place.stem)) & _ENDING
        if (ends or _stores(place)) and _destroys(run.text):
            yield fired("path-destructive", f"diff:{run.path}")
        if place.suffix not in CODE and opened_by(run.text):
            yield fired("path-access", f"diff:{run.path}")
    if inputs.files:
        yield from _of_all(inputs.files)


def _of_all(files: tuple[ChangedFile, ...]) -> Iterator[Signal]:
    """Return the signals of all files together: only texts, only tests, and the size."""
    paths = [PurePosixPath(file.path.lower()) for file in files]
    ref = f"diff:{files[0].path}"
    if all(map(_is_text, paths)):
        yield fired("only-texts", ref)
    elif all(map(_harmless, paths)):
        yield fired("only-tests", ref)
    lines = sum(file.added + file.removed for file in files)
    if lines:
        size = "tiny" if lines <= TINY else "small" if lines <= SMALL else "medium" if lines <= MEDIUM else "large"
        yield fired(f"size-{size}", ref)


def _of_path(name: str) -> Iterator[str]:
    path = PurePosixPath(name.lower())
    places = set(path.parts[:-1])
    if _is_workflow(str(path)):
        yield (
            "path-production"
            if set(re.findall(r"[a-z]+", path.stem)) & {"deploy", "production", "prod"}
            else "path-workflow"
        )
    yield from _by_name(path, places, name)
    if _harmless(path):
        return
    if _is_secret(path, places):
        yield "path-credential"
    if _is_running(path):
        yield "path-production"
    elif re.match(r"(?:docker-)?compose\b.*\.ya?ml", path.name):
        yield "path-service"
    if _stores(path):
        yield "path-destructive" if set(re.findall(r"[a-z]+", path.stem)) & _ENDING else "path-migration"
    if GUARDS & (places | set(re.findall(r"[a-z]+", path.stem))):
        yield "path-auth"


def _by_name(path: PurePosixPath, places: set[str], name: str) -> Iterator[str]:
    """Return what a file is by its name alone, wherever it is: rights, a licence, data of people."""
    if name in {".forgejo/assay.yml", ".forgejo/assay.yaml"} or path.name in {"codeowners", "branch-protection.yml"}:
        yield "path-trust"
    if re.match(r"licen[cs]e|copying", path.name) and not places & OTHERS:
        yield "path-legal"
    if not places & TEST_PLACES and path.suffix in TABLES and set(re.findall(r"[a-z]+", path.stem)) & PERSONS:
        yield "path-personal"


def _is_workflow(path: str) -> bool:
    return path.startswith(WORKFLOWS)


def _is_text(path: PurePosixPath) -> bool:
    return path.suffix in TEXTS or bool(TEXT_PLACES & set(path.parts[:-1]))


def _harmless(path: PurePosixPath) -> bool:
    """Return whether a path is a text, a test or a sample: nothing that runs in production."""
    named = path.name.startswith("test_") or path.stem.endswith(("_test", ".test", ".spec"))
    return _is_text(path) or named or bool(TEST_PLACES & set(path.parts[:-1])) or SAMPLE.search(path.name) is not None


def _is_secret(path: PurePosixPath, places: set[str]) -> bool:
    if path.suffix in CODE:
        return False
    stem = path.name.split(".")[0]
    environment = path.name == ".env" or path.name.startswith(".env.") or path.suffix == ".env"
    kept = bool(SECRET_PLACES & places) or stem in {"secrets", "secret", "credentials", "id_rsa", "id_ed25519"}
    return environment or kept or path.suffix in SECRET_ENDS or ".sops." in path.name


def _is_running(path: PurePosixPath) -> bool:
    """Return whether a path describes production: a top folder of such a name, or one below for a file without code."""
    if TRIALS & (set(path.parts) | set(re.findall(r"[a-z]+", path.stem))):
        return False
    # An inventory is also what a shop has: only Ansible's, which has no code, is production.
    stock = path.parts[0] == "inventory" and path.suffix in CODE
    top = path.parts[0] in RUNNING and len(path.parts) > 1 and not stock
    named_live = "live" in path.parts[:-1] and path.suffix not in CODE
    below = named_live or (bool(RUNNING & set(path.parts[1:-1])) and path.suffix not in CODE)
    named = bool({"prod", "production"} & set(re.findall(r"[a-z]+", path.name))) and path.suffix not in CODE
    return top or below or named or path.suffix in {".tf", ".tfvars", ".hcl", ".service", ".timer", ".zone"}


def _stores(path: PurePosixPath) -> bool:
    return bool(MIGRATIONS & set(path.parts[:-1])) or path.suffix == ".sql"


def _destroys(text: str) -> bool:
    """Return whether lines drop stored data in an upward migration; a downward one only undoes what it created."""
    down = False
    for line in text.splitlines():
        down = (down or _DOWNWARDS.search(line) is not None) and _UPWARDS.search(line) is None
        if not down and _DESTROYS.search(line):
            return True
    return False
