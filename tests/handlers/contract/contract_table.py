"""Prints which finding follows from each single change: `python -m tests.handlers.contract.contract_table`."""

from tests.handlers.contract.contract_mutations import MUTATIONS, Mutation
from tests.handlers.contract.contracts import full, judged, lite


def right(mutation: Mutation) -> bool:
    """Says whether the expected finding appears, and no other."""
    findings = judged(mutation.observed(), mutation.policy).findings
    return [one.rule for one in findings] == [mutation.rule]


def main() -> None:
    """Prints the two descriptions as they are, a row for each change, and how many are right."""
    for name, observed in (("documentation alone", lite()), ("a prepared change", full())):
        report = judged(observed)
        print(f"  {name:38} {report.verdict}: {report.summary}")  # noqa: T201
    for mutation in MUTATIONS:
        rules = ", ".join(one.rule for one in judged(mutation.observed(), mutation.policy).findings)
        print(f"{' ' if right(mutation) else '!'} {mutation.name:38} {mutation.rule:22} {rules}")  # noqa: T201
    print(f"{sum(map(right, MUTATIONS))} of {len(MUTATIONS)} right")  # noqa: T201


if __name__ == "__main__":
    main()
