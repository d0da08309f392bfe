"""Pictures of the hall's screens, light and dark, desktop and phone: `python -m tools.screenshots [OUT]`.

Starts a demo hall in a directory of its own, plays the sceptic's walk by keys, and writes `docs/screenshots/*.png`.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.e2e.conftest import chromium

SIZES = {"desktop": (1280, 860), "phone": (390, 844)}
STEPS = ("claim", "reveal", "release", "models", "flip", "delete", "mine")
PORT = 8765


def main(out: Path) -> None:
    """Write all pictures."""
    from playwright.sync_api import sync_playwright

    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as scratch, sync_playwright() as p:
        hall = Path(scratch) / "hall"
        serve = [sys.executable, "-m", "tutelage", "serve", "--data", str(hall)]
        asked = [*serve, "--demo", "--background", "--port", str(PORT)]
        said = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
        link = re.findall(r"http://\S+/enter/\S+", said)[0]
        browser = p.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        try:
            _play(browser, link, out)
        finally:
            browser.close()
            subprocess.run([*serve, "--stop"], check=False, capture_output=True)


def _play(browser: Any, link: str, out: Path) -> None:
    home = link[: link.index("/enter")]
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    page = context.new_page()
    page.goto(link)
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Start judging").click()
    page.locator("t-kind-comparison").wait_for()
    work = page.url
    for n in range(12):
        page.keyboard.press("2" if n % 3 else "6")
        page.keyboard.press("Control+Enter")
        page.get_by_text(re.compile(rf"^{n + 2} of about")).wait_for()
    for name in STEPS:
        page.goto(f"{home}/tour/")
        page.locator(f"#{name} .part").get_by_role("button").click()
        page.locator(f"#{name} .part:not([data-poll])").wait_for(timeout=300_000)
    project = re.findall(r"/work/([^/]+)/", work)[0]
    pages = {"walk": "/tour/", "workbench": f"/work/{project}/", "mine": f"/work/{project}/mine/", "home": "/",
             "offer": f"/offer/{project}/", "project": f"/projects/{project}/", "run": f"/projects/{project}/run/",
             "releases": f"/projects/{project}/releases/",
             "receipts": f"/proof/{project}/receipts/", "me": "/me/"}  # fmt: skip
    state = context.storage_state()
    for scheme in ("light", "dark"):
        for size, (width, height) in SIZES.items():
            view_port = {"width": width, "height": height}
            shown = browser.new_context(storage_state=state, color_scheme=scheme, viewport=view_port)
            view = shown.new_page()
            for name, path in pages.items():
                reply = view.goto(home + path)
                if reply is not None and reply.ok:
                    view.wait_for_timeout(700)
                    view.screenshot(path=out / f"{name}-{size}-{scheme}.png", full_page=name == "walk")
            shown.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs/screenshots"))
