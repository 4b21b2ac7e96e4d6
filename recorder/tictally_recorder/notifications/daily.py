"""What may wait until the day: colours, standby, budget, backup, tariffs, Enedis."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

from tictally_recorder.cost.budget import budget_of
from tictally_recorder.cost.standby import trend
from tictally_recorder.doctor.collect import collect_cost
from tictally_recorder.doctor.reconciliation import ReconciledSite, collect_reconciliation, reconciliation_findings
from tictally_recorder.finding import FindingCode
from tictally_recorder.hubs.month_forecast import COST_MONTH_FORECAST, days_looked_at, month_figures
from tictally_recorder.hubs.site_outlook import course_terms
from tictally_recorder.hubs.site_state import CURRENCY, MONTH, CurrentSite, applied_tariff, site_figures
from tictally_recorder.hubs.site_updater import recent_rows, rows_between
from tictally_recorder.hubs.tempo_days import reported_colours
from tictally_recorder.jobs import job_reports
from tictally_recorder.ledger import Site
from tictally_recorder.notifications.model import Event, Notification, NotificationCode
from tictally_recorder.notifications.settings import NotifySettings
from tictally_recorder.notifications.view import Memory, View
from tictally_recorder.reconciliation import DayComparison, Verdict
from tictally_recorder.remark import RemarkCode
from tictally_recorder.tariffs.model import Direction
from tictally_shared.calendar import local_day
from tictally_shared.phrase import Phrase
from tictally_shared.status_register import Colour

_DAY: Final = timedelta(days=1)
# The thirty nights of the trend, and those that they are compared with.
_NIGHTS_BACK: Final = timedelta(days=70)
_OLD_NIGHTS: Final = timedelta(days=3)
# A refrigerator's ice or a guest's charger is no news.
_RISE_VA: Final = 30
_RISE: Final = 0.15
# A forecast of the first days rests on little.
_FORECAST_SINCE: Final = 5
_BACKUPS: Final = {
    "backup": NotificationCode.BACKUP_FAILED,
    "remote_backup": NotificationCode.REMOTE_BACKUP_FAILED,
}


def red_day(view: View, memory: Memory) -> Iterator[Notification]:
    """A red Tempo day tomorrow. Remembers site → the newest one that was notified."""
    tomorrow = view.today + _DAY
    for site in view.sites:
        if memory.get(site.id) != str(tomorrow) and _is_red_tomorrow(view, site):
            memory[site.id] = str(tomorrow)
            yield Notification(Event.RED_DAY, site.id, Phrase(NotificationCode.RED_DAY, {"day": str(tomorrow)}))


def _is_red_tomorrow(view: View, site: Site) -> bool:
    """By calendar and meter where the contract has colours, by the meter where there is no contract."""
    tomorrow, terms = view.today + _DAY, view.terms
    if terms is None or terms.contracts.on(site.id, Direction.CONSUMPTION, tomorrow) is None:
        return reported_colours(view.reader, site, view.now_ms, view.tz).get(tomorrow) is Colour.ROUGE
    paid = applied_tariff(site.id, Direction.CONSUMPTION, tomorrow, terms)
    if paid is None or not paid.has_colours:
        return False
    colours = course_terms(view.reader, site, terms, view.now_ms, view.tz).colours
    return colours.get(tomorrow) is Colour.ROUGE


def standby_rises(view: View, memory: Memory) -> Iterator[Notification]:
    """A base load above that of the month before. Remembers the sites where it is."""
    for site in view.sites:
        tomorrow = view.today + _DAY
        newest = view.reader.newest_night(site, tomorrow)
        if newest is None or newest < view.today - _OLD_NIGHTS:
            continue
        found = trend(view.reader.standby(site, newest - _NIGHTS_BACK, tomorrow))
        change = found.change_since(found.before) if found else None
        if found is None or change is None or found.recent.va is None:
            continue
        least = max(_RISE_VA, _RISE * (found.recent.va - change))
        if change >= least and site.id not in memory:
            memory[site.id] = True
            about = {"va": found.recent.va, "before": found.recent.va - change}
            if not view.is_first:
                yield Notification(Event.STANDBY_RISES, site.id, Phrase(NotificationCode.STANDBY_RISES, about))
        elif change < least / 2:
            memory.pop(site.id, None)


def budget_exceeded(view: View, memory: Memory) -> Iterator[Notification]:
    """A month that costs more than its budget. Remembers site → the month and the budget that it exceeded."""
    for site in view.sites:
        budget = _budget_of(view, site)
        if budget is None:
            continue
        exceeded = f"{view.today:%Y-%m} {budget}"
        if memory.get(site.id) == exceeded:
            continue
        figures = figures_of(view, site)
        amount = _decimal(figures.get(MONTH))
        if amount is None or amount <= budget:
            continue
        memory[site.id] = exceeded
        about = {"amount": f"{amount:f}", "budget": f"{budget:f}", "currency": figures[CURRENCY]}
        if not view.is_first:
            yield Notification(Event.BUDGET_EXCEEDED, site.id, Phrase(NotificationCode.BUDGET_EXCEEDED, about))


def budget_threatened(view: View, memory: Memory) -> Iterator[Notification]:
    """A month that is likely to cost more than its budget. Remembers site → the month and the budget."""
    if view.today.day < _FORECAST_SINCE:
        return
    for site in view.sites:
        budget = _budget_of(view, site)
        known = f"{view.today:%Y-%m} {budget}"
        if budget is None or memory.get(site.id) == known:
            continue
        figures = figures_of(view, site)
        amount, likely = _decimal(figures.get(MONTH)), _likely_cost(view, site)
        if amount is None or likely is None or amount > budget or likely <= budget:
            continue
        memory[site.id] = known
        about = {"amount": f"{likely:f}", "budget": f"{budget:f}", "currency": figures[CURRENCY]}
        if not view.is_first:
            yield Notification(Event.BUDGET_THREATENED, site.id, Phrase(NotificationCode.BUDGET_THREATENED, about))


def _budget_of(view: View, site: Site) -> Decimal | None:
    """That of the site, else that of the settings."""
    return budget_of(view.reader.get_value, site.id) or view.settings.section(NotifySettings).budget


def _likely_cost(view: View, site: Site) -> Decimal | None:
    """What the month is likely to cost, as Home Assistant's entity has it."""
    since = local_day(min(meter.first_ms for meter in site.meters), view.tz)
    current = CurrentSite(site.id, view.today, view.now_ms, None, since=since)
    rows = [row for span in days_looked_at(view.today) for row in rows_between(view.reader, site, span, view.terms)]
    return _decimal(month_figures(current, rows)[COST_MONTH_FORECAST])


