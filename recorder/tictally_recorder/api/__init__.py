"""What the recorder answers on HTTP: its API, readings by HTTP, and Conso API's interface over the local data."""

from tictally_recorder.api.server import HttpServer

__all__ = ["HttpServer"]
