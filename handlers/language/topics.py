"""Words that make a sentence an operator matter without an act: states that goals ask for, commands that somebody will
run, prices, law, and things outside of repositories that agents have no access to.
"""

from collections.abc import Iterable, Mapping

from handlers.language.lexicon import Matter
from handlers.language.words import word_set

_LISTED = {
    Matter.DESTRUCTIVE: (
        "docker volume rm,docker volume prune,docker system prune,zfs destroy,zpool destroy,rm rf,dropdb,"
        "drop database,drop table,delete from,truncate table,mkfs,wipefs,shred,git push force,git push mirror,"
        "git filter repo,git filter branch,git reflog expire,git gc prune,bfg,update ref,"
        "terraform destroy,kubectl delete,lvremove,restic forget,flushall"
    ),
    Matter.PRODUCTION: (
        "terraform apply,tofu apply,kubectl apply,helm upgrade,ansible playbook,systemctl restart,systemctl stop,sudo,"
        "psql,mysql,alter table,insert into,alembic upgrade,visudo"
    ),
}
COMMANDS: Mapping[str, Matter] = {one: matter for matter, listed in _LISTED.items() for one in listed.split(",")}
"""Commands that count as acts if somebody says that they will run them."""

INTENT = word_set("i id ill we well lets plan going then run execute via would")
"""Words that show that the author will run a command."""
MEANS = word_set("with using by")
"""Words before a command in a goal or plan."""

NEWNESS = word_set("new own separate dedicated second fresh another different narrower narrow additional")
"""Words in a goal for a credential that must be created."""

LOST = (
    *("no second copy", "no other copy", "no copy elsewhere", "no backup of", "without a backup", "the only copy"),
    *("cannot be brought back", "can be brought back", "cannot be restored", "cannot be recovered", "no way back"),
    *("irreversibly", "is irreversible"),
)
"""Phrases for data that is permanently lost; they contain their own negation."""

DEAR = 50
"""An amount of money from this value on is a matter even without a word for paying."""
RECURRING = word_set(
    "month year weekly monthly yearly annual annually week billed bill card invoice cost costs price fee quote pay"
)
SHOWN_PRICE = word_set(
    "shows show shown parsed instead rounded displayed wrong total column field format prints parse parses reads"
)
"""Words that mark a price as output of a program."""

NEEDS = word_set("needs need requires require wants")

_STATES = (
    (
        Matter.CREDENTIAL,
        "get gets receive receives become becomes join joins has have needs need add is are let given",
        "right rights access admin permission permissions owner owners maintainer maintainers member",
        "merge write push main organisation organization org organisations group team owner owners protected",
    ),
    (Matter.CREDENTIAL, "branch main master protected", "protection protections"),
    (Matter.CREDENTIAL, "may allowed can let lets list", "push merge bypass forcepush", "main master protected"),
    (
        Matter.DESTRUCTIVE,
        "rewrite rewritten rewriting forcepush forcepushed squash squashed purge purged removed gone erase",
        "history histories mirror mirrors",
        "main master git branch published everybody clone clones commit commits blob blobs forge server",
    ),
    (Matter.DESTRUCTIVE, "no every all", "commit commits", "main master tag tags branches history"),
    (Matter.DESTRUCTIVE, "garbage gc unreachable dangling", "server forge host collection prune", "object objects run"),
    (Matter.CREDENTIAL, "agents bots codex hermes everybody anyone", "merge push", "main own unreviewed"),
    (
        Matter.CREDENTIAL,
        "account accounts key keys access login logins token tokens credentials session sessions secret secrets",
        "his her their old former stolen left leaver leavers contractor everybody",
        "left gone removed locked disabled refused revoked closed no dead nowhere",
    ),
    (Matter.CREDENTIAL, "become becomes get gets given", "superuser sudo sudoers root"),
    (
        Matter.CREDENTIAL,
        "account accounts agents bots codex hermes iskra patchwarden",
        "may allowed",
        "push merge tag tags approve write",
    ),
    (
        Matter.CREDENTIAL,
        "agents bots bot codex hermes iskra patchwarden intern contractor",
        "needs need get gets has given",
        "access rights permission permissions account credentials",
    ),
    (Matter.LEGAL, "legal", "asks wants says requires demands"),
    (Matter.CREDENTIAL, "approval approvals reviewer reviewers", "removed remove dropped disabled gone skipped zero"),
    (
        Matter.LEGAL,
        "repository repo source sources project organisation code",
        "public opensource world",
        "make made makes becomes become open publish visible set visibility opened",
    ),
    (Matter.SPENDING, "contract subscription bill", "ended end cancelled canceled paid extended terminated"),
    (Matter.PRODUCTION, "goes go ships shipped", "production prod live"),
    (
        Matter.PRODUCTION,
        "registrar nameserver nameservers aaaa mx dns ttl",
        "change lower point points switch set move transfer",
    ),
    (Matter.PRODUCTION, "take taken takes", "offline"),
    (Matter.PRODUCTION, "push ship rollout deploy install", "customer customers fleet tenants"),
)
_GONE = "missing vanished gone lost disappeared disappear emptied overwritten overwrote wiped deleted erased damaged"
_LIVE = "production prod live customer"
_KEPT = (
    "# data row record entry order message mail photo upload file invoice booking comment document note attachment "
    "history backup address payment registration price article"
)
_KEPT_ALSO = f"{_KEPT} dump archive copy volume snapshot recording mailbox account repository customer user"
_FACTS = (
    (
        Matter.DESTRUCTIVE,
        "branch tag commit clone repository history",
        "again over new rewritten different",
        "ids hashes shas everybody everyone whoever",
    ),
    (
        Matter.SPENDING,
        "need rent order get want",
        "another new second larger bigger spare additional",
        "box server machine host vm vps laptop phone disk rack",
    ),
    (Matter.DESTRUCTIVE, "keep retain", "or", "drop delete remove erase purge discard lose", _KEPT_ALSO),
    (Matter.DESTRUCTIVE, _GONE, _LIVE, _KEPT),
    (
        Matter.PRODUCTION,
        "manually hand psql sql console directly",
        f"{_LIVE} database db",
        "fix correct mend repair change set update edit insert add enter restore patch adjust delete rewrite put",
    ),
    (
        Matter.SPENDING,
        "invoice bill reminder",
        "overdue unpaid outstanding due paid pay",
        "provider hoster vendor supplier our we card hosting bank accounting transfer",
    ),
    (
        Matter.SPENDING,
        "cap limit quota budget ceiling allowance tier plan seat",
        "raise increase double lift extend higher raised increased doubled lifted more exhausted reached upgrade",
        "provider hoster vendor supplier eur usd pln euro monthly month yearly billing cost cloud console storage",
    ),
)


