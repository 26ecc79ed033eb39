"""Secrets and look-alikes made at run time, so that no file of this project holds one.

Every function takes the random source, so one seed gives one corpus. Formats are those of the
vendors' own documentation; nothing here was ever valid anywhere.
"""

import base64
import json
import string
import uuid
from random import Random

HEX = "0123456789abcdef"
ALNUM = string.ascii_letters + string.digits
URLSAFE = ALNUM + "-_"
BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
BECH32 = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"
WORDS = [
    "amber",
    "anchor",
    "barley",
    "canyon",
    "cobalt",
    "copper",
    "dragon",
    "ember",
    "falcon",
    "garnet",
    "harbor",
    "island",
    "jasper",
    "kettle",
    "lantern",
]


def chars(rng: Random, alphabet: str, count: int) -> str:
    return "".join(rng.choices(alphabet, k=count))


def hexes(rng: Random, count: int) -> str:
    while True:
        made = chars(rng, HEX, count)
        if any(c.isdigit() for c in made) and any(c.isalpha() for c in made):
            return made


def alnum(rng: Random, count: int) -> str:
    return chars(rng, ALNUM, count - 3) + "a7Q"


def urlsafe(rng: Random, count: int) -> str:
    return chars(rng, URLSAFE, count - 3) + "x4K"


def b64(rng: Random, octets: int) -> str:
    return base64.b64encode(rng.randbytes(octets)).decode()


def password(rng: Random) -> str:
    style = rng.randrange(4)
    if style == 0:
        return chars(rng, ALNUM + "!%^*_-+.", rng.randrange(12, 22)) + "R7!"
    if style == 1:
        return rng.choice(WORDS).capitalize() + rng.choice("!_-.") + rng.choice(WORDS) + str(rng.randrange(10, 9999))
    if style == 2:
        return rng.choice(WORDS).capitalize() + str(rng.randrange(100, 9999)) + rng.choice("!*%^")
    return "-".join(rng.sample(WORDS, 4)) + str(rng.randrange(10, 99))


def jwt(rng: Random) -> str:
    def part(value: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).decode().rstrip("=")

    head = part({"alg": "HS256", "typ": "JWT"})
    body = part({"identityId": str(uuid.UUID(bytes=rng.randbytes(16))), "iat": rng.randrange(10**9, 2 * 10**9)})
    return f"{head}.{body}.{urlsafe(rng, 43)}"


def infisical_service(rng: Random) -> str:
    return ".".join(("st", hexes(rng, 24), hexes(rng, 32), hexes(rng, 32)))


def gitea_oauth(rng: Random) -> str:
    return "gto" + "_" + chars(rng, BASE32, 49) + "a7q"


def vault_long(rng: Random) -> str:
    return "hvs" + ".CAES" + urlsafe(rng, 92)


def vault_short(rng: Random) -> str:
    return "hvs" + "." + alnum(rng, 24)


def vault_batch(rng: Random) -> str:
    return "hvb" + ".AAAAAQ" + urlsafe(rng, 150)


def vault_old(rng: Random) -> str:
    return "s" + "." + alnum(rng, 24)


def age_key(rng: Random) -> str:
    return "AGE-SECRET-" + "KEY-1" + chars(rng, BECH32, 58)


def pem(rng: Random, label: str, octets: int = 420) -> str:
    body = base64.b64encode(rng.randbytes(octets)).decode()
    lines = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
    return f"-----{'BEGIN'} {label}-----\n{lines}\n-----{'END'} {label}-----"


def private_pem(rng: Random) -> str:
    label = rng.choice(("OPENSSH PRIVATE", "PRIVATE", "RSA PRIVATE", "EC PRIVATE", "ENCRYPTED PRIVATE"))
    return pem(rng, label + " KEY")


def wireguard(rng: Random) -> str:
    return b64(rng, 32)


def model_key(rng: Random) -> str:
    made = (
        "sk-" + "proj-" + urlsafe(rng, 74) + "T3Blbk" + "FJ" + urlsafe(rng, 74),
        "sk-" + alnum(rng, 48),
        "sk-" + "ant-api03-" + urlsafe(rng, 93) + "AA",
        "sk-" + "or-v1-" + hexes(rng, 64),
        "hf" + "_" + chars(rng, string.ascii_letters, 34),
        "gsk" + "_" + alnum(rng, 52),
        "xai" + "-" + alnum(rng, 80),
        "nvapi" + "-" + urlsafe(rng, 64),
        "AIza" + "Sy" + urlsafe(rng, 33),
        "r8" + "_" + alnum(rng, 37),
    )
    return rng.choice(made)


def chat_token(rng: Random) -> str:
    number = str(rng.randrange(10**11, 10**12))
    made = (
        "xox" + "b-" + number + "-" + number + "-" + alnum(rng, 24),
        "xapp" + "-1-A" + chars(rng, string.ascii_uppercase + string.digits, 10) + "-" + number + "-" + hexes(rng, 64),
        str(rng.randrange(10**9, 10**10)) + ":A" + "A" + urlsafe(rng, 33),
        "syt" + "_" + alnum(rng, 10) + "_" + alnum(rng, 20) + "_" + alnum(rng, 6),
        "M" + urlsafe(rng, 23).replace("_", "x").replace("-", "y") + "." + "G" + alnum(rng, 5) + "." + urlsafe(rng, 38),
    )
    return rng.choice(made)


def chat_hook(rng: Random) -> str:
    upper = string.ascii_uppercase + string.digits
    slack = f"T{chars(rng, upper, 8)}/B{chars(rng, upper, 10)}/{alnum(rng, 24)}"
    made = (
        "https://hooks." + "slack.com/services/" + slack,
        "https://discord." + f"com/api/webhooks/{rng.randrange(10**17, 10**18)}/{urlsafe(rng, 68)}",
    )
    return rng.choice(made)


def other_token(rng: Random) -> str:
    made = (
        "gh" + "p_" + alnum(rng, 36),
        "github" + "_pat_" + alnum(rng, 22) + "_" + alnum(rng, 59),
        "gl" + "pat-" + alnum(rng, 20),
        "np" + "m_" + alnum(rng, 36),
        "pypi" + "-AgEIcHlwaS5vcmc" + urlsafe(rng, 120),
        "tskey" + "-auth-" + alnum(rng, 17) + "-" + alnum(rng, 32),
        "dop_" + "v1_" + hexes(rng, 64),
        "glsa" + "_" + alnum(rng, 32) + "_" + hexes(rng, 8),
    )
    return rng.choice(made)


def database_url(rng: Random) -> str:
    scheme = rng.choice(("postgres", "postgresql", "mysql", "mongodb+srv", "amqp", "redis", "postgresql+psycopg"))
    user = rng.choice(("forgejo", "app", "root", "svc_web"))
    if scheme == "redis":
        user = ""
    word = alnum(rng, rng.randrange(10, 24))
    return f"{scheme}://{user}:{word}@db-{rng.randrange(9)}.internal:5432/forgejo"
