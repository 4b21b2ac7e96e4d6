"""Jobs: what the recorder does by the clock, and how that went."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from tictally_recorder.api.context import ReadSession
from tictally_recorder.api.params import ListFormat
from tictally_recorder.api.responses import CSV_RESPONSES, Listing, answer_list
from tictally_recorder.api.schemas import JobItem, ListOf
from tictally_recorder.jobs import job_reports

router = APIRouter(tags=["jobs"])

_COLUMNS: Final = tuple(JobItem.model_fields)


class JobParams(BaseModel):
    """Selects the format of the list."""

    model_config = ConfigDict(frozen=True)

    format: ListFormat | None = Field(None, description="Default: by the Accept header.")


@router.get("/jobs", response_model=ListOf[JobItem], responses=CSV_RESPONSES)
async def jobs(
    request: Request,
    params: Annotated[JobParams, Query()],  # noqa: ARG001 - read from the request
) -> Response:
    """Every job with its schedule, last run, last success and next run; times in UTC."""

    def work(session: ReadSession) -> Listing:
        reports = job_reports(session.context.settings, session.reader.get_value, session.now_ms)
        return Listing([report.to_record() for report in reports])

    return await answer_list(request, None, work, _COLUMNS)
