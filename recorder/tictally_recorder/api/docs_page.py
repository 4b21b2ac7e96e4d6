"""/docs: the OpenAPI description as a plain page, without scripts and external resources. Pure."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

_STYLE: Final = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code { font-family: ui-monospace, monospace; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .2rem 1rem .2rem 0; }
:root { color-scheme: light dark; }
"""


def docs_page(description: Mapping[str, Any]) -> str:
    """The page as HTML.

    Args:
        description: an OpenAPI description.
    """
    info = description["info"]
    body = "\n".join(_operations(description["paths"]))
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{escape(info["title"])} API</title><style>{_STYLE}</style></head><body>
<h1>{escape(info["title"])} {escape(info["version"])}</h1>
<p>{escape(info["description"])} For programs: <a href="openapi.json">openapi.json</a>.</p>
{body}
</body></html>
"""


def _operations(paths: Mapping[str, Any]) -> Iterator[str]:
    subject = None
    for path, methods in paths.items():
        for method, operation in methods.items():
            tag = next(iter(operation.get("tags", ())), "")
            if tag != subject:
                yield f"<h2>{escape(tag)}</h2>"
                subject = tag
            yield f"<h3><code>{method.upper()} {escape(path)}</code></h3>"
            yield f"<p>{escape(operation.get('description', ''))}</p>"
            rows = [_parameter(each) for each in operation.get("parameters", ())]
            if rows:
                yield f"<table><tr><th>Parameter</th><th>Values</th><th></th></tr>{''.join(rows)}</table>"


def _parameter(parameter: Mapping[str, Any]) -> str:
    schema = parameter.get("schema", {})
    cells = (
        f"<code>{escape(parameter['name'])}</code>{' (required)' if parameter.get('required') else ''}",
        escape(_values(schema)),
        escape(parameter.get("description", schema.get("description", ""))),
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _values(schema: Mapping[str, Any]) -> str:
    reference = str(schema.get("$ref", "")).rsplit("/", 1)[-1]
    kinds = [str(each.get("type", "")) for each in schema.get("anyOf", (schema,))]
    values = reference or " or ".join(kind for kind in kinds if kind and kind != "null")
    if "enum" in schema:
        values = ", ".join(map(str, schema["enum"]))
    bounds = [f"{word} {schema[key]}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in schema]
    default = f"; {schema['default']}" if schema.get("default") is not None else ""
    return " ".join([values, *bounds]) + default
