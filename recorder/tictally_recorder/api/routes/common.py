"""What all routes do alike: find the context, answer in the desk's threads, say what is the same as before."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.context import Context
from tictally_recorder.api.responses import Rows, is_known, not_modified, render, tag_of, wants_csv
from tictally_recorder.ledger import LedgerReader


def context_of(request: Request) -> Context:
    """What the answer to a request is made from."""
    found: Context = request.app.state.context
    return found


@dataclass(frozen=True, slots=True)
class Answering:
    """An answer that is a list.

    Attributes:
        request: what was asked.
        columns: of CSV; none: there is no CSV.
    """

    request: Request
    columns: Sequence[str] = ()

    async def by(self, work: Callable[[LedgerReader], Rows]) -> Response:
        """The answer that some work gives."""
        context = context_of(self.request)
        wants_csv(self.request)

        def answer(reader: LedgerReader) -> Response:
            rows = work(reader)
            tag = tag_of(self.request, rows.state, context.version)
            if tag is not None and is_known(self.request, tag):
                return not_modified(tag)
            return render(self.request, rows, context.version, self.columns)

        return await context.pool.read(answer)
