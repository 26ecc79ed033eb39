"""The built-in label rules, in the same form as the rules of a policy. The documentation prints them.

Words and paths are precise rather than many: a missing label costs a click, a wrong one costs trust. For an exclusive
group, the first matching rule wins, so the order matters.
"""

from collections.abc import Iterator

from bot.policy import LabelRule, When
from bot.text import code
from handlers.facts.change import AGENT_FILES, AGENT_RULES, AGENTS, SIZES, TESTS

WORKFLOWS = (
    ".forgejo/workflows/", ".gitea/workflows/", ".github/workflows/", ".github/actions/", ".gitlab-ci.yml",
    ".woodpecker.y*ml", ".woodpecker/", ".ci/",
)  # fmt: skip
SERVICES = (
    "compose*.y*ml", "docker-compose*.y*ml", "compose/", "*.service", "*.timer", "k8s/", "kubernetes/", "helm/",
    "charts/", "deploy/",
)  # fmt: skip
BUILDS = ("Dockerfile", "Dockerfile.*", "*.Dockerfile", "Containerfile")
MACHINES = ("*.tf", "*.tfvars", "terraform/", "ansible/", "infra/")
GATES = ("nginx/", "nginx.conf", "Caddyfile", "traefik/", "haproxy.cfg", "*.nft", "iptables*", "ufw/")
SECRETS = (
    "secrets/", ".sops.yaml", "*.sops.yaml", "*.age", "*.pem", "*.key", ".env", ".env.*", "!.env.example",
    "!.env.sample",
)  # fmt: skip
RIGHTS = ("auth/", "sudoers", "sudoers.d/", "sshd_config", "authorized_keys", "CODEOWNERS", "permissions/", "rbac/")
SENSITIVE_TITLES = (
    "*credential*", "*machine identity*", "*private key*", "*access token*", "*token auth*", "*auth token*",
    "*api key*", "*password*", "*vulnerabilit*", "*cve-20*", "*infisical*",
)  # fmt: skip
SECRET_TITLES = (
    "*rotat* token*", "*rotat* secret*", "*rotat* key*", "*rotat* credential*", "*rotat* password*",
    "*machine identity*", "*migrate*secret*",
)  # fmt: skip
WEAKENED = (
    "pull_request_target", "InsecureSkipVerify: true", "verify=False", "StrictHostKeyChecking no",
    "StrictHostKeyChecking=no", "NOPASSWD:", "privileged: true", "/var/run/docker.sock", "permissions: write-all",
    "chmod 777", "--cap-add",
)  # fmt: skip
OPENED = ("0.0.0.0/0", "::/0", "public-read", "Access-Control-Allow-Origin: *", "anonymous_enabled: true")
SKIPPED = ("--no-verify", "continue-on-error: true", "[skip ci]", "git push --force", "--admin --merge")
WRITES = (
    "curl -X POST", "curl -X PUT", "curl -X PATCH", "curl -X DELETE", "requests.post(", "requests.put(",
    "requests.delete(", "httpx.post(", "docker push", "npm publish", "twine upload", "cargo publish", "terraform apply",
    "kubectl apply", "kubectl delete", "helm upgrade", "git push",
)  # fmt: skip


def _rule(name: str, *labels: str, **when: tuple[str, ...]) -> LabelRule:
    return LabelRule(name=name, when=When.model_validate(when), labels=labels)


def _by_title(name: str, *labels: str, **when: tuple[str, ...]) -> Iterator[LabelRule]:
    """A rule by title for issues and for changes of more than documentation: a page about tokens touches none."""
    yield _rule(name, *labels, kind=("issue",), **when)
    yield _rule(f"{name} of a change", *labels, kind=("pull",), tier=("full", "stacked"), **when)


def _titles() -> Iterator[LabelRule]:
    yield _rule("a feature", "kind/feature", "type:feat", type=("feat", "feature"))
    yield _rule("a fix", "kind/bug", "type:bug", type=("fix", "bug", "bugfix", "hotfix"))
    yield _rule("documentation by title", "type:docs", type=("docs", "doc"))
    yield _rule(
        "maintenance", "kind/chore", "type:chore", type=("chore", "build", "ci", "style", "test", "tests", "deps")
    )
    yield _rule("refactoring", "kind/refactor", "type:chore", type=("refactor", "perf"))
    yield _rule("research", "kind/research", "type:research", type=("research", "spike"))
    yield _rule("a policy change", "type:policy", type=("policy",))
    yield _rule("an architecture decision", "kind/adr", type=("adr",))
    yield _rule("infrastructure", "kind/infra", "domain:infra", type=("infra",))
    yield _rule("operations", "kind/ops", "domain:runtime", type=("ops",))
    yield _rule("a breaking change", "risk/product", type=("breaking",))


def _authors() -> Iterator[LabelRule]:
    for label, logins in AGENTS.items():
        yield _rule(f"by {label.removeprefix('agent/')}", label, author=logins)
    yield _rule("by an agent", "source/agent-generated", by=("agent",))
    yield _rule("by a human", "source/manual", by=("other",))