def _table(rows: Iterable[tuple[Matter, *tuple[str, ...]]]) -> tuple[tuple[Matter, tuple[frozenset[str], ...]], ...]:
    return tuple((matter, tuple(map(word_set, listed))) for matter, *listed in rows)


STATES = _table(_STATES)
"""Matters stated in goals, criteria and titles without an act: one word of each set in the same clause."""
FACTS = _table(_FACTS)
"""Matters stated as a fact in any sentence, in the same form; nouns in the singular, `#` for a number."""

TERMS = (word_set("terms agreement contract licence license"), word_set("provider vendor supplier hoster partner"))
"""One word of each set in the same sentence also means law."""

LAW = word_set(
    "law gdpr rodo dsgvo dpa nda subpoena dmca takedown lawsuit lawyer attorney court notary erasure trademark patent "
    "journalist"
)
"""Words that mean law by themselves, in sentences."""

_WEIGHTS = {
    3: (
        "registrar hoster hsm whois notary gdpr rodo dpa contractor intern superuser firewall decommission erasure "
        "takedown lawyer kvm ipmi bios rack bay seat consent privacy datacentre datacenter forcepush"
    ),
    2: (
        "production prod live admin owner contract terms bill billed paid invoice pay price eur usd euro pln dns "
        "domain mailbox customer registry vault infisical recovery credential secret pat password rotate rotated "
        "revoke revoked reboot shutdown vm vps nas backup restore provider supplier vendor account sign signing "
        "hardware yearly monthly federation relay fleet deploy kernel rescue firmware raid spare unmounted mount "
        "ssh cable power phone factor pypi npm decide decision vanished manually psql boot recording agreed personal "
        "protection quota"
    ),
    1: (
        "token key access right rights permission server host machine runner company service identity cluster "
        "database disk volume delete deleted remove removed offline cost limit plan member approve approval switch "
        "migrate migration open close old root array postgres organisation organization choose missing lost gone "
        "history clone push month year somebody hand cap order tier"
    ),
}
HOST = word_set("etc sudo sudoers mdadm fsck e2fsck smartctl systemctl iptables sysctl dmesg lvextend umount crontab")
"""Names of programs and folders of a host; they count also in code."""
WORLD: Mapping[str, int] = {
    **{word: weight for weight, listed in _WEIGHTS.items() for word in listed.split()},
    **dict.fromkeys(HOST, 3),
}
"""Words for things outside of repositories, each with a weight."""
ENOUGH = 6
"""Total weight of different words from which a text is about such things; calibrated on our own invented cases."""
MADE = 2
"""Additional weight required if the title names making or fixing a program."""
OPENING = 150
"""Number of words of title, goal, criteria and context that are searched: long texts mention everything."""
