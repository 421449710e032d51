"""`python -m services.scraper`: the service as a process of its own."""

from services.scraper.app import build
from services.scraper.settings import ScraperSettings
from shared.runtime.process import run

if __name__ == "__main__":
    run("scraper", ScraperSettings, build)
