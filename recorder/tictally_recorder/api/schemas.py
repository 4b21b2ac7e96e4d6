"""Schemas of responses, for /openapi.json; docs/api.md has an example of each.

Responses are not validated through them: that would take longer than computing them. A test compares the two.
"""

from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, Field

_Item = TypeVar("_Item")


class ListOf(BaseModel, Generic[_Item]):
    """A page of a list; some lists have further members."""

    items: list[_Item]
    next: str | None


class _SiteRecord(BaseModel):
    site: str


class _RangeRecord(_SiteRecord):
    start: str = Field(alias="from")
    to: str


class SiteItem(_SiteRecord):
    """A site."""

    name: str | None
    timezone: str
    is_integrated: bool
    injects: bool
    has_production: bool
    first: str
    last: str
    meters: list[dict[str, Any]]
    edges: list[str]
    meter_reported: dict[str, Any]
    contracts: list[dict[str, Any]]
    contracts_readable: bool
    first_contract: dict[str, Any] | None
    how_to_begin: str | None


class HouseholdItem(_SiteRecord):
    """What the recorder keeps for a household."""

    budget: str | None


class BudgetRecord(_SiteRecord):
    """The budget of a month."""

    budget: str | None


class NowItem(_SiteRecord):
    """The current state of a site."""

    meter: str
    at: str | None
    age_s: int | None
    state: Literal["online", "silent", "offline"]
    power_va: int | None
    injection_va: int | None
    power_w: int | None
    injection_w: int | None
    cost_per_hour: str | None
    subscribed_kva: int | None
    overload: bool
    phases: list[dict[str, int | None]]
    period: str | None
    price: str | None
    currency: str | None
    tariff: str | None
    colour_today: str | None
    colour_tomorrow: str | None
    registers: list[dict[str, Any]]
    today: dict[str, Any]
    edges: list[dict[str, str]]


class OverviewItem(_SiteRecord):
    """A site now, today and this month."""

    currency: str | None
    now: NowItem | None
    prices: dict[str, Any]
    today: dict[str, Any]
    month: dict[str, Any]
    days: list[dict[str, Any]]
    standby: dict[str, Any] | None
    problems: list[dict[str, Any]]


class DayItem(_RangeRecord):
    """A local day."""

    day: str
    first: str
    last: str
    currency: str | None
    energy_wh: int | None
    injection_wh: int | None
    estimated: bool
    cost: str | None
    cost_energy: str | None = None
    cost_subscription: str | None = None
    income: str | None = None
    quality: str | None
    hours: list[dict[str, Any]]
    maximum: dict[str, Any] | None
    temperature: dict[str, float] | None
    events: list[dict[str, str]]
    beside: list[dict[str, Any]]


class CurveItem(_SiteRecord):
    """The power of a local day."""

    day: str
    step_s: int
    mean_va: list[int | None]
    max_va: list[int | None]


class PriceItem(_SiteRecord):
    """Prices of a kWh, now and ahead."""

    currency: str | None
    period: str | None
    price: str | None
    next_price: str | None
    next_price_at: str | None
    next_period: str | None
    next_period_at: str | None
    cheapest_3h: str | None
    cheapest_3h_price: str | None
    price_tomorrow: str | None
    colour_tomorrow: str | None
    today: list[dict[str, str | None]]
    tomorrow: list[dict[str, str | None]]


class TempoDayItem(BaseModel):
    """The colour of a Tempo day."""

    day: str
    colour: str
    source: str
    confidence: str


class QuarterItem(_RangeRecord):
    """A label in a quarter-hour."""

    meter: str
    label: str
    kind: Literal["live", "register", "ends"]
    unit: str | None
    n: int | None
    mean: float | None
    min: int | None
    max: int | None
    first: int
    last: int


class FrameItem(_SiteRecord):
    """A raw frame."""

    meter: str
    at: str
    values: dict[str, int | str]


class EnergyItem(_RangeRecord):
    """What a register counted."""

    label: str = Field(alias="register")
    period: str | None
    energy: int
    unit: str
    estimated: bool
    quality: str
    fell: bool
    first: int
    last: int
    covered: int
    quarters: int
    imported: int


class UseItem(_RangeRecord):
    """Consumption and injection, each kWh once."""

    consumption_wh: int | None
    injection_wh: int | None
    periods: dict[str, int]
    estimated: bool
    quality: str
    covered: int
    quarters: int
    imported: int


class ProfileItem(_SiteRecord):
    """Mean power in an hour of a weekday."""

    weekday: int
    hour: int
    mean_w: float
    hours: int


