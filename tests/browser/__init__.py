"""The board in a real browser: Chromium, driven by Playwright."""

import shutil

# Debian's package first, which is what .ci/run installs.
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
HOW_TO_GET_CHROMIUM = "on Debian and Ubuntu: apt install chromium"
