"""The pages that list the tasks list all of them."""

from pathlib import Path

import pytest

from tests.tasks.samples import NAMES

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("page", ["README.md", "docs/tasks.md"])
def test_a_page_that_lists_the_tasks_names_each(page):
    rows = [line for line in (ROOT / page).read_text().splitlines() if line.startswith("| ")]
    missing = [name for name in NAMES if not any(f"`{name}`" in row for row in rows)]
    assert not missing, f"{page}: add a row for {', '.join(missing)}"
