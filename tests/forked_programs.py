"""Starts of our programs without their imports, which take most of a second of CPU and come five hundred times.

What runs is the same, `python -m PROGRAM ARGUMENTS` in a process, a session, an environment and a folder of its own;
but it is a fork of a process that has done the imports already.
"""

import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Final

PROGRAMS: Final = frozenset({"tictally_edge", "tictally_recorder"})
# What they import once they know their command.
_IMPORTED: Final = (
    "tictally_edge.arguments",
    "tictally_edge.commands",
    "tictally_edge.features",
    "tictally_edge.service",
    "tictally_recorder.api.server",
    "tictally_recorder.cli.app",
    "tictally_recorder.features",
    "tictally_recorder.service",
)
_REQUEST_BYTES: Final = 1 << 17
_FIRST_FILE: Final = 3  # after standard input, output and error


class ForkedProgram:
    """What `subprocess.Popen` gives of a process, as far as `ChildProcess` uses it."""

    def __init__(self, answers: IO[str], stdin: IO[bytes] | None) -> None:
        self._answers = answers
        self.stdin = stdin
        self.pid = int(answers.readline())
        self.returncode: int | None = None
        self._selector = selectors.DefaultSelector()
        self._selector.register(answers, selectors.EVENT_READ)

    def poll(self) -> int | None:
        """Its exit code, or None while it runs."""
        return self._look(0.0)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended.

        Raises:
            subprocess.TimeoutExpired: it did not end so soon.
        """
        code = self._look(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
        return code

    def _look(self, timeout: float | None) -> int | None:
        if self.returncode is None and self._selector.select(timeout):
            self.returncode = int(self._answers.readline())
            self._selector.close()
            self._answers.close()
        return self.returncode


@dataclass
class ProgramForker:
    """The process that others are forks of; it is started with the first of them."""

    environ: Mapping[str, str]
    _control: socket.socket | None = field(default=None, init=False, repr=False)
    _server: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)

    def start(
        self,
        command: Sequence[str],
        env: Mapping[str, str] | None = None,
        **options: Any,  # noqa: ANN401
    ) -> ForkedProgram | subprocess.Popen[bytes]:
        """Start a program as `subprocess.Popen` does, by a fork where that is the same.

        Args:
            command: program and arguments.
            env: its environment; None: this process's.
            options: cwd, stdin (PIPE or DEVNULL), stdout and stderr (files), start_new_session (True).
        """
        if env is None or not self._can_fork(command, env):
            return subprocess.Popen(command, env=env, **options)
        reading, writing = os.pipe()
        if options["stdin"] == subprocess.PIPE:
            stdin, input_end = os.pipe()
        else:
            stdin, input_end = os.open(os.devnull, os.O_RDONLY), None
        folder = str(options["cwd"] or Path.cwd())
        request = json.dumps({"module": command[2], "argv": command[3:], "environ": dict(env), "folder": folder})
        files = [stdin, options["stdout"].fileno(), options["stderr"].fileno(), writing]
        socket.send_fds(self._server_socket(), [request.encode()], files)
        os.close(stdin)
        os.close(writing)
        answers = os.fdopen(reading, encoding="ascii")
        return ForkedProgram(answers, None if input_end is None else os.fdopen(input_end, "wb", buffering=0))

    def _can_fork(self, command: Sequence[str], environ: Mapping[str, str]) -> bool:
        return (
            tuple(command[:2]) == (sys.executable, "-m")
            and command[2] in PROGRAMS
            # These are read before a program's first line.
            and not any(
                name.startswith(("PYTHON", "LD_", "LANG", "LC_")) and self.environ.get(name) != value
                for name, value in environ.items()
            )
        )

    def _server_socket(self) -> socket.socket:
        if self._control is None:
            self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                self._server = subprocess.Popen(
                    [sys.executable, __file__, str(theirs.fileno())],
                    env=self.environ,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                )
        return self._control

    def close(self) -> None:
        """End the process; programs that still run go on."""
        if self._control is not None and self._server is not None:
            self._control.close()
            self._server.wait()


def serve(control: socket.socket) -> None:
    """Fork a program for every request: it answers with its id, and this process, once it has ended, with its code."""
    for module in _IMPORTED:
        import_module(module)
    selector = selectors.DefaultSelector()
    selector.register(control, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.data is not None:
                pid, answers = key.data
                selector.unregister(key.fileobj)
                os.close(key.fd)
                _, status = os.waitpid(pid, 0)
                _answer(answers, os.waitstatus_to_exitcode(status))
                os.close(answers)
                continue
            request, files, *_ = socket.recv_fds(control, _REQUEST_BYTES, _FIRST_FILE + 1)
            if not request:
                return
            pid = os.fork()
            if not pid:
                _become(json.loads(request), files)
                return
            *theirs, answers = files
            for file in theirs:
                os.close(file)
            selector.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, answers))


def _answer(file: int, number: int) -> None:
    with suppress(BrokenPipeError):  # nobody waits for it any more
        os.write(file, f"{number}\n".encode())


def _become(request: dict[str, Any], files: Sequence[int]) -> None:
    """Run the program in this process, which ends as the program does."""
    os.setsid()
    for number, file in enumerate(files[:_FIRST_FILE]):
        os.dup2(file, number)
    _answer(files[_FIRST_FILE], os.getpid())  # from now on signals reach its session
    os.closerange(_FIRST_FILE, os.sysconf("SC_OPEN_MAX"))
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environ"])
    time.tzset()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.path[0] = request["folder"]
    sys.argv = [request["module"], *request["argv"]]
    runpy.run_module(request["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
