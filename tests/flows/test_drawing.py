"""The picture of a flow: well-formed, complete, readable without seeing it, and without cards on top of each other."""

from __future__ import annotations

import re
from itertools import combinations
from xml.etree import ElementTree

import pytest

from flows.drawing import svg
from flows.picture.cards import WIDTH, card, fitted
from flows.picture.layout import GAP_X, MARGIN, lay_out
from ivr_server.library import Sources, load_catalogues, load_library, words
from tests.doubles.worlds import big_flow, small_library, uninspected

SVG = "{http://www.w3.org/2000/svg}"


def drawn(language: str) -> ElementTree.Element:
    """The small flow's picture, parsed."""
    return ElementTree.fromstring(svg(small_library(), "main", language))


def test_every_node_and_every_way_is_in_the_picture() -> None:
    """A card for each node, and each way either as a line or as a sign that links to the card it leads to."""
    library, root = small_library(), drawn("en-US")
    groups = {group.get("id"): group for group in root.iter(f"{SVG}g") if group.get("id")}
    nodes = library.flows["main"].nodes
    assert groups.keys() == nodes.keys()
    titles = [line.findtext(f"{SVG}title", "") for line in root.iter(f"{SVG}path") if line.get("class") == "line"]
    lines = {tuple(title.split(" \u2192 ")[::2]) for title in titles}
    for name, node in nodes.items():
        signs = {(sign.get("href") or "")[1:] for sign in groups[name].iter(f"{SVG}a")}
        for way in node.ways():
            assert not way.to or (name, way.to) in lines or way.to in signs, (name, way)


def test_the_picture_is_told_to_those_who_do_not_see_it() -> None:
    """The whole has a title in its language, each card says its kind, its name and its ways."""
    english, chinese = drawn("en-US"), drawn("zh-CN")
    assert english.get("role") == "img" and english.findtext(f"{SVG}title") == "Main"
    assert chinese.findtext(f"{SVG}title") == "主流程"
    titles = [group.findtext(f"{SVG}title") for group in english.iter(f"{SVG}g") if group.get("id") == "menu"]
    assert titles == ["menu: menu. 1 option bill: ask; 2 option human: human"]
    chinese_title = [group.findtext(f"{SVG}title") for group in chinese.iter(f"{SVG}g") if group.get("id") == "queue"]
    assert chinese_title == ["转人工: queue"]


@pytest.mark.parametrize("parts", [1, 4, 22])
def test_no_card_lies_on_another(parts: int) -> None:
    """However large the flow, each card has its own place."""
    flow = uninspected(big_flow(parts)).flows["main"]
    cards = {name: card(flow, name, "en-US", {}) for name in flow.nodes}
    layout = lay_out(cards, flow.start)
    for (one, (x, y)), (other, (right, below)) in combinations(layout.corners.items(), 2):
        apart = abs(x - right) >= WIDTH or y + cards[one].height <= below or below + cards[other].height <= y
        assert apart, (one, other)
    assert all(x >= 0 and y >= 0 for x, y in layout.corners.values())


def test_lines_run_from_left_to_right() -> None:
    """A line that went back could not be followed; ways back are signs."""
    flow = uninspected(big_flow(5)).flows["main"]
    layout = lay_out({name: card(flow, name, "en-US", {}) for name in flow.nodes}, flow.start)
    assert layout.lines
    for line in layout.lines:
        across = [x for x, _ in line.points]
        assert across == sorted(across)


def test_a_long_flow_is_broken_into_bands() -> None:
    """No wider than eight columns; no line runs from one band to the next, where there is a sign instead."""
    flow = uninspected(big_flow(22)).flows["main"]
    layout = lay_out({name: card(flow, name, "en-US", {}) for name in flow.nodes}, flow.start)
    assert len({x for x, _ in layout.corners.values()}) <= 8
    assert layout.width < 8 * (WIDTH + GAP_X) + 2 * MARGIN
    assert layout.height > 2_000
    tops = {node: y for node, (_, y) in layout.corners.items()}
    assert all(line.points[0][0] < layout.corners[line.to][0] for line in layout.lines)
    assert max(tops.values()) < layout.height


def test_an_option_in_another_language_is_named_by_it() -> None:
    """The words of the picture's own language would say the wrong thing."""
    library = load_library(Sources())
    english = words(load_catalogues(Sources().prompts), "en-US")
    rows = card(library.flows["main"], "choose_language", "en-US", english).rows
    assert [(row.key, row.text) for row in rows if row.key != "*"] == [("1", "zh-CN"), ("2", "For English")]
    rows = card(library.flows["main"], "main_menu", "en-US", english).rows
    assert rows[4].text == "other languages"


def test_kinds_have_colours_of_their_own() -> None:
    """What speaks, asks, looks up and ends is told apart at a glance."""
    fills = {
        group.get("id"): next(path.get("fill") for path in group.iter(f"{SVG}path"))
        for group in drawn("en-US").iter(f"{SVG}g")
        if group.get("id")
    }
    assert len({fills[name] for name in ("welcome", "menu", "bill", "queue", "bye")}) == 5


def test_texts_are_cut_to_the_room_they_have() -> None:
    """A Chinese character takes the room of two letters."""
    assert fitted("short", 10) == "short"
    assert fitted("a text that is too long", 10) == "a text th…"
    assert fitted("欢迎致电客户服务热线", 10) == "欢迎致电…"


def test_the_shipped_flows_are_drawn_in_both_languages() -> None:
    """Each is well-formed XML, with the words of its language, and no hostile text gets into it unescaped."""
    library, catalogues = load_library(Sources()), load_catalogues(Sources().prompts)
    for language in library.languages:
        for name in library.flows:
            picture = svg(library, name, language, words(catalogues, language))
            assert ElementTree.fromstring(picture).get("lang") == language
    chinese = svg(library, "main", "zh-CN", words(catalogues, "zh-CN"))
    assert re.search("[一-龥]{4}", chinese)
    hostile = svg(small_library(), "main", "en-US", {"welcome": '<script>alert("&")</script>'})
    assert "<script" not in hostile and ElementTree.fromstring(hostile) is not None
