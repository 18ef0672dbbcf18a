"""docs/cli.md and the commands agree: each option of each command is explained there,
and no other.
"""

from __future__ import annotations

import re

import pytest
from django.core.management import load_command_class

from tests.programs import ROOT

COMMANDS = sorted(
    file.stem
    for file in (ROOT / "studio/management/commands").glob("*.py")
    if file.stem != "__init__"
)
GUIDE = (ROOT / "docs/cli.md").read_text()
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
OF_DJANGO = {
    "--skip-checks",
    "--verbosity",
}  # every command takes them, and our help does not list them


def section_of(command: str) -> str:
    found = re.search(rf"^## {command}$(.*?)(?=^## |\Z)", GUIDE, re.MULTILINE | re.DOTALL)
    assert found, f"docs/cli.md has no section {command}"
    return found[1]


def help_of(command: str) -> str:
    return load_command_class("studio", command).create_parser("manage.py", command).format_help()


def listed_options(command: str) -> set[str]:
    """Return the options that the help lists at the beginning of a line."""
    return (
        set(re.findall(r"^ +(?:-h, )?(--[a-z][a-z-]*)", help_of(command), re.MULTILINE))
        - {"--help"}
        - OF_DJANGO
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_guide_explains_every_option(command: str) -> None:
    assert listed_options(command) - set(OPTION.findall(section_of(command))) == set()


def test_guide_names_no_option_that_does_not_exist() -> None:
    known = {option for command in COMMANDS for option in listed_options(command)}
    assert set(OPTION.findall(GUIDE)) - known == {"--help", "--version"}


@pytest.mark.parametrize("command", COMMANDS)
def test_guide_has_an_example_of_every_command(command: str) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", section_of(command), re.MULTILINE | re.DOTALL)
    assert any(f"manage.py {command}" in block for block in blocks)


@pytest.mark.parametrize("command", COMMANDS)
def test_guide_names_the_choices_of_every_option(command: str) -> None:
    parser = load_command_class("studio", command).create_parser("manage.py", command)
    actions = [action for action in parser._actions if not set(action.option_strings) & OF_DJANGO]
    choices = {str(choice) for action in actions for choice in action.choices or ()}
    explained = section_of(command)
    if command in ("append", "predict", "evaluate"):
        explained += section_of("clean")  # where their options are explained
    in_a_table = {
        f"`{choice}`" for choice in choices - {"|"}
    }  # a bar ends a cell, unless it is an entity
    assert {choice for choice in in_a_table if choice not in explained} == set()
