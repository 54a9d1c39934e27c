"""The model card, written as Markdown in the bundle, as HTML for the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

MARKDOWN: Final = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
DEEPEST = 6


def card_html(text: str) -> SafeString:
    """Return the card without its title; its sections start at ``<h3>``, below the page's own headings.

    A bundle may come from anywhere: HTML in the card is shown as text, and images are not loaded.
    """
    tokens = MARKDOWN.parse(text)
    if tokens and tokens[0].tag == "h1":
        tokens = tokens[3:]
    tokens = [_fitted(token) for token in tokens]
    html = MARKDOWN.renderer.render(_scrolling(tokens), MARKDOWN.options, {})
    return mark_safe(html)  # noqa: S308 -- the renderer escapes whatever the card says


def _fitted(token: Token) -> Token:
    """Move headings one level down, and align columns by class: the policy of the page forbids styles."""
    if token.type in {"heading_open", "heading_close"}:
        token.tag = f"h{min(int(token.tag[1:]) + 1, DEEPEST)}"
    style = token.attrs.pop("style", None)
    if style == "text-align:right":
        token.attrSet("class", "n")
    if token.type == "table_open":
        token.attrSet("class", "table")
    return token


def _scrolling(tokens: Sequence[Token]) -> list[Token]:
    """Wrap each table, so that a wide one scrolls alone and by keyboard too."""
    wrapped: list[Token] = []
    for token in tokens:
        if token.type == "table_open":
            wrapped.append(Token("scroll_open", "div", 1, {"class": "scroll", "tabindex": "0"}, block=True))
        wrapped.append(token)
        if token.type == "table_close":
            wrapped.append(Token("scroll_close", "div", -1, block=True))
    return wrapped
