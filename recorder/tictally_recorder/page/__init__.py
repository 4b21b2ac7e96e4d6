"""The web page: static files served by the recorder. It requests data from the API and nothing from elsewhere."""

from tictally_recorder.page.routes import page_routes

__all__ = ["page_routes"]
