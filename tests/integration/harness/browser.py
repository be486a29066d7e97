# SPDX-License-Identifier: GPL-2.0-or-later
"""Reports in headless Chromium, with real clicks and keys."""
import atexit
import contextlib
import functools
import os
import pathlib
import shutil
import subprocess

from .cases import Skip
from .paths import BUILD
from .process import PATIENCE

SAMPLES = BUILD / "tests" / "html" / "samples"


def make_sample(form, scene, folder, size=None):
    """The path of a report made by tests/html/samples.c."""
    path = pathlib.Path(folder) / f"{scene}.{form}"
    with path.open("wb") as out:
        subprocess.run([SAMPLES, form, scene, *([str(size)] if size else [])], stdout=out, check=True)
    return path


class Browser:
    """A window; what selenium has is reached by `driver`."""

    def __init__(self, driver):
        from selenium.webdriver.common.action_chains import ActionChains
        from selenium.webdriver.common.by import By
        from selenium.webdriver.common.keys import Keys
        self.driver, self.keys, self._by, self._chains = driver, Keys, By.CSS_SELECTOR, ActionChains

    def open(self, path):
        self.driver.get(path.as_uri())

    def scheme(self, scheme):
        """The colours that the system asks for: light or dark."""
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                    {"features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def all(self, selector):
        return self.driver.find_elements(self._by, selector)

    def one(self, selector):
        return self.driver.find_element(self._by, selector)

    def texts(self, selector):
        """As they are at one moment: the page may put others there meanwhile."""
        return self.run("return [...document.querySelectorAll(arguments[0])].map((e) => e.innerText.trim())", selector)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def choose(self, selector, text, place=0):
        """Of a <select>, the option with that text."""
        from selenium.webdriver.support.ui import Select
        Select(self.all(selector)[place]).select_by_visible_text(text)

    def click(self, selector):
        element = self.one(selector)
        self.run("arguments[0].scrollIntoView({block: 'center'})", element)
        self._chains(self.driver).move_to_element(element).click().perform()

    def click_at(self, selector, x, y):
        """At a place within the element, from its upper left corner."""
        element = self.one(selector)
        self.run("arguments[0].scrollIntoView({block: 'center'})", element)
        box = self.run("const b = arguments[0].getBoundingClientRect(); return [b.left, b.top]", element)
        chain = self._chains(self.driver)
        chain.w3c_actions.pointer_action.move_to_location(round(box[0] + x), round(box[1] + y))
        chain.click().perform()

    def press(self, *keys):
        chain = self._chains(self.driver)
        for key in keys:
            chain.send_keys(key)
        chain.perform()

    def complaints(self):
        """What the console has: errors, and what the page's policy has refused."""
        lines = [line["message"] for line in self.driver.get_log("browser")]
        # A test that reads pixels twice is told that there is a faster way.
        return [line for line in lines if "willReadFrequently" not in line]

    def thread_ms(self):
        """Time of the page's main thread: on a busy machine it says more than a clock."""
        metrics = self.driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
        return next(m["value"] for m in metrics if m["name"] == "TaskDuration") * 1000

    def painted(self):
        """Waits until what was just done has reached the page, and the page says that nothing is left to be drawn."""
        self.driver.execute_async_script("""
            const done = arguments[0], next = requestAnimationFrame;
            const look = () => document.documentElement.hasAttribute("data-pending") ? next(look) : done();
            next(() => next(look));""")


def start(width=1440, height=1000):
    """A browser's driver; .quit() ends it."""
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not chromedriver:
        raise Skip("there is no chromium")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in ("--headless=new", "--disable-dev-shm-usage", "--force-device-scale-factor=1", "--hide-scrollbars",
                     f"--window-size={width},{height}", *(["--no-sandbox"] if os.geteuid() == 0 else [])):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(chromedriver))
    driver.set_script_timeout(60 * PATIENCE)
    driver.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
    return driver


@contextlib.contextmanager
def browser(**size):
    """One of its own."""
    driver = start(**size)
    try:
        window = Browser(driver)
        window.scheme("light")
        yield window
    finally:
        driver.quit()


@functools.cache
def shared_driver():
    driver = start()
    atexit.register(driver.quit)
    return driver


@contextlib.contextmanager
def shared_browser():
    """The same for all that need no other; nothing is left of who had it before."""
    window = Browser(shared_driver())
    window.driver.get("about:blank")
    window.driver.get_log("browser")
    window.scheme("light")
    yield window
