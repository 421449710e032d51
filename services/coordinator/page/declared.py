"""Every page, file and form, declared once. What is not here is not served."""

from services.coordinator.page import (
    api_docs,
    asking,
    grid,
    nights,
    player,
    record,
    record_rows,
    runbooks,
    tonight,
    troubles,
)
from services.coordinator.page.page import Action, Download, Page

PAGES: tuple[Page, ...] = (
    *tonight.PAGES,
    *player.PAGES,
    *record.PAGES,
    *record_rows.PAGES,
    *nights.PAGES,
    *asking.PAGES,
    *grid.PAGES,
    *troubles.PAGES,
    *runbooks.PAGES,
    *api_docs.PAGES,
)
DOWNLOADS: tuple[Download, ...] = record_rows.DOWNLOADS
ACTIONS: tuple[Action, ...] = (*asking.ACTIONS, *grid.ACTIONS, *troubles.ACTIONS)
