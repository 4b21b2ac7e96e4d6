"""Gaps and overdue revisions of a tariff."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from tictally_recorder.tariffs.check import IssueCode, TariffIssue, check
from tictally_recorder.tariffs.model import Confidence, Price, Tariff, Version
from tictally_shared.phrase import Phrase, PhraseCode


def version(start: date, until: date | None = None) -> Version:
    return Version(
        tariff="own",
        start=start,
        until=until,
        energy={None: {"BASE": Price(Decimal("0.2"))}},
        subscription={None: Decimal(10)},
        source="a test",
        confidence=Confidence.OWN,
    )


def tariff(*versions: Version, revised: tuple[tuple[int, int], ...] = ((2, 1), (8, 1))) -> Tariff:
    return Tariff("own", "Somebody", {"en": "own"}, "EUR", ("BASE",), versions, revised=revised)


def found(checked: Tariff, day: date) -> list[tuple[PhraseCode, date, date | None]]:
    return [(finding.phrase.code, finding.since, finding.until) for finding in check([checked], day)]


FEBRUARY, AUGUST = date(2026, 2, 1), date(2026, 8, 1)


def test_versions_without_a_gap_have_no_finding() -> None:
    assert found(tariff(version(FEBRUARY, date(2026, 7, 31)), version(AUGUST)), date(2026, 11, 1)) == []


def test_days_between_versions_are_a_gap() -> None:
    checked = tariff(version(FEBRUARY, date(2026, 3, 31)), version(AUGUST))
    assert check([checked], date(2026, 11, 1)) == [
        TariffIssue(
            "own",
            Phrase(IssueCode.GAP, {"tariff": "own", "since": "2026-04-01", "until": "2026-07-31"}),
            date(2026, 4, 1),
            date(2026, 7, 31),
        )
    ]


def test_a_single_day_is_a_gap_too() -> None:
    day = date(2026, 7, 31)
    assert found(tariff(version(FEBRUARY, date(2026, 7, 30)), version(AUGUST)), AUGUST) == [(IssueCode.GAP, day, day)]


def test_a_tariff_is_overdue_from_the_day_of_the_first_missing_revision() -> None:
    checked = tariff(version(FEBRUARY))
    assert found(checked, date(2026, 7, 31)) == []
    assert found(checked, AUGUST) == [(IssueCode.OVERDUE, AUGUST, None)]
    assert found(checked, date(2027, 5, 1)) == [(IssueCode.OVERDUE, AUGUST, None)]


def test_a_tariff_without_revisions_is_never_overdue() -> None:
    assert found(tariff(version(FEBRUARY), revised=()), date(2099, 1, 1)) == []


def test_a_tariff_that_ended_is_missing_a_version_after_its_end() -> None:
    checked = tariff(version(FEBRUARY, date(2026, 7, 31)))
    assert found(checked, date(2026, 7, 31)) == []
    assert found(checked, AUGUST) == [(IssueCode.ENDED, AUGUST, None)]


def test_unknown_subscriptions_are_reported_with_their_days() -> None:
    unknown = replace(version(FEBRUARY), subscription={})
    assert found(tariff(unknown, version(AUGUST)), AUGUST) == [(IssueCode.NO_SUBSCRIPTION, FEBRUARY, date(2026, 7, 31))]
    assert found(tariff(unknown), FEBRUARY) == [(IssueCode.NO_SUBSCRIPTION, FEBRUARY, None)]


def test_findings_are_in_the_order_of_their_days() -> None:
    first, second = version(date(2020, 1, 1), date(2020, 1, 31)), replace(version(date(2020, 3, 1)), subscription={})
    days = [since for _, since, _ in found(tariff(first, second), date(2026, 1, 1))]
    assert days == [date(2020, 2, 1), date(2020, 3, 1), date(2020, 8, 1)]
