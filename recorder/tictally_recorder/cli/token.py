"""`tictally token`: tokens for the clients of Conso API's interface."""

from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from tictally_recorder.api.settings import ConsoSettings
from tictally_recorder.cli.console import print_table, say
from tictally_recorder.cli.options import ConfigOption, LedgerOption, settings_of
from tictally_recorder.ledger import LedgerReader
from tictally_recorder.reports.table import plain_table

_DAYS: Final = 365
_MOST_DAYS: Final = 3660

app = typer.Typer(help="Make, list and revoke tokens for the clients of Conso API's interface.", no_args_is_help=True)


@app.command(short_help="Make a token; it is shown once.")
def create(
    prm: Annotated[
        list[str],
        typer.Option(metavar="PRM", help="A delivery point that it opens, or a site's id; several times for several."),
    ],
    days: Annotated[int, typer.Option(min=1, max=_MOST_DAYS, help="How long it is of use.")] = _DAYS,
    ledger: LedgerOption = None,
    config: ConfigOption = None,
) -> None:
    """Make a token, which its client bears. It is shown once and kept nowhere; `list` has its id, to revoke it."""
    from tictally_recorder.api.compat.conso.tokens import TokenBook, TokenError  # noqa: PLC0415 - half a second for others

    settings = settings_of(config, ledger)
    with LedgerReader.open(settings.ledger) as reader:
        known = {name for site in reader.sites() for name in (site.id, *(meter.key for meter in site.meters))}
    sites = settings.section(ConsoSettings).prms
    for each in prm:
        if sites.get(each, each) not in known:
            raise typer.BadParameter(
                f"{each[:40]!r} is no site here; TICTALLY_PRMS says which site a delivery point is", param_hint="--prm"
            )
    try:
        issued, token = TokenBook(settings.ledger.parent).create(prm, days, datetime.now(UTC))
    except TokenError as error:
        raise typer.BadParameter(str(error)) from None
    say(token)
    say(f"Token {issued.id}, until {issued.expires}.", aside=True)


@app.command("list", short_help="List the tokens that were made.")
def list_tokens(ledger: LedgerOption = None, config: ConfigOption = None) -> None:
    """List the tokens that were made: id, delivery points, until when, and whether they are revoked."""
    from tictally_recorder.api.compat.conso.tokens import TokenBook, TokenError  # noqa: PLC0415

    try:
        found = TokenBook(settings_of(config, ledger).ledger.parent).all()
    except TokenError as error:
        raise typer.BadParameter(str(error)) from None
    if not found:
        say("There are no tokens yet; `tictally token create --prm …` makes one.")
        return
    table = plain_table()
    for heading in ("Id", "PRM", "Made", "Until", ""):
        table.add_column(heading, no_wrap=True)
    for each in found:
        table.add_row(each.id, ", ".join(each.prms), each.created, each.expires, "revoked" if each.is_revoked else "")
    print_table(table)


@app.command(short_help="Let a token be of no use any more.")
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="As `tictally token list` has it.")],
    ledger: LedgerOption = None,
    config: ConfigOption = None,
) -> None:
    """Let a token be of no use any more; the recorder hears of it with the next request."""
    from tictally_recorder.api.compat.conso.tokens import TokenBook, TokenError  # noqa: PLC0415

    try:
        TokenBook(settings_of(config, ledger).ledger.parent).revoke(token_id)
    except TokenError as error:
        raise typer.BadParameter(str(error), param_hint="ID") from None
    say(f"Token {token_id} is of no use any more.")
