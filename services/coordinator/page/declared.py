"""Every page and every form, declared once. What is not here is not served."""

from services.coordinator.page import asking, nights, player, record, tonight
from services.coordinator.page.page import Action, Page

PAGES: tuple[Page, ...] = (*tonight.PAGES, *player.PAGES, *record.PAGES, *nights.PAGES, *asking.PAGES)
ACTIONS: tuple[Action, ...] = (*asking.ACTIONS,)
