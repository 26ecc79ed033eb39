"""Decides whether a candidate of the engine can be a secret: by its name, by its value, and without placeholders.

A judge gets a candidate and returns yes or no. A rejected candidate is not reported at all, so each reason for a
rejection has a test. Values are never stored.
"""

import base64
import binascii
import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_PASSWORDS = _words("password passwd passwort pwd pass passphrase passcode")
_TOKENS = _words(
    "secret token pat credential credentials apikey authtoken accesstoken secretkey privatekey clientsecret"
)
_KEYS = _words(
    "api access private preshared secret encryption auth master signing account storage unseal deploy service webhook "
    "session jwt root admin hmac"
)
_NEUTRAL = _words(
    "value plain raw text b64 base64 default old new prod production dev development staging stage ci main primary"
)
_NOT_NAMES = _words("existing public pull next page continuation sha sha256 bos eos pad unk csrf xsrf")

_WEAK = _words(
    "password passwort passwd pass pw pwd secret token key user username guest admin root test testing example "
    "changeme postgres mysql redis rabbitmq minio minioadmin default none null true false required optional string "
    "empty yourpassword mypassword secretpassword password1 password123 admin123 letmein pass123 tiger foo bar baz "
    "qux hello qwerty abc123 mypass dbpass pswd hunter2 secret123"
)
_STAND_IN = re.compile(
    r"(?i)example|change[-_ ]?me|placeholder|redacted|replace[-_ ]?(?:me|this|with)|insert[-_ ]|your[-_ ]|^your|dummy|"
    r"xxxxx|hunter2|not[-_ ]a[-_ ]|to[-_]?do\b|<[^>]*>|\.\.\.|\*\*\*|0123456789|123456789|abcdefghij|"
    r"(?:^|[-_.])(?:test|fake|sample|mock)(?:$|[-_.])"
)
_STAND_IN_LONG = re.compile(
    r"(?i)example|changeme|placeholder|redacted|xxxxxx|your[-_]|0123456789abcdef|123456789012345"
)
_SAME = re.compile(r"(.)\1{7,}")
_REFERENCE = re.compile(
    r"(?i)[$({<@]|%\w+%$|%\(|\w{2,20}://|!(?:ref|sub|vault|secret|env|getatt)\b|enc\[|sops|"
    r"(?:op|vault|infisical|sm|ref|env|file|arn|awssm|keyring|pass|doppler|bws|secret|ssm|gcpsm)(?:\+\w+)?[:.]|"
    r"(?:process|os|self|this|cfg|config|settings|args|options?|params?|var|data|local|module|secrets|request|req)\."
)
_PATH = re.compile(r"~?\.{0,2}/[\w.-]+(?:/[\w.-]+)*/?$")
_PUBLIC = re.compile(r"(?i)(?:ssh-|ecdsa-|age1|sha(?:1|256|384|512)[-:=]|h1:|md5:|pk_|0x[0-9a-f]{1,8}$)")
_CONSTANT = re.compile(r"_?[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*(?:\.|$)")
_UUID = re.compile(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
_FILE = re.compile(
    r"(?i)[\w./-]+\.(?:txt|ya?ml|json|go|py|js|ts|md|pem|key|crt|env|ini|conf|toml|sh|whl|gz|tgz|zip|html|rs|age|gpg)$"
)
_HEX = re.compile(r"[0-9a-fA-F]+$")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_ATTRIBUTE = re.compile(r"[\w-]+=[a-z]{0,2}$")
_LONG = 64  # from this length on, random letters contain short words by chance
_MACHINE, _HEX_LEAST, _LETTERS = (
    16,
    24,
    20,
)  # minimum lengths of generated values: in general, hexadecimal, letters only
_SHORTEST, _USUAL, _SHORT_SECRET, _LOGIN_LEAST = 6, 8, 10, 4  # minimum lengths of passwords chosen by people
_SOME_DISORDER, _DISORDER, _MUCH_DISORDER = 2.8, 3.0, 4.0  # bits per character
_PIECE_OF_TEXT, _FEW = 12, 4  # a value of this length with so few different characters is a pattern
_ENOUGH = 256  # the beginning of a very long value is enough
_CAMELS = 6  # more words in one piece occur by chance
_YEARLIKE = 3  # words with this many digits are a password, words with fewer are a name
_PIECE = re.compile(r"v?\d{1,5}|([A-Za-z]*)\d{0,4}")
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*(?:(?:\.|::|->|\?\.)\w+)*[.:]?$")
_SAYS_SECRET = re.compile(r"(?i)passw|secret|token|passphrase|credential|apikey|api_key|auth")
_NOT_PROSE = re.compile(
    r"(?i)\b(?:commits?|sha\d*|hash(?:es)?|digest|checksum|fingerprint|revision|rev|id|ids|uuid|names?|files?|path|length|"
    r"characters?|digits|least|must|called|url|endpoint|source|see|version|tag|tree|branch|public|image)\b|'s"
)


@dataclass(frozen=True)
class Place:
    """A candidate value: its name, if any, the text between them, and the characters before and after."""

    value: str = field(repr=False)
    name: str = ""
    between: str = ""
    before: str = ""
    after: str = field(default="", repr=False)


def is_placeholder(value: str) -> bool:
    """Return whether a value is a placeholder for a secret."""
    pattern = _STAND_IN if len(value) < _LONG else _STAND_IN_LONG
    if pattern.search(value):
        return True
    if (same := _SAME.search(value)) and len(value) - len(same[0]) < _MACHINE:
        return True
    return len(value) >= _PIECE_OF_TEXT and len(set(value)) <= _FEW


def wordy(value: str) -> bool:
    """Return whether a value consists of words and a few numbers, as file and option names do."""
    return all(map(_readable, re.split(r"[-_./:+,=?&]+", value[:_ENOUGH])))


def _readable(piece: str) -> bool:
    """Return whether a piece consists of a few words, as in camelCase; without nested repeats, to stay fast."""
    match = _PIECE.fullmatch(piece)
    if not match:
        return False
    words = _WORDS.findall(match[1] or "")
    return len(words) <= _CAMELS and all(len(word) > 1 or word.islower() for word in words)


def _entropy(value: str) -> float:
    return -sum(n / len(value) * math.log2(n / len(value)) for n in Counter(value).values())


def shaped(place: Place) -> bool:
    """Return whether a value looks generated: enough letters and digits in random order."""
    value = place.value.rstrip("=")
    digits = sum(map(str.isdigit, value))
    if len(value) < _MACHINE or is_placeholder(value) or digits == len(value):
        return False
    if _HEX.match(value):
        return len(value) >= _HEX_LEAST and digits > 0
    if digits:
        return not wordy(value) and _entropy(value) > _DISORDER
    return len(value) >= _LETTERS and not wordy(value) and _entropy(value) > _MUCH_DISORDER and not value.islower()


def self_named(place: Place) -> bool:
    """Judge a value whose form alone identifies a secret: reject only placeholders."""
    return not is_placeholder(place.value)


def password(place: Place) -> bool:
    """Return whether a person may have chosen a value: not a reference, not code, not in the list of weak words."""
    value = place.value
    if len(value) < _SHORTEST or value.lower() in _WEAK or is_placeholder(value) or _referring(place):
        return False
    quoted = place.between[-1:] in ('"', "'", "`")
    digits, letters = sum(map(str.isdigit, value)), sum(map(str.isalpha, value))
    special = len(value) - digits - letters - sum(map(value.count, "-_."))
    if not letters or not (digits or special):
        return False
    if (_SAYS_SECRET.search(value) or "/" in value) and wordy(value):
        return False
    return len(value) >= _USUAL or (quoted and bool(digits or special))


def _referring(place: Place) -> bool:
    value = place.value
    if _REFERENCE.match(value) or _PUBLIC.match(value) or _FILE.match(value) or _DATE.match(value):
        return True
    if (_PATH.match(value) and wordy(value)) or ("_" in value and _CONSTANT.fullmatch(value)):
        return True
    if "://" in value or place.after[:1] in ("(", "["):
        return True
    if place.between[-1:] in ('"', "'", "`"):
        return False
    attribute = place.after[:1] in ('"', "'") and _ATTRIBUTE.match(value) and wordy(value)
    code = "." in value and _IDENTIFIER.match(value) and wordy(value) and sum(map(str.isdigit, value)) < _YEARLIKE
    return bool(attribute or code)


def _kind(name: str) -> str:
    """Return the kind of value that a name implies: "password", "token", or nothing."""
    words = [word.lower() for word in _WORDS.findall(name)]
    while words and (words[-1] in _NEUTRAL or words[-1].isdigit()):
        words.pop()
    if not words or _NOT_NAMES & set(words):
        return ""
    last = words[-1]
    if last in _PASSWORDS or last.endswith(("password", "passwd", "passphrase", "pwd")):
        return "password"
    if (
        last in _TOKENS
        or last.endswith(("secret", "token", "apikey"))
        or (last in ("key", "keys") and len(words) > 1 and words[-2] in _KEYS)
    ):
        return "token"
    return ""


def named(place: Place) -> bool:
    """Judge an assignment: the last word of the name implies a secret, and the value looks like one."""
    kind = _kind(place.name)
    if not kind or _elsewhere(place.between) or _referring(place) or not _joined(place):
        return False
    value = place.value
    if "signing" in place.name.lower() and _HEX.match(value) and len(value) in (16, 32, 40):
        return False
    if kind == "password":
        return password(place)
    return shaped(place) or _short_secret(place)


def _elsewhere(between: str) -> bool:
    """Return whether nothing is assigned: the name continues after a dot, is one argument of several, or ends a URL."""
    if between.strip(" \t") == ",":
        return True
    return not between.strip(".-") or (between[:1] == "?" and between[1:2] not in ("?", "=", " "))


def _joined(place: Place) -> bool:
    """Return whether spaces alone assign the value, as in a command or a Dockerfile."""
    if place.between.strip() or "\n" in place.between:
        return "\n" not in place.between or bool(re.search(r"[|>\"'(:=,\\]|value", place.between))
    spelled = place.name.isupper() and "_" in place.name
    return spelled or place.before in ("-", ":") or place.name.startswith("_")


def _short_secret(place: Place) -> bool:
    value = place.value
    if (
        len(value) < _SHORT_SECRET
        or wordy(value)
        or is_placeholder(value)
        or value.lower() in _WEAK
        or _UUID.match(value)
    ):
        return False
    mixed = any(map(str.isdigit, value)) and any(map(str.isalpha, value))
    return mixed and _entropy(value) > _SOME_DISORDER and not _SAYS_SECRET.search(value) and "." not in value


def said_after(place: Place) -> bool:
    """Judge a sentence that uses a value and names its kind afterwards."""
    if _NOT_PROSE.search(place.between):
        return False
    return password(place) if place.name.lower() in _PASSWORDS else shaped(place) and not _referring(place)


def prose(place: Place) -> bool:
    """Judge a sentence that reveals a secret: it must not be about commits, names or lengths."""
    if _NOT_PROSE.search(place.between) or _referring(place) or _UUID.match(place.value):
        return False
    if place.name.lower() in _PASSWORDS and place.between[:1] == " ":
        return password(place)
    return shaped(place)


def login_part(value: str) -> str | None:
    """Return the password of a base64 `user:password` (RFC 7617), if it is one."""
    text = value.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        user, colon, word = base64.b64decode(text + "=" * (-len(text) % 4)).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return word if colon and user.isprintable() and word.isprintable() else None


def login(place: Place) -> bool:
    """Judge a base64 `user:password`: its password must not be a placeholder."""
    word = login_part(place.value)
    return word is not None and len(word) >= _LOGIN_LEAST and word.lower() not in _WEAK and not is_placeholder(word)


def url(place: Place) -> bool:
    """Judge the password of a URL; `user:password@localhost` and similar values are documentation."""
    value = place.value
    return (
        value.lower() not in _WEAK
        and not is_placeholder(value)
        and value[0] not in "{%[*("
        and not _CONSTANT.fullmatch(value)
    )


JUDGES: dict[str, Callable[[Place], bool]] = {
    "self": self_named,
    "shaped": shaped,
    "password": password,
    "named": named,
    "prose": prose,
    "after": said_after,
    "login": login,
    "url": url,
    "pem": self_named,
}
