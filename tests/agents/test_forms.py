"""The forms that admins edit: what ships can be read, and each mistake is told with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr_server.agents.forms import SHIPPED, read_forms
from ivr_server.console.desk import NAME
from ivr_server.floor.queue_file import BUSINESSES
from marked_yaml import Mistakes

TEXT = SHIPPED.read_text("utf-8")


def test_every_business_has_a_form_in_both_languages() -> None:
    """A fee question, a complaint, a suggestion, a consultation, a fault; what nobody names takes the first."""
    forms = read_forms(SHIPPED)
    assert set(forms.businesses) == set(BUSINESSES)
    assert [forms.for_business(name).name for name in ("arrears", "complaint", "fault", "", "anything")] == [
        "fees", "complaint", "fault", "consultation", "consultation",
    ]  # fmt: skip
    for form in forms.forms:
        for language in ("zh-CN", "en-US"):
            shown = form.shown(language)
            assert shown["title"] and all(one["label"] and NAME.shape.match(one["name"]) for one in shown["fields"])
    assert forms.forms[1].shown("en-US")["fields"][1]["choices"][0] == {"name": "amount", "title": "How much"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  - name: fees", "  - nam: fees", 'forms.yaml:26:5: unknown key "nam"; did you mean "name"?'),
        ("kind: long", "kind: wide", "kind: input should be 'text', 'long'"),
        ("  - name: fault\n", "  - name: fees\n", '"fees" stands there twice'),
        ("businesses: [fault]", "businesses: [complaint]", '"complaint" has another form already'),
        ("name: place", "name: done", '"done" belongs to every reception'),
        ("name: place", "name: Place", '"Place" is no name of a field'),
        ("name: place", "name: since", '"since" stands there twice'),
        ("{zh-CN: 故障报修, en-US: Fault report}", "{zh-CN: 故障报修}", "the title in en-US is missing"),
        ("{zh-CN: 故障地点, en-US: Where}", "{en-US: Where}", "the label in zh-CN is missing"),
        ("        kind: number", "        kind: choice", "a field of kind choice needs choices"),
        ("kind: choice", "kind: text", "only kind choice has choices"),
        ("forms:\n", "forms: &a\n", "anchors and aliases are not allowed"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(old: str, new: str, said: str, tmp_path: Path) -> None:
    """File, line and column, in words."""
    assert old in TEXT
    path = tmp_path / "forms.yaml"
    path.write_text(TEXT.replace(old, new, 1), "utf-8")
    with pytest.raises(Mistakes) as raised:
        read_forms(path)
    told = [str(one).removeprefix(f"{tmp_path}/") for one in raised.value.problems]
    assert any(said in one for one in told), told


def test_a_file_without_forms_or_none_at_all(tmp_path: Path) -> None:
    """One sentence each."""
    (tmp_path / "forms.yaml").write_text("forms: []")
    for path, said in ((tmp_path / "forms.yaml", "there is no form"), (tmp_path / "none.yaml", "cannot be read")):
        with pytest.raises(Mistakes, match=said):
            read_forms(path)


def test_the_check_command_reads_the_forms(tmp_path: Path) -> None:
    """A mistake in them is told before anything is walked."""
    from click.testing import CliRunner

    from ivr_server.command_line import main

    (tmp_path / "forms.yaml").write_text(TEXT.replace("kind: date", "kind: day", 1), "utf-8")
    (tmp_path / "settings.yaml").write_text(f"forms: {tmp_path / 'forms.yaml'}\n")
    result = CliRunner().invoke(main, ["check", "--settings", str(tmp_path / "settings.yaml")])
    assert result.exit_code == 1
    assert f"{tmp_path / 'forms.yaml'}:67:15: kind: input should be" in result.output
