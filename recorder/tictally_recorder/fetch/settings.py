"""Settings of requests to services on the internet, and of their addresses."""

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, ConfigDict, Field

from tictally_recorder.settings import SECTIONS
from tictally_shared.settings.checks import url_check
from tictally_shared.settings.sections import SectionModel

Url: TypeAlias = Annotated[str, AfterValidator(url_check("https://host"))]
"""The address of a service, without a slash at the end; a setting names a mirror by it."""


class FetchSettings(SectionModel):
    """Requests to services on the internet."""

    model_config = ConfigDict(populate_by_name=True)

    mode: Literal["on", "off"] = Field(
        default="on",
        alias="fetch",
        description="`off` forbids all requests to services on the internet, and switches off the jobs that need them.",
    )

    @property
    def is_allowed(self) -> bool:
        """Whether requests are allowed."""
        return self.mode == "on"


SECTIONS.register(FetchSettings, "fetch_")
