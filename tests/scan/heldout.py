"""The second set's contexts: other places and other clothes than those the rules were written beside."""

import base64
from collections.abc import Callable
from urllib.parse import quote

NAMED = (
    'token = os.environ.get("{N}") or "{v}"',
    'const {c} = process.env.{N} || "{v}";',
    "const {c} = process.env.{N} ?? '{v}';",
    '{N}="${{N}:-{v}}"',
    ": ${{N}:={v}}",
    '{c}: getEnv("{N}", "{v}"),',
    '{n} = config.get("{n}", fallback="{v}")',
    'flag.String("{k}", "{v}", "for the forge")',
    '{N} => "{v}"',
    '#define {N} "{v}"',
    "setx {N} {v}",
    "fish: set -gx {N} {v}",
    "heroku config:set {N}={v}",
    '<add key="{C}" value="{v}" />',
    '<entry key="{d}">{v}</entry>',
    "{n} ?= {v}",
    "@{n} = '{v}'",
    "    {C} = '{v}'\n",
    '{ name = "{N}", value = "{v}" },',
    "-D{d}={v}",
    'val {c} = "{v}"',
    'static let {c}: String = "{v}"',
    '{:{n} "{v}"}',
    'put("{n}", "{v}")',
    "--build-arg {N}={v}",
    '"{N}={v}",',
    "**{p}**: `{v}`",
    "| {p} | {v} |",
    "here's the {p}: {v}",
    "I used {v} as the {p}",
    "my {p} is {v}, please revoke later",
    "{n}: >-\n  {v}",
    "{n}: |\n    {v}",
    '{n} = """{v}"""',
    '{n}=\\"{v}\\"',
    '"{\\"{n}\\": \\"{v}\\"}"',
)

FORGE = (
    "here's the PAT {v}",
    "PAT: {v}",
    "the forgejo token is {v} (expires friday)",
    'auth = "Bearer {v}"',
    'Authorization = "token " + "{v}"',
    "axios.get(url, { headers: { Authorization: `token {v}` } })",
    "http --auth-type bearer --auth {v} git.internal/api",
    "wget --header='Authorization: token {v}' https://git.internal/x",
    "httpx.Client(auth=('ci', '{v}'))",
    "requests.get(url, auth=HTTPBasicAuth('ci', '{v}'))",
    "<username>ci</username><password>{v}</password>",
    "https://ci%40git.internal:{v}@git.internal/o/r",
    "git credential approve <<< 'protocol=https\nhost=git.internal\nusername=ci\npassword={v}'",
    'gitea_client = gitea.NewClient(url, gitea.SetToken("{v}"))',
    'forgejo.SetToken("{v}")',
    "X-Gitea-Token: {v}",
    "private-token: {v}",
    "twine upload --repository-url https://git.internal -u ci -p {v} dist/*",
    "helm registry login git.internal -u ci -p {v}",
    "cargo login --registry forgejo {v}",
)

PASSWORD = (
    "mysql -u root -p{v} forgejo",
    "mysqldump --user=app --password={v} forgejo",
    "the admin password is {v}",
    "password for the runner host: {v}",
    "mongo -u root -p {v} admin",
    "pg_dump 'host=db user=app password={v}'",
    "net use Z: \\\\host\\share /user:ci {v}",
    "<password>{v}</password>",
    "useradd -p '{v}' deploy",
    "smbclient //host/share -U ci%{v}",
    "ldapsearch -D cn=admin -w {v} -b dc=x",
    "kinit ci <<< '{v}' # password",
)


def _percent(text: str) -> str:
    return "".join(f"%{ord(c):02X}" for c in text)


def _unicode(text: str) -> str:
    return "".join(f"\\u{ord(c):04x}" for c in text)


def _backslash(text: str) -> str:
    return "".join(f"\\x{ord(c):02x}" for c in text)


def _wrapped(text: str) -> str:
    made = base64.b64encode(text.encode()).decode()
    return "\n".join("  " + made[at : at + 32] for at in range(0, len(made), 32))


def _twice(text: str) -> str:
    return base64.b64encode(base64.b64encode(text.encode())).decode()


def _split(text: str) -> str:
    middle = len(text) // 2
    return f'"{text[:middle]}" + "{text[middle:]}"'


def _split_lines(text: str) -> str:
    middle = len(text) // 2
    return f'("{text[:middle]}"\n    "{text[middle:]}")'


