"""Every page and every form, declared once. What is not here is not served."""

from services.coordinator.page import asking, grid, nights, player, record, runbooks, tonight, troubles
from services.coordinator.page.page import Action, Page

PAGES: tuple[Page, ...] = (
    *tonight.PAGES,
    *player.PAGES,
    *record.PAGES,
    *nights.PAGES,
    *asking.PAGES,
    *grid.PAGES,
    *troubles.PAGES,
    *runbooks.PAGES,
)
ACTIONS: tuple[Action, ...] = (*asking.ACTIONS, *grid.ACTIONS, *troubles.ACTIONS)
