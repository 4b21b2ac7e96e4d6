"""Wrong options and arguments, in the reader's language: our own errors, and typer's by their kind."""

from collections.abc import Sequence
from enum import Enum
from typing import Any, Final, get_args

import typer

from tictally_recorder.translations import ENGLISH
from tictally_shared.catalogue import Catalogue
from tictally_shared.phrase import Phrase

_FAMILY: Final = "wrong_use."
# What pydantic calls it, and our key; `bound` is the parameter of its that has the limit.
_KINDS: Final[dict[str, tuple[str, str | None]]] = {
    "int_parsing": ("not_whole", None),
    "int_from_float": ("not_whole", None),
    "float_parsing": ("not_number", None),
    "greater_than_equal": ("too_small", "ge"),
    "less_than_equal": ("too_large", "le"),
}


class WrongUse(typer.BadParameter):
    """A wrong option or argument; its message is made where it is shown.

    Args:
        what: is wrong: a key of the catalogue, `wrong_use.<what>`.
        option: the option or argument; None: that which is being parsed, or several.
        values: of the placeholders; phrases become words.
    """

    def __init__(self, what: str, option: str | None = None, **values: object) -> None:
        self._key, self._values = f"{_FAMILY}{what}", values
        super().__init__(self.words(ENGLISH), param_hint=option)

    def words(self, words: Catalogue) -> str:
        """What is wrong, without the option."""
        values = {name: words.phrase(each) if isinstance(each, Phrase) else each for name, each in self._values.items()}
        return words.text(self._key, **values)


def usage_text(error: typer.TyperException, words: Catalogue) -> str:
    """The message of wrong use.

    Args:
        error: ours, or typer's; typer words its own in English only.
        words: of the reader's language.
    """
    if not hasattr(error, "ctx"):
        return error.format_message()
    if isinstance(error, typer.BadParameter) and not hasattr(error, "param_type"):
        problem = error.words(words) if isinstance(error, WrongUse) else _problem_text(error, words)
        hint = error.param_hint if error.param_hint is not None else _name_of(error)
        if not hint:
            return words.text("wrong_use.value", problem=problem)
        option = hint if isinstance(hint, str) else " / ".join(hint)
        return words.text("wrong_use.option", option=option, problem=problem)
    return _usage_text(error, words)


def _problem_text(error: typer.BadParameter, words: Catalogue) -> str:
    """What typer found wrong in a value, by pydantic's code of it."""
    from pydantic import ValidationError  # noqa: PLC0415 - takes longer to import than most of this command line

    cause = error.__cause__
    if not isinstance(cause, ValidationError):
        return str(error.message)
    found = cause.errors()[0]
    text, choices = str(found["input"])[:40], _choices_of(error.param)
    if found["type"] in _KINDS:
        key, limit = _KINDS[found["type"]]
        bound = f"{found['ctx'][limit]:g}" if limit else ""
        return words.text(f"{_FAMILY}{key}", text=text, bound=bound)
    if choices:
        return words.text("wrong_use.not_one_of", text=text, choices=", ".join(map(repr, choices)))
    return str(error.message)


def _choices_of(parameter: Any) -> Sequence[str]:  # noqa: ANN401 - typer's class of parameters is private
    annotation = parameter.type_descriptor.annotation
    for each in (annotation, *get_args(annotation)):
        if isinstance(each, type) and issubclass(each, Enum):
            return [str(choice.value) for choice in each]
    return ()


def _name_of(error: typer.BadParameter) -> str:
    """An option as it is written, an argument as the help names it."""
    parameter = error.param
    if parameter is None:
        return ""
    if parameter.param_type_name == "option":
        return f"'{' / '.join(parameter.opts)}'"
    return f"'{parameter.metavar or str(parameter.name).upper()}'"


def _usage_text(error: Any, words: Catalogue) -> str:  # noqa: ANN401 - typer's classes of them are private
    """The message of another kind of wrong use, which its attributes show."""
    context = error.ctx
    command = context.command_path if context else "tictally"
    if hasattr(error, "param_type"):
        name = _name_of(error)
        kind = "option" if name.startswith("'-") else "argument"
        return words.text(f"{_FAMILY}missing_{kind}", name=name, command=command)
    if hasattr(error, "option_name"):
        return _option_text(error, words, command)
    if commands := getattr(context and context.command, "commands", None):
        return words.text("wrong_use.no_such_command", command=command, names=", ".join(commands))
    return words.text("wrong_use.one_too_many", command=command)


def _option_text(error: Any, words: Catalogue, command: str) -> str:  # noqa: ANN401 - as above
    """The message of an option that there is not, or that lacks its value or has one too many."""
    name = error.option_name
    if hasattr(error, "possibilities"):
        if error.possibilities:
            return words.text("wrong_use.similar_option", name=name, names=", ".join(sorted(error.possibilities)))
        return words.text("wrong_use.no_such_option", name=name, command=command)
    parameters = error.ctx.command.params if error.ctx else ()
    flags = {option for each in parameters if each.is_flag for option in each.opts}
    return words.text("wrong_use.takes_no_value" if name in flags else "wrong_use.needs_value", name=name)
