"""The parameters that many questions have, each with its meaning once."""

from typing import Annotated

from fastapi import Query

Site = Annotated[
    str | None,
    Query(alias="site", max_length=64, description="A site's id or a meter of it; without it every site."),
]
From = Annotated[
    str | None,
    Query(alias="from", max_length=40, description="Where it begins: a local date, local time, or time with offset."),
]
To = Annotated[str | None, Query(alias="to", max_length=40, description="Where it ends, excluded.")]
Format = Annotated[
    str | None, Query(alias="format", max_length=20, description="json or csv; without it as Accept has it.")
]
Limit = Annotated[
    int, Query(ge=1, le=5000, description="Rows of a page at most, but for those of one period, which stay together.")
]