def _domains() -> Iterator[LabelRule]:
    yield _rule("agents by path", "domain:agents", paths=AGENT_FILES)
    yield _rule("agents by scope", "domain:agents", scope=("agent", "agents", "prompt", "prompts"))
    yield _rule("ci by path", "domain:ci", paths=(*WORKFLOWS, "docs/ci/"))
    yield _rule("ci by type", "domain:ci", type=("ci",))
    yield _rule("ci by scope", "domain:ci", scope=("ci", "actions", "runner", "runners", "workflow", "workflows"))
    yield _rule("documentation by path", "domain:docs", paths=("docs/", "runbooks/", "README*", "CHANGELOG*"))
    yield _rule("documentation by type", "domain:docs", type=("docs", "doc"))
    yield _rule("documentation by scope", "domain:docs", scope=("docs", "doc", "readme", "runbook"))
    yield _rule("forgejo by path", "domain:forgejo", paths=("forgejo/", "gitea/", "app.ini"))
    yield _rule("forgejo by scope", "domain:forgejo", scope=("forgejo", "gitea"))
    yield _rule("forgejo by title", "domain:forgejo", title=("*forgejo runner*", "*forgejo server*"))
    yield _rule("infrastructure by path", "domain:infra", paths=(*MACHINES, *SERVICES, *GATES))
    yield _rule("infrastructure by scope", "domain:infra", scope=("infra", "secrets", "vault", "dns", "network"))
    yield _rule("memory by path", "domain:memory", paths=("memory/", "memories/"))
    yield _rule("memory by scope", "domain:memory", scope=("memory", "memories"))
    yield _rule("running services by path", "domain:runtime", paths=("runtime/", *SERVICES))
    yield _rule("running services by scope", "domain:runtime", scope=("runtime",))
    yield _rule("signal by path", "domain:signal", paths=("signal-*/", "signald/"))
    yield _rule("signal by scope", "domain:signal", scope=("signal",))
    yield _rule(
        "user interface by path", "domain:ux", paths=("ui/", "ux/", "frontend/", "*.css", "*.scss", "*.svelte", "*.vue")
    )
    yield _rule("user interface by scope", "domain:ux", scope=("ui", "ux", "frontend", "a11y", "css"))


def _warnings() -> Iterator[LabelRule]:
    yield _rule("network configuration", "risk/exposure", paths=GATES)
    yield _rule("public access added", "risk/exposure", adds=OPENED)
    yield _rule(
        "checks and reviews by path",
        "risk/process",
        paths=(*WORKFLOWS, ".forgejo/assay.yml", "CODEOWNERS", ".pre-commit-config.yaml", *AGENT_RULES),
    )
    yield _rule("skipped checks added", "risk/process", adds=SKIPPED)
    yield _rule("services and builds by path", "risk/runtime", paths=(*SERVICES, *BUILDS, *MACHINES, "migrations/"))
    yield _rule("secrets and rights by path", "class/security-sensitive", paths=(*SECRETS, *RIGHTS))
    yield _rule("weakened protection added", "class/security-sensitive", adds=WEAKENED)
    yield _rule("a secret found", "class/security-sensitive", secrets=("medium", "high", "critical"))
    yield _rule("security by type", "class/security-sensitive", type=("security", "sec"))
    yield _rule("security by scope", "class/security-sensitive", scope=("security", "secrets", "vault", "auth"))
    yield from _by_title("security by title", "class/security-sensitive", title=SENSITIVE_TITLES)
    yield _rule(
        "security by words",
        "class/security-sensitive",
        words=("privilege escalation", "remote code execution", "SQL injection", "security vulnerability"),
    )
    yield _rule("secrets by path", "safety:secret-touch", paths=SECRETS)
    yield _rule("secrets by scope", "safety:secret-touch", scope=("secrets",))
    yield from _by_title("secrets by title", "safety:secret-touch", title=SECRET_TITLES)
    yield _rule("documentation only", "safety:no-prod-mutation", tier=("lite",))
    yield _rule("tests only", "safety:no-prod-mutation", only=TESTS)
    yield _rule("production by path", "safety:prod-impact", paths=("production/", "prod/", "*.prod.y*ml", "*.prod.env"))
    yield from _by_title(
        "production by title",
        "safety:prod-impact",
        type=("ops", "infra", "deploy", "release"),
        title=("*production*", "*cutover*", "* prod *", "* prod"),
    )
    yield _rule("external writes added", "safety:external-write", adds=WRITES)


def _progress() -> Iterator[LabelRule]:
    yield _rule("merged", "flow/done", state=("merged",))
    yield _rule("a closed issue", "flow/done", kind=("issue",), state=("closed",))
    yield _rule("on hold", "flow/blocked", state=("held",))
    yield _rule("a draft", "flow/implementation", kind=("pull",), state=("draft",))
    yield _rule("an open pull request", "flow/review", kind=("pull",), state=("open",))
    yield _rule("a new issue", "flow/intake", kind=("issue",), state=("new",))


def _measures() -> Iterator[LabelRule]:
    for name in (*(name for name, _, _ in SIZES), "large", "unknown"):
        yield _rule("size", f"size/{name}", kind=("pull",), size=(name,))
    for name in ("lite", "stacked", "full"):
        yield _rule("tier", f"tier/{name}", kind=("pull",), tier=(name,))


DEFAULTS: tuple[LabelRule, ...] = (
    *_measures(), *_titles(), *_authors(), *_domains(), *_warnings(), *_progress(),
)  # fmt: skip
LABELS: tuple[str, ...] = tuple(dict.fromkeys(label for rule in DEFAULTS for label in rule.labels))
"""All labels that built-in rules may set."""


def defaults_table() -> str:
    """Gives the built-in rules in their order, as a Markdown table."""
    rows = ((rule.name, ", ".join(map(code, rule.labels)), conditions(rule.when)) for rule in DEFAULTS)
    lines = [("rule", "labels", "when"), ("---",) * 3, *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def conditions(when: When) -> str:
    """Gives the conditions of a rule in Markdown, each with its entries; one matching entry is enough."""
    given = ((name, getattr(when, name)) for name in When.model_fields)
    return "; ".join(f"{name} {', '.join(map(code, wanted))}" for name, wanted in given if wanted)
