"""What is wrong with a page as it is shown, found mechanically: layout, words, accessibility."""

import json
import re
from pathlib import Path
from typing import Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

import tictally_recorder.translations

_CATALOGUE: Final = Path(tictally_recorder.translations.__file__).parent / "fr.json"
_KEYS: Final = frozenset(json.loads(_CATALOGUE.read_text(encoding="utf-8")))
_BROKEN: Final = re.compile(r"\b(?:undefined|NaN|null)\b|\[object \w+\]|\{\w+(?:\|\w+)?\}|Invalid Date")
_DOTTED: Final = re.compile(r"\b[a-z_]+(?:\.[A-Za-z_]+)+\b")
# Words that no French sentence has, and an English one can hardly do without.
_ENGLISH: Final = re.compile(
    r"\b(?:the|and|of|with|from|your|this|that|was|were|not|day|days|week|month|year|power|energy|today|yesterday"
    r"|tomorrow|price|unknown|hour|hours|at|by|to|since|until|nothing|failed|running)\b"
)
_LAYOUT: Final = """() => {
  const found = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) found.push(`overflow: ${root.scrollWidth - root.clientWidth} px too wide`);
  // Also what only screen readers get: the headings of a table whose rows are cards on a phone.
  const isClipped = (element) => element
    && (getComputedStyle(element).clipPath !== 'none' || isClipped(element.parentElement));
  const isUnseen = (element) => element.closest('.skip, [hidden]') || isClipped(element);
  const texts = [];
  const walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { data, parentElement } = walker.currentNode;
    const text = data.trim().slice(0, 40);
    if (!text || isUnseen(parentElement) || !parentElement.checkVisibility({ visibilityProperty: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    const boxes = [...range.getClientRects()].filter((box) => box.width > 1 && box.height > 1);
    texts.push(...boxes.map((box) => [text, box, parentElement]));
    const style = getComputedStyle(parentElement);
    const isCut = parentElement.scrollWidth > parentElement.clientWidth + 1;
    if (isCut && /hidden|clip/.test(style.overflowX)) found.push(`clipped: ${text}`);
  }
  const scrolls = (element) => element.closest('.scroll, pre, .body');
  for (let a = 0; a < texts.length; a += 1) {
    for (let b = a + 1; b < texts.length; b += 1) {
      const [[first, one, inner], [second, other, outer]] = [texts[a], texts[b]];
      if (scrolls(inner) !== scrolls(outer) || inner === outer) continue;
      const width = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const height = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
      // Line boxes are a little higher than their letters.
      const isOver = width > 3 && height > Math.min(one.height, other.height) * 0.4;
      if (isOver) found.push(`overlap: ${first} / ${second}`);
    }
  }
  return found.slice(0, 20);
}"""
_WORDS: Final = """() => {
  const copy = document.body.cloneNode(true);
  copy.querySelectorAll('[lang=en], code, pre, script, template, noscript').forEach((each) => each.remove());
  const names = [...copy.querySelectorAll('[aria-label], [title]')].flatMap((each) => [each.ariaLabel, each.title]);
  const texts = [];
  const walker = document.createTreeWalker(copy, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) texts.push(walker.currentNode.data);
  return [...texts, ...names].filter((each) => each?.trim());
}"""


def faults(page: Page, language: str, *, with_axe: bool = True) -> list[str]:
    """A line for each fault of what a page shows; none: it has none that a program can find.

    Args:
        page: loaded, and still.
        language: that it is in.
        with_axe: also what axe calls serious or critical.
    """
    return [*page.evaluate(_LAYOUT), *_faults_of_words(page, language), *(_faults_of_axe(page) if with_axe else ())]


def _faults_of_words(page: Page, language: str) -> list[str]:
    found = []
    for text in page.evaluate(_WORDS):
        if match := _BROKEN.search(text):
            found.append(f"broken text: {match[0]} in {text.strip()[:80]!r}")
        found += [f"untranslated: {each}" for each in _DOTTED.findall(text) if each in _KEYS]
        if language == "fr" and (match := _ENGLISH.search(text)):
            found.append(f"English: {match[0]!r} in {text.strip()[:80]!r}")
    return found


def _faults_of_axe(page: Page) -> list[str]:
    answer = Axe().run(page).response
    return [
        f"axe: {each['id']} at {node['target']}"
        for each in answer["violations"]
        if each["impact"] in {"serious", "critical"}
        for node in each["nodes"]
    ]
