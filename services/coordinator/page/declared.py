"""Every page and every form, declared once. What is not here is not served."""

from services.coordinator.page import nights, player, record, tonight
from services.coordinator.page.page import Action, Page

PAGES: tuple[Page, ...] = (*tonight.PAGES, *player.PAGES, *record.PAGES, *nights.PAGES)
ACTIONS: tuple[Action, ...] = (*nights.ACTIONS,)
