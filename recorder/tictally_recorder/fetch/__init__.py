"""HTTP requests to services on the internet: bounded in size and time, cached by ETag, forbidden by one setting.

The client stands apart, in `client`: its library takes long to import, and most commands send no request.
"""

from tictally_recorder.fetch.answer import Answer, FetchError
from tictally_recorder.fetch.settings import FetchSettings, Url

__all__ = ["Answer", "FetchError", "FetchSettings", "Url"]
