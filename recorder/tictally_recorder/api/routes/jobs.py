"""Jobs: what the recorder does by the clock, and how that went."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.context import ReadSession
from tictally_recorder.api.params import LanguageListParams
from tictally_recorder.api.responses import Listing, answer_list, csv_responses
from tictally_recorder.api.schemas import JobItem, ListOf
from tictally_recorder.api.worker_pool import Lane
from tictally_recorder.jobs import job_reports

router = APIRouter(tags=["jobs"])

_COLUMNS: Final = tuple(JobItem.model_fields)


@router.get("/jobs", response_model=ListOf[JobItem], responses=csv_responses(_COLUMNS))
async def jobs(
    request: Request,
    params: Annotated[LanguageListParams, Query()],
) -> Response:
    """Every job with its schedule, last run, last success and next run; times in UTC."""

    def work(session: ReadSession) -> Listing:
        settings = session.context.settings
        reports = job_reports(settings, session.reader.get_value, session.now_ms)
        return Listing([report.to_record(params.language or settings.language) for report in reports])

    return await answer_list(request, None, work, _COLUMNS, Lane.QUICK)