def figures_of(view: View, site: Site) -> dict[str, str]:
    """The site's figures as its topics have them; `none` stands for what is not known."""
    since = local_day(min(meter.first_ms for meter in site.meters), view.tz)
    current = CurrentSite(site.id, view.today, view.now_ms, None, since=since)
    rows = recent_rows(view.reader, site, view.today, view.terms)
    return site_figures(current, rows, {}, view.terms)


def _decimal(text: str | None) -> Decimal | None:
    try:
        return None if text is None else Decimal(text)
    except InvalidOperation:  # `none`
        return None


def backup_failed(view: View, memory: Memory) -> Iterator[Notification]:
    """A backup, or its copy elsewhere, that fails. Remembers the jobs that do."""
    for report in job_reports(view.settings, view.reader.get_value, view.now_ms):
        code = _BACKUPS.get(report.name)
        if code is None:
            continue
        if not report.is_enabled or not report.is_failing or report.problem is None:
            memory.pop(report.name, None)
        elif report.name not in memory:
            memory[report.name] = True
            if not view.is_first:
                yield Notification(Event.BACKUP_FAILED, None, Phrase(code, {"problem": report.problem}))


def tariff_overdue(view: View, memory: Memory) -> Iterator[Notification]:
    """A tariff whose revision is due and not known. Remembers site → the day on which it was due."""
    for paid in collect_cost(view.settings, view.now_ms).paid:
        if paid.overdue_since is None or paid.version is None:
            continue
        due = paid.overdue_since.isoformat()
        if memory.get(paid.site) != due:
            memory[paid.site] = due
            about = {"due": due, "version": paid.version}
            if not view.is_first:
                yield Notification(Event.TARIFF_OVERDUE, paid.site, Phrase(NotificationCode.TARIFF_OVERDUE, about))


def enedis_differs(view: View, memory: Memory) -> Iterator[Notification]:
    """Days whose energy differs from Enedis' figure. Remembers site → those that were notified, of the last month."""
    for site in collect_reconciliation(view.settings, view.now_ms):
        before = set(memory.get(site.site, ()))
        different = {str(each.day) for each in site.days if each.verdict is Verdict.DIFFERENT}
        memory[site.site] = sorted({*different, *(before & {str(each.day) for each in site.days})})
        if view.is_first:
            continue
        new = ReconciledSite(
            site.site, [each for each in site.days if str(each.day) not in before and not _is_partial(each)]
        )
        for finding in reconciliation_findings([new]):
            if finding.phrase.code is FindingCode.RECONCILE_DIFFERS:
                phrase = Phrase(NotificationCode.ENEDIS_DIFFERS, finding.phrase.parameters)
                yield Notification(Event.ENEDIS_DIFFERS, site.site, phrase)


def _is_partial(day: DayComparison) -> bool:
    """Whether the site had no frames before or after a part of the day: the first day of a recorder is one."""
    return day.cause is not None and day.cause.code is RemarkCode.RECONCILE_PARTIAL
