"""The demo's screen for a terminal, its line for a pipe, and the summary at its end."""

from rich import box
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from demo.ledger_totals import LedgerTotals
from demo.picture import Picture

_WIDTH = 78
_REGISTERS_SHOWN = 8
_UNKNOWN = "none"
_STYLES = {"online": "green", "offline": "red"}


def screen(source: str, port: int, page: str, picture: Picture, totals: LedgerTotals) -> Panel:
    """Return everything on one screen.

    Args:
        source: what is read, in words.
        port: the private broker's.
        page: its address.
        picture: state of the topics.
        totals: of the ledger.
    """
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="dim", no_wrap=True)
    rows.add_column()
    rows.add_row("meter", " · ".join(filter(None, [picture.meter or "listening …", picture.mode, source])))
    rows.add_row("power", Text(_power(picture), style="bold"))
    rows.add_row("period", picture.period or "…")
    rows.add_row("registers", _registers(picture))
    rows.add_row("today", _today(totals))
    if cost := _cost(picture):
        rows.add_row("cost", cost)
    rows.add_row("frames", _frames(picture, totals))
    rows.add_row("rejected", _rejected(picture))
    rows.add_row("", "")
    rows.add_row("now", _states(picture))
    rows.add_row("page", Text(page, style=f"bold link {page}"))
    rows.add_row("look", f"mosquitto_sub -h 127.0.0.1 -p {port} -v -t 'tictally/#'")
    return Panel(rows, title="tictally demo", subtitle="Ctrl-C to stop", width=_WIDTH, box=box.ROUNDED)


def line(clock: str, picture: Picture, totals: LedgerTotals) -> str:
    """Return the same in one line, for a pipe or a log.

    Args:
        clock: the local time in words.
        picture: state of the topics.
        totals: of the ledger.
    """
    if picture.meter is None:
        return f"{clock}  listening …"
    registers = " ".join(f"{name} {_spaced(value)} Wh" for name, value in list(picture.registers.items())[:1])
    today = f"today {_kwh(totals.consumption_wh)}"
    parts = [_power(picture), picture.period or "", registers, today, _cost(picture), _frames(picture, totals)]
    return "  ".join([clock, *filter(None, parts)])


def summary(picture: Picture, totals: LedgerTotals) -> list[str]:
    """Return the summary at the end."""
    return [
        f"frames: {picture.frames} sent, {totals.frames} stored; messages rejected by the recorder: {totals.rejected}",
        f"groups rejected by the edge: {_rejected(picture)}",
        f"energy in the ledger: {_today(totals)}",
        *([f"cost: {cost}"] if (cost := _cost(picture)) else []),
    ]


def _power(picture: Picture) -> str:
    if picture.power_va is None:
        return "…"
    injection = f" consumed, {_spaced(picture.injection_va)} VA injected" if picture.injection_va else ""
    return f"{_spaced(picture.power_va)} VA{injection}"


def _registers(picture: Picture) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    for name, value in list(picture.registers.items())[:_REGISTERS_SHOWN]:
        table.add_row(name, f"{_spaced(value)} Wh")
    return table


def _today(totals: LedgerTotals) -> str:
    periods = ", ".join(f"{period} {_kwh(wh)}" for _, period, wh in totals.today_wh if period)
    return f"{_kwh(totals.consumption_wh)}{f' ({periods})' if periods else ''}"


def _cost(picture: Picture) -> str:
    """Of today, and of a kWh now; nothing before it is known."""
    today, price, currency = (picture.cost.get(name, _UNKNOWN) for name in ("cost_today", "price", "currency"))
    if _UNKNOWN in {today, price, currency}:
        return ""
    return f"{today} {currency} today incl. subscription; {price} {currency}/kWh now"


def _frames(picture: Picture, totals: LedgerTotals) -> str:
    rejected = f", {totals.rejected} rejected" if totals.rejected else ""
    return f"{picture.frames} sent, {totals.frames} stored{rejected}"


def _rejected(picture: Picture) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in picture.rejected.items()) or "none"


def _states(picture: Picture) -> Text:
    text = Text()
    for name in ("meter", "edge", "recorder"):
        state = picture.states.get(name, "…")
        text.append(f"{name} {state}   ", style=_STYLES.get(state, "dim"))
    return text


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _kwh(wh: int) -> str:
    return f"{wh // 1000}.{wh % 1000:03d} kWh"
