"""Words by which sentences are operator matters though no act in them is told: what goals say that should be so, the
commands that somebody is going to give, prices, law, and how much of a text is about what agents have no hands on.
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
"""Commands that are acts themselves, where somebody says that he is going to give them."""

INTENT = word_set("i id ill we well lets plan going then run execute via would")
"""Words of a sentence by whose writer a command will be given."""
MEANS = word_set("with using by")
"""Words before a command in what a goal or plan says."""

NEWNESS = word_set("new own separate dedicated second fresh another different narrower narrow additional")
"""What a goal calls a credential that somebody has to make."""

LOST = (
    *("no second copy", "no other copy", "no copy elsewhere", "no backup of", "without a backup", "the only copy"),
    *("cannot be brought back", "can be brought back", "cannot be restored", "cannot be recovered", "no way back"),
    *("irreversibly", "is irreversible"),
)
"""What is said of data that is gone for good, without a negation around it but their own."""

DEAR = 50
"""From this figure on an amount of money is a matter without any word of paying."""
RECURRING = word_set(
    "month year weekly monthly yearly annual annually week billed bill card invoice cost costs price fee quote pay"
)
SHOWN_PRICE = word_set(
    "shows show shown parsed instead rounded displayed wrong total column field format prints parse parses reads"
)
"""Words that make a price something which a program shows."""

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
"""What goals, criteria and titles say without any act: one word of each set in one clause."""
FACTS = _table(_FACTS)
"""What any sentence may tell that a person has to see to, in the same form; nouns in the singular, `#` for a figure."""

TERMS = (word_set("terms agreement contract licence license"), word_set("provider vendor supplier hoster partner"))
"""A word of each in one sentence stands for law as well."""

LAW = word_set(
    "gdpr rodo dsgvo dpa nda subpoena dmca takedown lawsuit lawyer attorney court notary erasure trademark patent "
    "journalist"
)
"""Words that stand for law by themselves, in sentences."""

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
"""Names of programs and folders of a host, which in code too say that something is to be done on one."""
WORLD: Mapping[str, int] = {
    **{word: weight for weight, listed in _WEIGHTS.items() for word in listed.split()},
    **dict.fromkeys(HOST, 3),
}
"""Words for what lies outside of repositories, each with how plainly it does."""
ENOUGH = 6
"""Weight of different words, together, by which a text is about such things; found on made-up cases of our own."""
MADE = 2
"""Weight that there has to be more, where the title says that a program is to be made or mended."""
OPENING = 150
"""Words of title, goal, criteria and context in which they are looked for: long texts speak of everything."""
