from deploy import tables
from tests.unit.deploy.conftest import ROOT, VARIABLES

PAGE = (ROOT / "docs" / "deploy.md").read_text("utf-8")


def test_the_tables_of_the_page_are_those_of_the_registries() -> None:
    """docs/deploy.md shows what is made, who may do what, and the rest (`python -m deploy tables` prints it)."""
    for table in (tables.made(), tables.grants(), tables.services(), tables.topics(), tables.schedules()):
        assert table in PAGE


def test_every_variable_and_script_is_on_the_page() -> None:
    """What a deployer sets and calls is explained."""
    for script in (
        "deploy/setup.sh",
        "deploy/check.sh",
        "deploy/pubsub.sh",
        "deploy/rollback.sh",
        "deploy/schedules.sh",
    ):
        assert script in PAGE
    example = (ROOT / "deploy" / "env.example").read_text("utf-8")
    for variable in VARIABLES:
        assert f"\n{variable}=" in example
        assert f"`{variable}`" in PAGE
