"""The page that a person looks at: files as they are, served by the recorder. It asks the API, and nobody else."""

from tictally_recorder.page.routes import page_routes

__all__ = ["page_routes"]
