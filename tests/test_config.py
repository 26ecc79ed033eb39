"""Settings of the process, and the secrets that lie in files."""

import asyncio
import json
import os
import re
import secrets
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.config import ConfigError, ModelSettings, Settings, made
from bot.store import open_store


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder and an environment in which nothing is set."""
    before, folder = dict(os.environ), Path.cwd()
    for name in [name for name in os.environ if name.startswith("ASSAY_")]:
        del os.environ[name]
    os.chdir(tmp_path)
    yield tmp_path
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(before)


def private(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "token"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_without_settings_there_are_defaults() -> None:
    settings = Settings()
    assert (settings.host, settings.port, settings.operators) == ("127.0.0.1", 8420, ())
    assert settings.address() == "http://127.0.0.1:8420"
    assert settings.store_url() == f"sqlite+aiosqlite:///{Path('data/assay.db').resolve()}"


def test_arguments_go_before_the_environment_and_the_environment_before_the_file(elsewhere: Path) -> None:
    (elsewhere / "assay.toml").write_text('port = 1\nhost = "::1"\nworkers = 2\n', encoding="utf-8")
    os.environ |= {"ASSAY_PORT": "3", "ASSAY_HOST": "0.0.0.0", "ASSAY_WORKERS": ""}  # noqa: S104 - only read, never bound
    settings = Settings(port=4)
    assert (settings.port, settings.host, settings.workers) == (4, "0.0.0.0", 2)  # noqa: S104 - as above


@pytest.mark.parametrize("name", ["a?b", "a#b", "a%41", "a b", "%00", "a@b:c"])
def test_a_data_folder_of_any_name_holds_its_database(elsewhere: Path, name: str) -> None:
    async def create() -> None:
        await (await open_store(Settings(data_dir=elsewhere / name).store_url())).close()

    asyncio.run(create())
    assert [one.name for one in elsewhere.iterdir()] == [name]
    assert (elsewhere / name / "assay.db").is_file()


@pytest.mark.parametrize(
    ("text", "found"),
    [("a,b", ("a", "b")), (" a , b ,", ("a", "b")), ("", ()), ("operator", ("operator",))],
)
def test_operators_are_separated_by_commas(text: str, found: tuple[str, ...]) -> None:
    os.environ["ASSAY_OPERATORS"] = text
    assert Settings().operators == found


def test_operators_may_be_a_list_in_the_file(elsewhere: Path) -> None:
    (elsewhere / "assay.toml").write_text('operators = ["a", "b"]\n', encoding="utf-8")
    assert Settings().operators == ("a", "b")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("ASSAY_FORGEJO_URL", "forge.example", "not a complete URL"),
        ("ASSAY_FORGEJO_URL", "ftp://forge.example", "not a complete URL"),
        ("ASSAY_FORGEJO_URL", "https://", "not a complete URL"),
        ("ASSAY_PUBLIC_URL", "https://bot:word@bot.example", "must not contain a user or password"),
        ("ASSAY_PORT", "70000", "less than or equal to 65535"),
        ("ASSAY_WORKERS", "0", "greater than or equal to 1"),
        ("ASSAY_GIT_SECONDS", "0", "greater than 0"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused(name: str, value: str, told: str) -> None:
    os.environ[name] = value
    with pytest.raises(ValidationError, match=told):
        Settings()


def test_a_slip_of_the_pen_in_the_file_is_refused(elsewhere: Path) -> None:
    (elsewhere / "assay.toml").write_text("prot = 1\n", encoding="utf-8")
    with pytest.raises(ValidationError, match="prot"):
        Settings()


def test_addresses_lose_their_last_slash() -> None:
    assert Settings(forgejo_url="https://forge.example/git/").forgejo_url == "https://forge.example/git"
    assert Settings(public_url="https://bot.example/").address() == "https://bot.example"


def test_the_token_comes_from_the_environment_or_a_file_and_the_file_wins(elsewhere: Path) -> None:
    given, kept = secrets.token_hex(20), secrets.token_hex(20)
    os.environ["ASSAY_TOKEN"] = given
    assert Settings().read_token() == given
    os.environ["ASSAY_TOKEN_FILE"] = str(private(elsewhere, f"{kept}\n"))
    assert Settings().read_token() == kept
    assert given not in repr(Settings())


@pytest.mark.parametrize("text", ["", "\n", "  "])
def test_an_empty_token_is_no_token(elsewhere: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="no token"):
        Settings(token=text).read_token()
    with pytest.raises(ConfigError, match="no token"):
        Settings(token_file=private(elsewhere, text)).read_token()


def test_shared_webhook_secrets_are_lines_and_one_is_made_only_where_it_is_asked_for(elsewhere: Path) -> None:
    old, new = secrets.token_hex(16), secrets.token_hex(16)
    assert Settings(webhook_secret=f"{new}\n\n {old} \n").webhook_secrets() == (new.encode(), old.encode())
    path = private(elsewhere, f"{old}\n{new}\n")
    assert Settings(webhook_secret_file=path).webhook_secrets() == (old.encode(), new.encode())
    fresh = Settings(data_dir=elsewhere / "data")
    assert fresh.webhook_secrets() == ()
    assert not (elsewhere / "data/webhook.secret").exists()
    sharing = Settings(data_dir=elsewhere / "data", share_webhook_secret=True)
    generated = (made(elsewhere / "data/webhook.secret").strip().encode(),)
    assert sharing.webhook_secrets() == generated
    assert fresh.webhook_secrets() == generated  # as an older version generated it


def test_the_place_of_the_shared_secret_is_told(elsewhere: Path) -> None:
    assert Settings(data_dir=elsewhere / "data").shared_secret_place() == str(elsewhere / "data/webhook.secret")
    assert Settings(webhook_secret=secrets.token_hex(16)).shared_secret_place() == "ASSAY_WEBHOOK_SECRET"
    path = private(elsewhere, secrets.token_hex(16))
    assert Settings(webhook_secret_file=path).shared_secret_place() == str(path)


@pytest.mark.parametrize("text", ["\n", " \n \n"])
def test_an_empty_webhook_secret_is_refused(elsewhere: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="the webhook secret is empty"):
        Settings(webhook_secret_file=private(elsewhere, text)).webhook_secrets()


def test_the_installation_key_has_256_bits_and_is_never_taken_from_a_broken_file(elsewhere: Path) -> None:
    settings = Settings(data_dir=elsewhere / "data")
    assert (len(settings.installation_key()), settings.installation_key()) == (32, settings.installation_key())
    for text in ("", "00", "not hex"):
        (elsewhere / "data" / "installation.key").write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError, match="restore it from the backup"):
            settings.installation_key()


URL = "https://models.example/v1"


def test_models_come_from_tables_of_the_file(elsewhere: Path) -> None:
    key = secrets.token_hex(16)
    (elsewhere / "assay.toml").write_text(
        f'[models.small]\nurl = "http://127.0.0.1:11434/"\nmodel = "llama3:8b"\nkind = "ollama"\nseconds = 5\n'
        f'[models."big-1.0"]\nurl = "{URL}"\nmodel = "m"\napi_key = "{key}"\n',
        encoding="utf-8",
    )
    settings = Settings()
    small, big = settings.models["small"], settings.models["big-1.0"]
    assert (small.url, small.model, small.kind, small.seconds) == ("http://127.0.0.1:11434", "llama3:8b", "ollama", 5)
    assert (big.url, big.kind, big.seconds, big.max_tokens) == (URL, "openai", 60, 1500)
    assert (small.read_key("small"), big.read_key("big-1.0"), settings.model_keys()) == ("", key, (key,))
    assert key not in repr(settings) + str(settings) + settings.model_dump_json()


def test_models_of_the_environment_are_json_and_go_before_the_file(elsewhere: Path) -> None:
    (elsewhere / "assay.toml").write_text(f'[models.old]\nurl = "{URL}"\nmodel = "m"\n', encoding="utf-8")
    assert list(Settings().models) == ["old"]
    os.environ["ASSAY_MODELS"] = json.dumps({"new": {"url": URL, "model": "m", "max_tokens": 50}})
    assert {name: model.max_tokens for name, model in Settings().models.items()} == {"new": 50}


def test_without_settings_there_are_no_models() -> None:
    assert (Settings().models, Settings().model_keys(), Settings().model_concurrency) == ({}, (), 2)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"url": "models.example"}, "not a complete URL"),
        ({"url": "file:///etc/passwd"}, "not a complete URL"),
        ({"url": "https://models.example:99999"}, "not a complete URL"),
        ({"url": "https://bad host/"}, "not a complete URL"),
        ({"url": "https://bot:word@models.example"}, "must not contain a user or password; use api_key_file"),
        ({"url": f"{URL}?key=word"}, "remove everything from"),
        ({"url": f"{URL}#word"}, "remove everything from"),
        ({"kind": "word"}, "openai.*ollama"),
        ({"model": ""}, "at least 1 character"),
        ({"seconds": 0}, "greater than 0"),
        ({"seconds": 601}, "less than or equal to 600"),
        ({"max_tokens": 0}, "greater than or equal to 1"),
        ({"api_kye": "word"}, "api_kye"),
        ({"api_key": "word", "api_key_file": "model.key"}, "api_key_file and api_key are both set"),
    ],
)
def test_a_model_that_cannot_be_used_is_refused_without_being_shown(change: dict[str, object], told: str) -> None:
    os.environ["ASSAY_MODELS"] = json.dumps({"small": {"url": URL, "model": "m"} | change})
    with pytest.raises(ValidationError, match=told) as caught:
        Settings()
    assert "word" not in str(caught.value).replace("user or password", "")
    assert "small" in str(caught.value)


@pytest.mark.parametrize("text", ["small", "{", '["small"]', "1", '{"small": 1}', '{"a b": {}}', "[" * 100_000])
def test_models_that_are_no_tables_are_refused(text: str) -> None:
    os.environ["ASSAY_MODELS"] = text
    with pytest.raises(ValidationError, match="models"):
        Settings()


def test_what_is_no_json_is_told_by_an_example_and_not_shown() -> None:
    word = secrets.token_hex(8)
    os.environ["ASSAY_MODELS"] = f"small={word}"
    with pytest.raises(ValidationError, match="invalid JSON; use an object such as") as caught:
        Settings()
    assert word not in str(caught.value)


def test_a_models_key_comes_from_a_file_for_its_owner_alone(elsewhere: Path) -> None:
    key = secrets.token_hex(16)
    path = private(elsewhere, f"{key}\n")
    model = ModelSettings(url=URL, model="m", api_key_file=path)
    assert model.read_key("small") == key
    path.chmod(0o644)
    with pytest.raises(ConfigError, match=r"models\.small\.api_key_file: .* run chmod 600"):
        model.read_key("small")


@pytest.mark.parametrize(
    ("text", "told"), [("", "is empty"), ("a\nb", "on one line"), ("a b", "spaces"), ("ą", "ASCII")]
)
def test_what_is_no_key_is_refused_without_being_shown(elsewhere: Path, text: str, told: str) -> None:
    mark = secrets.token_hex(8) if text else ""
    model = ModelSettings(url=URL, model="m", api_key_file=private(elsewhere, f"{mark}{text}"))
    with pytest.raises(ConfigError, match=f"models.small: .*{told}") as caught:
        model.read_key("small")
    assert not mark or mark not in str(caught.value)


def test_the_documented_models_are_models() -> None:
    page = (Path(__file__).parent.parent / "docs" / "operating.md").read_text(encoding="utf-8")
    table, inline = re.findall(r"```toml\n(.*?)```|`ASSAY_MODELS=(\{.*?\})`", page, re.DOTALL)
    assert list(Settings(models=tomllib.loads(table[0])["models"]).models) == ["small", "large"]
    assert Settings(models=inline[1]).models["small"].kind == "ollama"
    for name, about in ModelSettings.model_fields.items():
        default = "required" if about.is_required() else about.default
        shown = default if default == "required" else "not set" if name.startswith("api_key") else f"`{default}`"
        assert re.search(rf"^\| `{name}` \| {shown.removesuffix('.0`')}", page, re.MULTILINE), name
