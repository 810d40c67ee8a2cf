"""``ivr-server schema``: what an editor checks with says of flows what the reader says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from ivr_server.command_line import main
from ivr_server.library import Sources

SHIPPED = sorted(Sources().flows.glob("*.yaml"))


@pytest.fixture(scope="module")
def schema() -> Draft202012Validator:
    """The printed schema, which is itself one by the standard."""
    printed = json.loads(CliRunner().invoke(main, ["schema"]).output)
    Draft202012Validator.check_schema(printed)
    return Draft202012Validator(printed)


class Core(yaml.SafeLoader):
    """YAML 1.2's core schema, as editors read it: true and false, whole numbers, and text; "yes" is text."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}


Core.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(true|false)\Z"), list("tf"))
Core.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"[0-9]+\Z"), list("0123456789"))


def flow(text: str) -> Any:
    """A flow file as an editor sees it."""
    return yaml.load(text, Core)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_flow_is_valid(schema: Draft202012Validator, path: Path) -> None:
    """No line of ours is underlined."""
    assert [error.message for error in schema.iter_errors(flow(path.read_text("utf-8")))] == []


@pytest.mark.parametrize(
    "change",
    [
        ("kind: menu", "kind: manu"),
        ("kind: menu", "kind: menu\n    saye: x"),
        ("start: which_language", "start: [a]"),
        ("flow: main", "flwo: main"),
        ("disposition: silent}", "disposition: [silent]}"),
    ],
)
def test_a_mistake_is_underlined(schema: Draft202012Validator, change: tuple[str, str]) -> None:
    """Unknown kinds, unknown keys, values of another shape."""
    text = (Sources().flows / "main.yaml").read_text("utf-8")
    assert not schema.is_valid(flow(text.replace(*change)))