class UsualItem(_SiteRecord):
    """Today against a typical day of the same weekday."""

    weekday: int
    days: list[str]
    until: str
    today: dict[str, Any]
    usual_by_now: dict[str, Any]
    usual_day: dict[str, Any]
    currency: str | None


class ReasonItem(BaseModel):
    """Why a figure is unknown or provisional: a code, its parameters, and an English clause made of them."""

    code: str
    parameters: dict[str, Any]
    text: str


class DatedReasonItem(ReasonItem):
    """A reason with the number of its days, the ranges of them, and what is unknown by it."""

    days: int
    ranges: list[tuple[str, str]]
    unknown: dict[str, Any] | None = None


class CostItem(_RangeRecord):
    """A line of cost, or a total."""

    kind: Literal["energy", "subscription", "lump_sum", "total"]
    direction: str | None
    period: str | None
    days: int
    energy_wh: int | None
    price: str | None
    amount: str | None
    rounded: str | None
    currency: str | None
    version: str | None
    hash: str | None
    power_kva: int | None
    quality: str
    reasons: list[DatedReasonItem]


class OfferItem(_RangeRecord):
    """The cost of the same consumption on a tariff."""

    tariff: str
    power_kva: int | None
    energy_wh: dict[str, int]
    amount: str | None
    rounded: str | None
    currency: str
    quality: str
    days: int
    ranges: list[list[str]]
    reasons: list[DatedReasonItem]
    off_peak_hours: str
    actual_tariff: str | None
    actual: str | None
    actual_days: int
    prices_on: str | None
    name: str | None


class ContractItem(BaseModel):
    """A contract in the file of contracts."""

    contract: int
    site: str | None
    direction: str
    tariff: str
    start: str = Field(alias="from")
    until: str | None
    last: str | None
    power_kva: int | None
    powers_kw: dict[str, str]
    off_peak: list[str]
    summer_off_peak: list[str]
    has_other_seasons: bool
    chosen_day: str | None
    billing_day: int | None
    billed_in_advance: int | None
    aliases: dict[str, str]


class AskedRecord(BaseModel):
    """What a tariff asks for."""

    tariff: str
    direction: str
    powers: list[int]
    power_names: list[str]
    off_peak: bool
    chosen_day: bool
    reported_power_kva: int | None
    counted_off_peak: list[str]


class ContractChange(BaseModel):
    """What a change of contracts does, or would do."""

    is_written: bool
    state: str
    lines: list[dict[str, str]]
    recomputed: list[dict[str, Any]]
    findings: list[dict[str, Any]]


class PowerItem(_RangeRecord):
    """A power that could be subscribed."""

    power_kva: int
    is_subscribed: bool
    days: int
    days_over: int
    over: list[list[str]]
    days_unknown: int
    subscription: str | None
    saving_year: str | None
    currency: str | None
    tariff: str | None
    highest_va: int | None
    highest_day: str | None


class InjectionItem(_RangeRecord):
    """Injection and production in a period."""

    consumption_wh: int | None
    injection_wh: int | None
    estimated: bool
    income: str | None
    currency: str | None
    quarters: int
    production_wh: int | None
    production_estimated: bool
    production_quarters: int
    both_quarters: int
    self_consumed_wh: int | None
    self_consumption: float | None
    self_production: float | None
    is_contradictory: bool


class SurplusItem(_SiteRecord):
    """Mean power injected in an hour of a month."""

    month: int
    hour: int
    mean_w: float
    hours: int


class PowerHistoryItem(_RangeRecord):
    """The powers of some days."""

    power_kva: int | None
    distribution: dict[str, Any] | None
    highest: list[dict[str, Any]]
    phases: dict[str, Any] | None
    volts: list[dict[str, Any]]
    voltage: dict[str, Any] | None
    overloads: list[dict[str, Any]]
    more_overloads: int
    overload_days: int
    unknown: dict[str, str]


class TariffItem(BaseModel):
    """A tariff."""

    id: str
    supplier: str
    name: str
    currency: str
    direction: str
    periods: list[str]
    is_series: bool
    versions: int
    newest: str
    confidence: str
    overdue_since: str | None


class ProvidedTariffItem(BaseModel):
    """A tariff of a provider."""

    id: str
    newest: str | None
    imported: str | None
    overdue_since: str | None
    problem: str | None


