"""Maintenance of the recorder: short steps of the loop's own thread, run in the time that live frames leave."""

from tictally_recorder.maintenance.scheduler import MaintenanceScheduler, MaintenanceStep, Turn, Wake

__all__ = ["MaintenanceScheduler", "MaintenanceStep", "Turn", "Wake"]
