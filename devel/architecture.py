"""Generates the diagrams of ARCHITECTURE.md: which package imports which, from the import graph.

Only the necessary arrows are drawn: an import that is implied by others (a → c, where a → b → c) is left out.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import grimp

PAGE: Final = Path(__file__).parent.parent / "ARCHITECTURE.md"
ROOTS: Final = ("tictally_edge", "tictally_recorder")
_SHARED: Final = "tictally_shared"
_END: Final = "<!-- end -->\n"

Graph = Mapping[str, frozenset[str]]


def packages(root: str) -> Graph:
    """The imports between the packages and modules directly below a distribution's root package, itself left out."""
    graph = grimp.build_graph(root, _SHARED, cache_dir=None)
    found: dict[str, set[str]] = {}
    for module in graph.modules:
        name = _below(module, root)
        if name is None:
            continue
        imported = (_below(each, root) for each in graph.find_modules_directly_imported_by(module))
        found.setdefault(name, set()).update(each for each in imported if each is not None and each != name)
    return {name: frozenset(imported) for name, imported in found.items()}


def _below(module: str, root: str) -> str | None:
    """`cost` for `tictally_recorder.cost.engine`; None for the root itself and for other distributions."""
    parts = module.split(".")
    return parts[1] if parts[0] == root and len(parts) > 1 and parts[1] != "__main__" else None


def reduced(graph: Graph) -> Graph:
    """A graph's transitive reduction.

    Raises:
        ValueError: the graph has a circle.
    """
    reachable: dict[str, frozenset[str]] = {}

    def reach(name: str, path: tuple[str, ...]) -> frozenset[str]:
        if name in path:
            circle = " → ".join((*path[path.index(name) :], name))
            raise ValueError(f"packages import one another in a circle: {circle}")
        if name not in reachable:
            below = [reach(each, (*path, name)) for each in graph[name]]
            reachable[name] = frozenset(graph[name]).union(*below)
        return reachable[name]

    for name in graph:
        reach(name, ())
    return {
        name: frozenset(each for each in imported if not any(each in reachable[other] for other in imported))
        for name, imported in graph.items()
    }


def diagram(graph: Graph) -> str:
    """A graph in Mermaid, importers above what they import."""
    arrows = [f"    {name} --> {each}" for name, imported in sorted(graph.items()) for each in sorted(imported)]
    return "\n".join(["flowchart TD", *arrows]) + "\n"


def page(text: str) -> str:
    """A text of ARCHITECTURE.md with both diagrams as the code is now."""
    for root in ROOTS:
        before, found, rest = text.partition(f"<!-- {root} -->\n")
        _, end, after = rest.partition(_END)
        if not (found and end):
            raise ValueError(f"{PAGE.name} has no place for the diagram of {root}")
        text = f"{before}{found}```mermaid\n{diagram(reduced(packages(root)))}```\n{end}{after}"
    return text


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
