"""Checks whether a serial device exists, may be opened, and is free."""

import grp
import os
import pwd
import stat
from pathlib import Path
from typing import Final

from tictally_edge.finding import EdgeFinding, FindingCode, PartCode, Subject, bad, good, process_part
from tictally_edge.processes import Process, holders
from tictally_shared.phrase import Phrase

_PSEUDO_TERMINALS: Final = range(136, 144)  # Linux's devices.txt
_BY_ID: Final = Path("/dev/serial/by-id")


def check_device(name: str) -> tuple[EdgeFinding, Process | None]:
    """Check a device without opening it.

    Returns:
        The finding, and the edge that has it open, or None.
    """
    device = Path(name)
    try:
        status = device.stat()
    except OSError as error:
        missing = bad(
            Subject.PORT, FindingCode.PORT_MISSING, port=name, cause=_cause(error), remedy=_available_devices()
        )
        return missing, None
    if not stat.S_ISCHR(status.st_mode) or not _may_be_terminal(status.st_rdev):
        if stat.S_ISREG(status.st_mode):
            return bad(Subject.PORT, FindingCode.PORT_IS_FILE, port=name), None
        return bad(Subject.PORT, FindingCode.PORT_NOT_SERIAL, port=name, remedy=_available_devices()), None
    if not os.access(device, os.R_OK | os.W_OK):
        return _not_allowed(name, status), None
    return _open_by(name, device, status)


def _open_by(name: str, device: Path, status: os.stat_result) -> tuple[EdgeFinding, Process | None]:
    others = holders(device)
    edge = next((process for process in others if process.is_edge), None)
    if edge is not None:
        return good(Subject.PORT, FindingCode.PORT_OPEN_IN_EDGE, port=name, process=process_part(edge)), edge
    # A pseudo-terminal is held open by its creator; on a port a second reader takes bytes from the first.
    if others and os.major(status.st_rdev) not in _PSEUDO_TERMINALS:
        return bad(Subject.PORT, FindingCode.PORT_IN_USE, port=name, processes=tuple(map(process_part, others))), None
    return good(Subject.PORT, FindingCode.PORT_FREE, port=name), None


def _may_be_terminal(device: int) -> bool:
    """False where the kernel files a device elsewhere; it does not file pseudo-terminals at all."""
    subsystem = Path(f"/sys/dev/char/{os.major(device)}:{os.minor(device)}/subsystem")
    return not subsystem.exists() or subsystem.resolve().name == "tty"


def _cause(error: OSError) -> Phrase | str:
    if isinstance(error, FileNotFoundError):
        return Phrase(PartCode.NO_SUCH_DEVICE)
    return error.strerror or str(error)


def _available_devices() -> Phrase:
    found = sorted(str(path) for path in _BY_ID.iterdir()) if _BY_ID.is_dir() else []
    return Phrase(PartCode.PLUG_IN_OR_CHOOSE, {"devices": tuple(found)}) if found else Phrase(PartCode.PLUG_IN)


def _not_allowed(name: str, status: os.stat_result) -> EdgeFinding:
    code = FindingCode.PORT_NOT_ALLOWED
    if status.st_gid == 0:  # nobody should join the group root for a dongle
        code = FindingCode.PORT_NOT_ALLOWED_TO_ROOTS_GROUP
    group, user = _name_of_group(status.st_gid), _name_of_user(os.geteuid())
    return bad(Subject.PORT, code, port=name, group=group, user=user)


def _name_of_group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def _name_of_user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
