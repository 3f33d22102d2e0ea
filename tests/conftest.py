"""Property tests repeat and are not timed; one browser serves all tests."""

import os

import pytest
from hypothesis import settings

from tools import screenshots

settings.register_profile("book", deadline=None, derandomize=True)
settings.load_profile("book")


@pytest.fixture(scope="session")
def browser():
    """A running Chromium; without one the test is skipped, in CI it fails."""
    path = screenshots.chromium()
    if path is None:
        reason = "no Chromium on the PATH"
        if os.environ.get("CI"):
            pytest.fail(f"{reason}, and CI must not skip this")
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=screenshots.FLAGS
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def reload_until():
    """reload_until(page, true): load the page anew until true() holds.

    A busy Chromium may run a reloaded page before it hands over what the
    page had stored, so once is not enough; five times, with pauses that
    grow, are a fault.
    """

    def again(page, true):
        for pause_ms in (0, 200, 500, 1_000, 2_000):
            page.wait_for_timeout(pause_ms)
            page.reload()
            if true():
                return
        raise AssertionError("reloaded five times, and still not so")

    return again
