"""The addresses of the API, a file for each subject."""

from typing import Final

from tictally_recorder.api.routes import (
    calendar,
    compare,
    contracts,
    cost,
    day,
    energy,
    household,
    imports,
    injection,
    jobs,
    live,
    log,
    notes,
    overview,
    period,
    power,
    prices,
    profile,
    quality,
    readings,
    reconciliation,
    sinks,
    sites,
    standby,
    system,
    tariffs,
    temperature,
    tokens,
    versus,
)

ROUTERS: Final = tuple(
    each.router
    for each in (
        sites,
        household,
        live,
        overview,
        readings,
        energy,
        day,
        period,
        profile,
        injection,
        prices,
        calendar,
        cost,
        compare,
        contracts,
        power,
        standby,
        reconciliation,
        temperature,
        versus,
        tariffs,
        quality,
        system,
        sinks,
        jobs,
        imports,
        tokens,
        notes,
        log,
    )
)

__all__ = ["ROUTERS"]