# A whole line is encoded, as in a data file, except where only the value can be.
LINE_ENCODINGS: dict[str, Callable[[str], str]] = {
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 without padding": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64 wrapped": _wrapped,
    "base64 twice": _twice,
    "hex": lambda text: text.encode().hex(),
    "hex upper": lambda text: text.encode().hex().upper(),
    "percent": lambda text: quote(text, safe=""),
    "percent all": _percent,
    "unicode escapes": _unicode,
    "zero width": "\u200b".join,
    "nul": "\0".join,
}
VALUE_ENCODINGS: dict[str, Callable[[str], str]] = {
    "backslash x": lambda text: f'"{_backslash(text)}"',
    "split": _split,
    "split over lines": _split_lines,
    "percent all": lambda text: f'"{_percent(text)}"',
    "unicode escapes": lambda text: f'"{_unicode(text)}"',
}

NEGATIVES: dict[str, tuple[str, ...]] = {
    "git-hashes": (
        "cherry picked from commit {h40}",
        "pinned the token service to {h40}",
        "git checkout {h40} -- auth/token.go",
        "bisect: {h40} is the first bad commit (token expiry)",
        'version = "git+https://git.internal/o/token?rev={h40}#{h40}"',
        "gitea_commit: {h40}",
        "forgejo_ref={h40}",
    ),
    "content-hashes": (
        "curl -fsSLO https://x.internal/vault.zip && echo '{h64}  vault.zip' | sha256sum -c -",
        "ARG VAULT_SHA256={h64}",
        "VAULT_CHECKSUM={h64}",
        "Docker-Content-Digest: sha256:{h64}",
        "snapshot {h64} was assessed",
        'narHash = "sha256-{b32}";',
        "password hash algorithm: sha256, sample digest {h64}",
    ),
    "identities": (
        "universalAuth.clientId={uuid}",
        "tenant {uuid}",
        "--client-id {uuid}",
        "role_id: {uuid}",
        "the token's id is {uuid}",
    ),
    "public-keys": (
        "ed25519 public key: {b32}",
        "host key SHA256:{b32n}",
        "wg set wg0 peer {b32} allowed-ips 10.0.0.0/24",
        "cosign.pub: {b192}",
        "user.signingkey {H40}",
    ),
    "lock-files": (
        "pkg/token@1.0.0: sha512-{b64}",
        'requirement = "==1.0" # sha256:{h64}',
        "secret-service-3.0.1.tar.gz: {h64}",
        '"contentHash": "{b64}"',
        "CHECKSUM\n    secure_token (1.0.0) sha256={h64}",
    ),
    "placeholders": (
        "{N}: your-{k}-here",
        "{N}=YOUR_{N}",
        "{N}=<{p}>",
        "Authorization: token {{token}}",
        "{n}: insert-your-key",
        "curl -u admin:$ADMIN_PASSWORD https://git.internal",
        "{N}=test",
        "{N}=none",
        "{n} = '<secret>'",
        "{N}=aaaaaaaaaaaaaaaaaaaaaaaa",
    ),
    "references": (
        "{N}: !Ref DeployToken2",
        "{N}=`pass show forgejo/token`",
        "{c}: (await secrets.get('forgejo-token-2')).value,",
        "{n} = keyring.get_password('forgejo', 'ci-bot2')",
        "token: ${FORGEJO_TOKEN2}",
        '{n} = file("${path.module}/token.txt")',
        "{n}: ENC[AES256_GCM,data:{b32},iv:{b32},tag:{b32},type:str]",
        "docker login -u ci -p $TOKEN git.internal",
        "password_file: /run/agenix/db-password2",
        "{n}: \"{{ lookup('env', '{N}') }}\"",
    ),
    "names": (
        "the {p} must be mode 0600 and owned by uid 1000",
        "see runbook-token-rotation-2026.md",
        "label: safety:secret-touch",
        "rule secret-leak/forgejo-token fired 3 times",
        "fingerprint sf_{h16} was accepted",
        "token bucket: 64 per 10s",
        "grep -rn {N} deploy/",
    ),
    "code": (
        "if (token.type === TokenType.Identifier2) {",
        "secret, err := client.Secrets().Retrieve(opts2)",
        "{n}: Annotated[str, Depends(oauth2_scheme)],",
        "password = data.get('password1', '')",
        "let token = self.next_token()?;",
        "this.token = options.token2 || null;",
        'String password = request.getParameter("password1");',
        "return { token: generateToken(32) };",
        'password := r.PostFormValue("password1")',
        "tokens = tokenizer.encode(text, max_length=512)",
        "secret_key = Fernet.generate_key()",
        'token = "".join(random.choices(ALPHABET, k=40))',
    ),
    "documentation": (
        "Use https://<user>:<token>@git.internal/o/r.git",
        "connect with mysql://app:secret@localhost/app in development",
        "-e POSTGRES_PASSWORD=postgres",
        "The password (min. 12 characters) is set by the operator.",
        "Pass `--token TOKEN` or set it in the environment.",
    ),
}