class TariffProviderItem(BaseModel):
    """A tariff provider."""

    name: str
    title: str
    form: str
    imported: str | None
    age_days: int | None
    overdue_since: str | None
    problem: str | None
    tariffs: list[ProvidedTariffItem]


class TokenItem(BaseModel):
    """A token of a client of Conso API's interface."""

    id: str
    prms: list[str]
    created: str
    expires: str
    is_revoked: bool


class CreatedToken(TokenItem):
    """A token that was just created."""

    token: str


class QrCode(BaseModel):
    """A QR code: a string of 0 and 1 for each row."""

    rows: list[str]


class SystemRecord(BaseModel):
    """The recorder as a system: findings, versions, disk, backups."""

    findings: list[dict[str, Any]]
    versions: dict[str, str | int | None]
    disk: dict[str, Any]
    backup: dict[str, Any]


class PhraseItem(BaseModel):
    """A code with its parameters, and the English text of both."""

    code: str
    parameters: dict[str, Any]
    text: str


class JobItem(BaseModel):
    """A job."""

    name: str
    title: str
    schedule: str | None
    is_enabled: bool
    last_run: str | None
    last_result: str | None
    last_success: str | None
    next_run: str | None
    problem: PhraseItem | None


class TariffHistory(BaseModel):
    """The versions of a tariff, the oldest first."""

    id: str
    supplier: str
    name: str
    currency: str
    direction: str
    periods: list[str]
    is_series: bool
    overdue_since: str | None
    versions: list[dict[str, Any]]


class QualityItem(_RangeRecord):
    """Completeness of a site's data."""

    quarters: int
    covered: int
    lost: int
    gaps: list[dict[str, Any]]
    more_gaps: int
    falls: list[dict[str, Any]]


class SinkItem(BaseModel):
    """A sink that the ledger is replicated to."""

    name: str
    title: str
    destination: str
    lag_s: int
    frames: int
    quarters: int
    cost_days: int
    windows: int
    rejected: int
    problem: PhraseItem | None


class LogItem(BaseModel):
    """A line of the recorder's log."""

    at: str
    level: str
    message: str


class NoteItem(BaseModel):
    """A note on a day."""

    note: int
    site: str
    day: str
    text: str


class ImportFileItem(BaseModel):
    """A file of an import run."""

    importer: str
    name: str
    hash: str
    delivery_point: str | None
    readings: int
    intervals: int
    first: str = Field(alias="from")
    to: str


class ImportRunItem(BaseModel):
    """An import run."""

    run: int
    site: str
    imported: str
    first: str = Field(alias="from")
    to: str
    files: list[ImportFileItem]


class ImporterItem(BaseModel):
    """An importer."""

    name: str
    title: str
    form: str
    imported: str | None
    files: int
    requires: str | None


class UploadFileItem(BaseModel):
    """A file of an upload."""

    file: int
    name: str
    bytes: int


class UploadRecord(BaseModel):
    """Files on their way to being imported."""

    id: str
    files: list[UploadFileItem]
    max_bytes: int
    piece_bytes: int


class ImportMonthItem(BaseModel):
    """A month's energy before and after a task; null where it is unknown."""

    month: str
    direction: Literal["consumption", "injection"]
    before_wh: int | None
    after_wh: int | None
    quality: str | None


class ImportGapItem(BaseModel):
    """A time of a run that nothing shows."""

    start: str = Field(alias="from")
    to: str


class ContradictedItem(BaseModel):
    """A register reading that does not count, since those around it contradict it."""

    label: str = Field(alias="register")
    at: str
    value: int


class ImportResult(BaseModel):
    """What a task did, or what the dry run would do; without a run and a site where there was nothing new."""

    run: int | None
    site: str | None
    imported: str | None
    start: str | None = Field(alias="from")
    to: str | None
    files: list[ImportFileItem]
    is_new_site: bool
    skipped: list[str]
    months: list[ImportMonthItem]
    gaps: list[ImportGapItem]
    more_gaps: int
    contradicted: list[ContradictedItem]
    more_contradicted: int


class ImportFailure(BaseModel):
    """Why a task failed."""

    file: str | None
    line: int
    problem: dict[str, Any]


class ImportTaskRecord(BaseModel):
    """The running or last task of imports; all null where there was none."""

    kind: Literal["check", "import", "undo"] | None
    state: Literal["running", "done", "failed", "cancelled"] | None
    run: int | None
    phase: Literal["starting", "reading", "storing"] | None
    values: int | None
    result: ImportResult | None
    error: ImportFailure | None
    writes: Literal["allowed", "refused", "off"]
    home_assistant: bool
