"""The command `tictally-edge`."""

import os
import sys

import argcomplete
from argcomplete.shell_integration import shellcode

from tictally_edge.arguments import make_parser

_FAILED, _WRONG_USE = 1, 2


def main(argv: list[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: arguments after the program's name; None: those of this process.

    Returns:
        The exit code: 0; 1 for what failed; 2 for wrong use or a wrong setting.
    """
    try:
        status = _dispatch(argv)
        sys.stdout.flush()
    except BrokenPipeError:
        # Who read our output has gone, as `head` does; Python would complain once more while closing it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _FAILED
    return status


def _dispatch(argv: list[str] | None) -> int:
    parser = make_parser()
    if "_ARGCOMPLETE" in os.environ:  # a shell asks for completion
        argcomplete.autocomplete(parser)
    try:
        args = parser.parse_args(argv)
    except SystemExit as ended:  # how argparse ends --help, --version and wrong use
        return ended.code if isinstance(ended.code, int) else 0
    if args.show_completion:
        sys.stdout.write(shellcode([parser.prog], shell=args.show_completion))
        return 0
    if args.command is None:
        parser.print_help(sys.stderr)
        return _WRONG_USE
    from tictally_edge.commands import run_command  # noqa: PLC0415 - completion, help and version need no command

    return run_command(args)


if __name__ == "__main__":
    sys.exit(main())
