"""The walk-through of the how-to, carried out as it is written, in both languages, by somebody with docs/ only.

Every label that is pressed here stands in bold in the document, in this order; what is typed is read out of it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from ivr_server.console.words import read_words
from tests.console.test_studio_in_browser import checked, chromium, house, opened  # fixtures

__all__ = ["chromium", "house", "opened"]
DOCS = Path(__file__).resolve().parents[2] / "docs" / "how-to"
GUIDES = {"en-US": "studio.md", "zh-CN": "studio.zh.md"}


class Guide:
    """A document: its bold words in order, the names in it, the sentences in its tables."""

    def __init__(self, language: str) -> None:
        text = (DOCS / GUIDES[language]).read_text("utf-8")
        steps = text[text.index("\n1. ") : text.index("\n## ", text.index("\n1. "))]
        self.bold = re.findall(r"\*\*([^*]+)\*\*", steps)
        self.names = re.findall(r"`([a-z_]+)`", steps)
        self.rows = re.findall(r"\| (?:English|Chinese|中文|英文) \| (.+?) \|", steps)
        self.words = read_words()[language]
        self.at = 0

    def label(self, key: str, cut: str = "") -> str:
        """The console's words for a key, which must be the next ones in bold (or come soon)."""
        label = self.words(f"studio_{key}") + cut
        assert label in self.bold[self.at :], f"{label!r} is not said next; {self.bold[self.at :]}"
        self.at = self.bold.index(label, self.at) + 1
        return label

    def sentence(self, page: Page, n: int) -> None:
        """Word the n-th sentence as the document has it."""
        page.get_by_role("button", name=self.label("new_sentence"), exact=True).click()
        page.locator("#make_name").fill(self.names[n * 2])
        first, second = self.rows[n * 2 : n * 2 + 2]
        page.locator(f"#make_{self.words.language}").fill(first)
        page.locator(f"#make_{'en-US' if self.words.language == 'zh-CN' else 'zh-CN'}").fill(second)
        page.get_by_role("button", name=self.label("keep_sentence"), exact=True).click()
        expect(page.locator("#make[open]")).to_have_count(0)


@pytest.mark.parametrize("language", list(GUIDES))
def test_somebody_adds_an_option_with_a_sentence_and_publishes_it(language: str, opened: Any, house: Any) -> None:
    """Step by step; then it is live, and in one click it is not."""
    guide, page = Guide(language), opened("li", language=language)
    page.get_by_role("banner").get_by_role("link", name=guide.bold[0], exact=True).click()
    expect(page.locator("#studio")).to_have_attribute("data-ready", "yes")
    page.locator(".flow", has_text=guide.bold[1]).click()
    page.locator(f'.node[data-node="{guide.bold[2]}"]').dispatch_event("click")
    guide.at = 3
    page.get_by_role("button", name=guide.label("add_option"), exact=True).click()
    guide.sentence(page, 0)
    option = page.locator('[data-option="2"]')
    expect(option).to_contain_text(guide.label("leads_to"))
    option.locator("select.lead").select_option(label=guide.label("new_node_option"))
    page.locator("#add_name").fill(guide.names[1])
    expect(page.get_by_role("radio", name=guide.label("kind_say")).first).to_be_checked()
    page.locator("#add").get_by_role("button", name=guide.label("add_node"), exact=True).click()
    expect(option.locator("select.lead")).to_have_value(guide.names[1])
    option.get_by_text("→").click()
    page.get_by_role("button", name=guide.label("add_sentence"), exact=True).click()
    guide.sentence(page, 1)
    page.get_by_label(guide.label("name_to")).first.select_option(guide.names[3])
    checked(page, 0)
    page.get_by_role("tab", name=guide.label("tab_problems")).click()
    expect(page.locator("#problems")).to_have_text(guide.label("no_problems"))
    page.get_by_role("tab", name=guide.label("tab_proof")).click()
    page.get_by_role("button", name=guide.label("prove"), exact=True).click()
    expect(page.locator("#verdict")).to_contain_text(guide.bold[guide.at], timeout=120_000)
    guide.label("show_call")
    page.get_by_role("button", name=guide.label("publish", "…"), exact=True).click()
    page.locator("#reason").fill("people ask how to pay / 来电者常问")
    page.get_by_role("button", name=guide.label("go_live"), exact=True).click()
    expect(page.locator("#publish_box h2")).to_contain_text("2")
    page.get_by_role("button", name=guide.words("studio_close")).click()
    page.get_by_role("tab", name=guide.label("tab_versions")).click()
    expect(page.locator(".versions .live")).to_contain_text("people ask how to pay")
    page.get_by_role("button", name=guide.label("roll_back"), exact=True).click()
    page.locator("#back_reason").fill("not yet / 还不是时候")
    page.get_by_role("button", name=guide.label("roll_back_now"), exact=True).click()
    expect(page.locator('[data-version="3"]')).to_have_class("live")
