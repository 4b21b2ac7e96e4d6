"""HTTP requests to services on the internet: bounded in size and time, cached by ETag, forbidden by one setting."""

from tictally_recorder.fetch.client import Answer, FetchClient, FetchError
from tictally_recorder.fetch.settings import FetchSettings

__all__ = ["Answer", "FetchClient", "FetchError", "FetchSettings"]
