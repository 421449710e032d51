"""Every page, file and form, declared once. What is not here is not served."""

from services.coordinator.page import (
    alerts,
    api_docs,
    find,
    grid,
    nights,
    player,
    record,
    record_rows,
    run_forms,
    runbooks,
    tonight,
)
from services.coordinator.page.page import Action, Download, Page

PAGES: tuple[Page, ...] = (
    *tonight.PAGES,
    *find.PAGES,
    *player.PAGES,
    *record.PAGES,
    *record_rows.PAGES,
    *nights.PAGES,
    *run_forms.PAGES,
    *grid.PAGES,
    *alerts.PAGES,
    *runbooks.PAGES,
    *api_docs.PAGES,
)
DOWNLOADS: tuple[Download, ...] = record_rows.DOWNLOADS
ACTIONS: tuple[Action, ...] = (*run_forms.ACTIONS, *grid.ACTIONS, *alerts.ACTIONS)
