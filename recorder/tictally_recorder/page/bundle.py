"""One file of JavaScript modules: those that the first view needs, which a slow network would load one after another.

Each module becomes a function that returns its exports, in the order in which they need one another. Its lines stay
where they are, so that an error's place is found again; those of comments, a fifth of the compressed bytes, are empty.
A line that begins with `//` or `/**` is taken for a comment, also within a string of several lines. Modules outside
the file import from it what is inside. Only the page's own way of importing and exporting is understood; anything else
is an error.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from posixpath import normpath, relpath
from typing import Final

_IMPORT: Final = re.compile(r'^import \{(?P<names>[^{}"]*)\} from "(?P<path>\.{1,2}/[^"\n]+\.js)";$', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=(?:async function|function|class|const) (?P<name>[\w$]+)[ (])", re.MULTILINE)
_STATEMENT: Final = re.compile(r"^(?:import\b(?!\()|export\b).*", re.MULTILINE)
_OF_PLACE: Final = re.compile(r"\bimport\.meta\b|\bimport\(")
_COMMENT: Final = re.compile(r"^[ \t]*(?:/\*\*.*?\*/[ \t]*|//[^\n]*)$", re.MULTILINE | re.DOTALL)
_PREFIX: Final = "m_"


class BundleError(ValueError):
    """A module that cannot be put into one file: its name, the line, and why."""


def bundled(sources: Mapping[str, str], entry: str) -> dict[str, str]:
    """The modules as they are served: the first file under the name of its entry, and all modules outside of it.

    Args:
        sources: path of each module below the folder, in the form `views/day.js` → its text.
        entry: the module that the page loads; everything that it imports, directly or not, is in its file.

    Raises:
        BundleError: a module imports or exports in a way that is not the page's, one or a name of it is missing, or
            some import each other in a circle.
    """
    inside = list(_in_order(sources, entry, ()))
    parts = [_wrapped(name, sources[name], last=name == entry) for name in inside]
    exported = f"export {{ {', '.join(_variable(name) for name in inside if name != entry)} }};\n"
    outside = {
        name: _reading(name, text, frozenset(inside), entry) for name, text in sources.items() if name not in inside
    }
    _check_names(sources)
    return {entry: "".join([*parts, exported]), **outside}


def _in_order(sources: Mapping[str, str], name: str, importers: tuple[str, ...]) -> Iterator[str]:
    """A module after all that it imports, each once."""
    found: list[str] = []

    def visit(name: str, importers: tuple[str, ...]) -> None:
        if name in importers:
            raise BundleError(f"{name} imports itself: {' → '.join([*importers, name])}")
        if name in found:
            return
        if name not in sources:
            raise BundleError(f"{importers[-1] if importers else 'the page'} imports {name}, which does not exist")
        for imported in imports(name, sources[name]):
            visit(imported, (*importers, name))
        found.append(name)

    visit(name, importers)
    yield from found


def imports(name: str, text: str) -> list[str]:
    """The paths of the modules that a module imports statically.

    Raises:
        BundleError: it imports in a way that is not the page's.
    """
    _check(name, text)
    return [_target(name, match) for match in _IMPORT.finditer(text)]


def _check(name: str, text: str) -> None:
    understood = {match.start() for pattern in (_IMPORT, _EXPORT) for match in pattern.finditer(text)}
    for match in _STATEMENT.finditer(text):
        if match.start() not in understood:
            line = text.count("\n", 0, match.start()) + 1
            raise BundleError(
                f'{name}, line {line}: {match[0][:60]!r} is neither `import {{ … }} from "./….js";` nor the export '
                "of a function, a class or one const"
            )


def _check_names(sources: Mapping[str, str]) -> None:
    """Without this, what a module does not export would be undefined where it is used."""
    exported = {name: {match["name"] for match in _EXPORT.finditer(text)} for name, text in sources.items()}
    for name, text in sources.items():
        for match in _IMPORT.finditer(text):
            names = {each.split(" as ")[0].strip() for each in match["names"].split(",")} - {""}
            target = _target(name, match)
            if unknown := names - exported.get(target, names):
                raise BundleError(
                    f"{name} imports {', '.join(sorted(unknown))} from {target}, which does not export it"
                )


def _wrapped(name: str, text: str, *, last: bool) -> str:
    if "/" in name and (match := _OF_PLACE.search(text)):
        line = text.count("\n", 0, match.start()) + 1
        raise BundleError(f"{name}, line {line}: {match[0]} would be relative to the file that the module is put into")
    body = _IMPORT.sub(lambda match: f"const {{{_renamed(match['names'])}}} = {_variable(_target(name, match))};", text)
    exports = [match["name"] for match in _EXPORT.finditer(text)]
    body = _COMMENT.sub(lambda match: "\n" * match[0].count("\n"), _EXPORT.sub("", body)).rstrip("\n")
    result = "" if last else f"const {_variable(name)} = "
    return f"// {name}\n{result}await (async () => {{\n{body}\nreturn {{ {', '.join(exports)} }};\n}})();\n"


def _reading(name: str, text: str, inside: frozenset[str], entry: str) -> str:
    """A module outside the file, importing from it what is inside."""
    _check(name, text)
    entry_path = relpath(entry, PurePosixPath(name).parent)
    entry_path = entry_path if entry_path.startswith(".") else f"./{entry_path}"

    def replaced(match: re.Match[str]) -> str:
        target = _target(name, match)
        if target not in inside:
            return match[0]
        variable = _variable(target)
        return f'import {{ {variable} }} from "{entry_path}"; const {{{_renamed(match["names"])}}} = {variable};'

    return _IMPORT.sub(replaced, text)


def _target(name: str, match: re.Match[str]) -> str:
    return normpath(str(PurePosixPath(name).parent / match["path"]))


def _renamed(names: str) -> str:
    """`{ render as day }` of an import as the pattern `{ render: day }`."""
    return re.sub(r"\b([\w$]+) as ([\w$]+)\b", r"\1: \2", names)


def _variable(name: str) -> str:
    return _PREFIX + re.sub(r"\W", "_", name.removesuffix(".js"))
