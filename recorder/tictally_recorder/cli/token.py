"""`tictally token`: tokens for the clients of Conso API's interface."""

import dataclasses
import json as json_
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from tictally_recorder.api.settings import ConsoSettings
from tictally_recorder.cli.console import echo, print_table
from tictally_recorder.cli.option_groups import flattened
from tictally_recorder.cli.options import Configuration, JsonOption, group, whole_number
from tictally_recorder.cli.wrong_use import WrongUse
from tictally_recorder.ledger import LedgerReader
from tictally_recorder.reports.table import plain_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tictally_recorder.api.compat.conso.tokens import Issued

# As long as those of Conso API.
_DAYS: Final = 364 + 365 + 365
_DAY: Final = len("2026-11-21")
_MOST_DAYS: Final = 3660

app = group()


@app.command(short_help="Create a token; it is shown once.")
@flattened
def create(
    prm: Annotated[
        list[str],
        typer.Option("--prm", metavar="PRM", help="Delivery point that it opens, or a site's id; may be repeated."),
    ],
    days: Annotated[
        int, typer.Option("--days", metavar="N", parser=whole_number(1, _MOST_DAYS), help="Days until it expires.")
    ] = _DAYS,
    *,
    configuration: Configuration,
) -> None:
    """Create a bearer token for a client. It is shown once and not stored; `list` has its id, to revoke it."""
    from tictally_recorder.api.compat.conso.tokens import TokenBook, TokenError  # noqa: PLC0415 - half a second for others

    settings = configuration.settings()
    with LedgerReader.open(settings.ledger) as reader:
        known = {name for site in reader.sites() for name in (site.id, *(meter.key for meter in site.meters))}
    sites = settings.section(ConsoSettings).prms
    for each in prm:
        if sites.get(each, each) not in known:
            raise WrongUse("no_delivery_point", "--prm", name=each[:40])
    try:
        issued, token = TokenBook(settings.ledger.parent).create(prm, days, datetime.now(UTC))
    except TokenError as error:
        raise typer.BadParameter(str(error)) from None
    echo(token)
    echo(f"Token {issued.id}, until {issued.expires}.", err=True)


@app.command("list", short_help="List the tokens.")
@flattened
def list_tokens(*, json: JsonOption = False, configuration: Configuration) -> None:
    """List the tokens: id, delivery points, first and last day, and whether they are revoked."""
    from tictally_recorder.api.compat.conso.tokens import TokenBook, TokenError  # noqa: PLC0415

    try:
        found = TokenBook(configuration.settings().ledger.parent).all()
    except TokenError as error:
        raise typer.BadParameter(str(error)) from None
    if json:
        echo(as_json(found))
        return
    if not found:
        echo("There are no tokens yet; `tictally token create --prm …` creates one.")
        return
    table = plain_table()
    for heading in ("Id", "PRM", "From", "Until", ""):
        table.add_column(heading, no_wrap=heading != "PRM")
    for each in found:
        table.add_row(
            each.id,
            ", ".join(each.prms),
            each.created[:_DAY],
            each.expires[:_DAY],
            "revoked" if each.is_revoked else "",
        )
    print_table(table)


@app.command(short_help="Revoke a token.")
@flattened
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="Id of a token, as `tictally token list` shows it.")],
    *,
    configuration: Configuration,
) -> None:
    """Revoke a token, from the next request on."""
    from tictally_recorder.api.compat.conso.tokens import TokenBook, TokenError  # noqa: PLC0415

    try:
        TokenBook(configuration.settings().ledger.parent).revoke(token_id)
    except TokenError as error:
        raise typer.BadParameter(str(error), param_hint="ID") from None
    echo(f"Token {token_id} is revoked.")


def as_json(found: "Iterable[Issued]") -> str:
    """A JSON array of tokens: id, prms, created, expires, is_revoked."""
    return json_.dumps([dataclasses.asdict(each) for each in found], indent=2)
