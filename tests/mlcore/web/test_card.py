"""The model card becomes HTML; what a stranger wrote into one stays text."""

import re

from mlcore.web.card import card_html


def test_sections_lists_and_tables_become_html():
    html = card_html("# Title\n\n## Figures\n\n### By class\n\n- one\n\n| a | b |\n|---|--:|\n| x | 1 |\n")
    assert "Title" not in html
    assert "<h3>Figures</h3>" in html
    assert "<h4>By class</h4>" in html
    assert "<li>one</li>" in html
    assert re.search(
        r'<div class="scroll" tabindex="0">\s*<table class="table">.*</table>\s*</div>', html, re.DOTALL
    )
    assert '<td class="n">1</td>' in html
    assert "style=" not in html


def test_what_could_act_is_shown_as_text():
    html = card_html(
        "<script>alert(1)</script>\n\nA <img src=x onerror=alert(1)> and [go](javascript:alert(1)) ![x](https://x.example/y.png)"
    )
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    for active in ("<script", "<img", 'href="javascript'):
        assert active not in html


def test_no_card_is_no_html():
    assert card_html("") == ""
