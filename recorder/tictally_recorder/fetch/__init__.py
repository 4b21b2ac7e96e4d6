"""HTTP requests to services on the internet: bounded in size and time, cached by ETag, forbidden by one setting."""

from tictally_recorder.fetch.client import Answer, FetchClient, FetchError, FetchSettings, Url

__all__ = ["Answer", "FetchClient", "FetchError", "FetchSettings", "Url"]
