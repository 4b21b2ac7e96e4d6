"""Modules in one file: they do what they did apart, and what is not understood is an error."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Route

from tictally_recorder.page.bundle import BundleError, bundled

MODULES = {
    "main.js": """import { name, Counter } from "./parts/counter.js";
import { greeting } from "./words.js";

const own = await Promise.resolve("main");
export const loaded = import(`./late.js`).then(({ late }) => `${own} ${name} ${greeting("you")} ${late()}`);
globalThis.loaded = loaded;
globalThis.counter = new Counter();
""",
    "parts/counter.js": """/** A class,
 * with a comment. */
import {
  greeting as hello,
} from "../words.js";

// Of every Counter.
export const name = `counter of ${hello("all")}`;
const own = 1;
export class Counter {
  value = own;
}
""",
    "words.js": """let asked = 0;
export async function later() {}
export function greeting(who) {
  asked += 1;
  return `${asked} ${who}`;
}
""",
    "late.js": """import { greeting } from "./words.js";
import { far } from "./far/far.js";

export const late = () => `${greeting("late")} ${far}`;
""",
    "far/far.js": """import { name as first, Counter } from "../parts/counter.js";

export const far = `${first}${new Counter().value}`;
""",
}


def loaded_from(browser: Browser, modules: dict[str, str]) -> str:
    def answer(route: Route) -> None:
        name = urlsplit(route.request.url).path.removeprefix("/")
        if name in modules:
            route.fulfill(body=modules[name], content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html>", content_type="text/html")

    page = browser.new_page()
    page.route("**/*", answer)
    page.goto("http://modules.test/")
    text: str = page.evaluate("() => import('/main.js').then(() => globalThis.loaded)")
    page.close()
    return text


def test_modules_in_one_file_do_what_they_do_apart(browser: Browser) -> None:
    served = bundled(MODULES, "main.js")
    assert served.keys() == {"main.js", "late.js", "far/far.js"}
    apart = loaded_from(browser, MODULES)
    assert apart == "main counter of 1 all 2 you 3 late counter of 1 all1"
    # Modules outside the file have the same counter as those inside: there is one instance of each.
    assert loaded_from(browser, served) == apart


def test_every_line_stays_a_line() -> None:
    lines = bundled(MODULES, "main.js")["main.js"].splitlines()
    for name in ("words.js", "parts/counter.js", "main.js"):
        begin = lines.index(f"// {name}") + 2
        for number, line in enumerate(MODULES[name].splitlines()):
            if re.match(r"/\*\*| \*|//", line):
                assert lines[begin + number] == ""
            elif not re.match(r"import|export|\s*greeting as|\}", line):
                assert lines[begin + number] == line
    assert "\n".join(lines).count("return { later, greeting };") == 1


@pytest.mark.parametrize(
    ("module", "text", "message"),
    [
        ("words.js", "export default 1;\n", "words.js, line 1: 'export default 1;' is neither"),
        ("words.js", "let x = 1;\nexport let y = 2;\n", "words.js, line 2"),
        ("words.js", "export const { a, b } = {};\n", "words.js, line 1"),
        ("words.js", 'export { a } from "./far.js";\n', "words.js, line 1"),
        ("words.js", 'import * as all from "./far.js";\n', "words.js, line 1"),
        ("words.js", 'import "./far.js";\n', "words.js, line 1"),
        ("words.js", 'import { a } from "elsewhere";\n', "words.js, line 1"),
        ("words.js", 'import { a } from "./missing.js";\n', "words.js imports missing.js, which does not exist"),
        ("words.js", 'import { loaded } from "./main.js";\n', "main.js → parts/counter.js → words.js → main.js"),
        ("parts/counter.js", "const a = import.meta.url;\n", "parts/counter.js, line 1: import.meta would be relative"),
        (
            "parts/counter.js",
            "\nconst a = import(`./b.js`);\n",
            r"parts/counter.js, line 2: import\( would be relative",
        ),
        (
            "late.js",
            'import { far, near } from "./far/far.js";\n',
            "late.js imports near from far/far.js, which does not",
        ),
        ("late.js", "export default 1;\n", "late.js, line 1"),
    ],
)
def test_what_is_not_understood_is_an_error(module: str, text: str, message: str) -> None:
    with pytest.raises(BundleError, match=message):
        bundled({**MODULES, module: text}, "main.js")
