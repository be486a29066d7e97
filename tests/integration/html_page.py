#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 600
"""The page of --format html and the file of --format svg in a browser: what is clicked, typed and seen."""
import contextlib
import json
import os
import re
import xml.etree.ElementTree

from harness import *
from harness.browser import browser, make_sample, shared_browser

AXE = ROOT / "src" / "report" / "html" / "node_modules" / "axe-core" / "axe.min.js"
ROW = 20  # pixels of a frame: src/report/html/flame.js
# Milliseconds of the page's own thread, for 10,000 stacks of 30 frames; some three times what it takes.
LOAD_MS, ZOOM_MS = 6000, 400


@contextlib.contextmanager
def page(scene, size=None, form="html", **window):
    with scratch() as folder, (browser(**window) if window else shared_browser()) as shown:
        shown.open(make_sample(form, scene, folder, size))
        if form == "html":
            shown.painted()
        yield shown
        complaints = shown.complaints()
        assert not complaints, complaints


def data_of(shown):
    return json.loads(shown.run("return document.getElementById('data').textContent"))


def walk_to(shown, *keys):
    """Goes through the flame graph by keys, from its root; what is said of the frame that is reached."""
    shown.run("document.getElementById('flame').focus()")
    shown.press(shown.keys.HOME, *keys)
    shown.painted()
    return shown.one("#status").text


def rows(shown, key):
    return shown.texts(f".rows tbody tr[data-stack] td.{key}")


def in_bytes(text):
    """12.3 MiB as a number"""
    number, unit = re.fullmatch(r"([+\u2212]?[\d.]+) (\w+)", text).groups()
    return float(number.replace("\u2212", "-")) * 1024 ** ["B", "KiB", "MiB", "GiB"].index(unit)


def pixels(shown):
    """Shares of the flame graph that are red and blue."""
    return shown.run("""
        const canvas = document.querySelector('#flame canvas');
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let red = 0, blue = 0;
        for (let i = 0; i < data.length; i += 4) {
            red += data[i] > data[i + 2] + 25;
            blue += data[i + 2] > data[i] + 25;
        }
        return [4 * red / data.length, 4 * blue / data.length];""")


@case
def says_what_was_recorded():
    with page("recording") as shown:
        totals = data_of(shown)["totals"]
        tiles = shown.texts(".tile dd")
        assert tiles[0].startswith(f"{totals['live_bytes'] / 2**20:.0f} MiB"), tiles
        footer = shown.one("footer")
        assert footer.text.endswith(data_of(shown)["integrity"])
        for place in (0, 100000):
            shown.run("scrollTo(0, arguments[0])", place)
            box = footer.rect
            top = box["y"] - shown.run("return scrollY")
            assert 0 < top < shown.run("return innerHeight") and footer.is_displayed()
        assert shown.run("return performance.getEntriesByType('resource').length") == 0
        assert len(rows(shown, "stack")) == 10 and rows(shown, "verdict")[0] == "growing"


@case
def switches_views():
    with page("recording") as shown:
        totals, seen = data_of(shown)["totals"], {}
        for view in ("live", "blocks", "allocated", "churn", "growth"):
            shown.click(f"input[value={view}]")
            seen[view] = walk_to(shown)
        assert len(set(seen.values())) == 5, seen
        assert seen["live"].startswith(f"all: {totals['live_bytes'] / 2**20:.0f} MiB, 100.0% of all")
        assert seen["blocks"].replace("\u202f", "").startswith(f"all: {totals['live_blocks']},")
        assert seen["allocated"].startswith(f"all: {totals['alloc_bytes'] / 2**30:.2f} GiB")
        churn = (totals["alloc_bytes"] - totals["live_bytes"]) / 2**30
        assert seen["churn"].startswith(f"all: {churn:.2f} GiB")
        # Memory by node is known of what is live now.
        shown.click("input[value=live]")
        node = shown.all(".controls .field select")[1]
        assert node.is_enabled()
        shown.choose(".controls .field select", "Node 1", 1)
        assert walk_to(shown) != seen["live"]
        shown.click("input[value=churn]")
        assert not node.is_enabled() and walk_to(shown) == seen["churn"]


@case
def zooms_by_click_and_back():
    with page("recording") as shown:
        height = shown.one("#flame canvas").size["height"]
        shown.click_at("#flame canvas", 40, height - 5.5 * ROW)
        shown.painted()
        assert shown.texts(".crumbs button")[-1] == "Server::loop()", shown.texts(".crumbs button")
        assert "Server::loop() [orderd]" in shown.one("#status").text
        assert 0 < len(rows(shown, "stack")) < 10 and shown.one(".stacks .panel-head p").text.startswith("6 of 10")
        shown.click(".crumbs button:nth-of-type(2)")
        shown.painted()
        assert shown.texts(".crumbs button")[-1] == "orderd (1001)" and len(rows(shown, "stack")) == 8
        shown.click("#reset")
        shown.painted()
        assert len(rows(shown, "stack")) == 10 and not shown.one("#reset").is_enabled()
        shown.click("input[value=icicle]")
        shown.click_at("#flame canvas", 40, 1.5 * ROW)
        shown.painted()
        assert shown.texts(".crumbs button")[-1] == "orderd (1001)"


@case
def searches():
    with page("recording") as shown:
        shown.press("/")
        shown.press("sqlite")
        shown.painted()
        assert len(rows(shown, "stack")) == 1 and rows(shown, "stack")[0].startswith("pcache1Alloc")
        assert re.fullmatch(r"8\.\d% found", shown.one(".found").text), shown.one(".found").text
        shown.press(shown.keys.ESCAPE)
        shown.painted()
        assert len(rows(shown, "stack")) == 10 and shown.one(".found").text == ""
        shown.press("no such thing")
        shown.painted()
        assert rows(shown, "stack") == [] and shown.one(".found").text == "0.0% found"


@case
def sorts():
    with page("recording") as shown:
        for key in ("live", "growth", "churn"):
            for direction in ("descending", "ascending"):
                if (key, direction) != ("live", "descending"):
                    shown.click(f"th.{key} button")
                    shown.painted()
                assert shown.one(f"th.{key}").get_attribute("aria-sort") == direction
                values = [in_bytes(text) for text in rows(shown, key)]
                assert values == sorted(values, reverse=direction == "descending"), (key, direction, values)
        shown.click("th.stack button")
        shown.painted()
        names = rows(shown, "stack")
        assert names == sorted(names) and len(shown.all("th[aria-sort]")) == 1


@case
def says_how_many_snapshots_there_are():
    for scene, words in (("recording", "121 snapshots, all shown"),
                         ("large", "10080 snapshots, 60 shown: of each stretch of time the highest and the lowest")):
        with page(scene, size=20 if scene == "large" else None) as shown:
            assert shown.one("#kept").text.replace("\u202f", "") == words, shown.one("#kept").text


@case
def slides_through_the_recording():
    with page("recording") as shown:
        last = dict(zip(rows(shown, "stack"), rows(shown, "live")))
        shown.click("#moment-now")
        shown.press(shown.keys.HOME)
        shown.painted()
        history = data_of(shown)["history"]
        assert f"{history['live_bytes'][0] / 2**20:.0f} MiB live" in shown.one("#moment-now").get_attribute("aria-valuetext")
        assert walk_to(shown).startswith(f"all: {history['live_bytes'][0] / 2**20:.0f} MiB")
        first = dict(zip(rows(shown, "stack"), rows(shown, "live")))
        assert first.keys() == last.keys() and first != last
        leak = next(name for name in first if name.startswith("std::vector<Order"))
        assert (first[leak], last[leak]) == ("2.00 MiB", "190 MiB")
        shown.run("document.getElementById('moment-now').focus()")
        shown.press(shown.keys.END)
        shown.painted()
        assert dict(zip(rows(shown, "stack"), rows(shown, "live"))) == last


@case
def compares_two_moments():
    with page("recording") as shown:
        shown.click("#compare")
        shown.painted()
        red, blue = pixels(shown)
        assert red > 0.1 and blue > 0.005, (red, blue)
        assert not shown.one("input[value=growth]").is_enabled()
        assert "more than before" in shown.one(".legend[aria-label='Colours of change']").text
        changes = dict(zip(rows(shown, "stack"), rows(shown, "change-live")))
        assert next(change for name, change in changes.items() if name.startswith("std::vector<Order")) == "+188 MiB"
        assert next(change for name, change in changes.items() if name.startswith("CRYPTO_malloc")) == "\u221211.8 MiB"
        assert re.fullmatch(r"all: 223 MiB \u2192 445 MiB \(\+\d+ MiB\)", walk_to(shown)), walk_to(shown)
        # The same moment twice: nothing has changed.
        shown.run("document.getElementById('moment-before').focus()")
        shown.press(shown.keys.END)
        shown.painted()
        red, blue = pixels(shown)
        # What is left of blue is the outline of the frame that was walked to.
        assert set(rows(shown, "change-live")) == {"0 B"} and red == 0 and blue < 0.02, (red, blue)
        shown.click("#compare")
        shown.painted()
        assert rows(shown, "change-live") == []


def tab_to(shown, wanted, most=60):
    """Presses Tab until the element that has the focus matches; those passed on the way."""
    passed = []
    for _ in range(most):
        shown.press(shown.keys.TAB)
        found, name = shown.run("const a = document.activeElement; return [a.matches(arguments[0]), a.id || a.className || a.tagName]", wanted)
        if found:
            return passed
        passed.append(name)
    raise AssertionError(f"no {wanted} after {passed}")


@case
def works_by_keyboard_alone():
    with page("recording") as shown:
        tab_to(shown, ".skip", 1)
        tab_to(shown, "#moment-now")
        tab_to(shown, "input[value=live]")
        shown.press(shown.keys.ARROW_RIGHT)
        shown.painted()
        assert shown.run("return document.querySelector('input[name=view]:checked').value") == "blocks"
        tab_to(shown, "#search")
        tab_to(shown, "#flame")
        said = set()
        for key in (shown.keys.ARROW_UP, shown.keys.ARROW_UP, shown.keys.ARROW_RIGHT, shown.keys.ARROW_UP):
            shown.press(key)
            shown.painted()
            said.add(shown.one("#status").text)
        assert len(said) == 4, said
        assert shown.one("#status").get_attribute("aria-live") == "polite"
        shown.press(shown.keys.ENTER)
        shown.painted()
        assert len(shown.all(".crumbs button")) > 2
        shown.press(shown.keys.HOME)
        shown.painted()
        assert len(shown.all(".crumbs button")) == 1
        tab_to(shown, "th.live button")
        shown.press(shown.keys.ENTER)
        tab_to(shown, "tr[data-stack]")
        shown.press(shown.keys.ARROW_DOWN, shown.keys.ENTER)
        shown.painted()
        chosen = shown.one("tr[aria-selected=true]")
        assert chosen.get_attribute("aria-rowindex") == "3"
        assert shown.one(".frames li").text.split("+0x")[0] in chosen.text


@case
def shows_light_and_dark():
    with page("recording") as shown:
        def background():
            return shown.run("return getComputedStyle(document.body).backgroundColor")
        light = background()
        shown.scheme("dark")
        # The colours of the system reach the page when the browser has the time.
        wait_until(lambda: background() != light, "dark colours")
        dark = background()
        shown.choose("header select", "Light")
        assert background() == light
        shown.scheme("light")
        shown.choose("header select", "Dark")
        assert background() == dark


@case
def names_break_out_of_nothing():
    with page("hostile") as shown:
        assert shown.run("return document.title").startswith("memtrace: </title><b>")
        assert shown.run("return document.scripts.length") == 2 and shown.all("img, b script, svg") == []
        for stack in shown.all("tr[data-stack]"):
            stack.click()
        shown.press("/", "<script>")
        wait_until(lambda: len(rows(shown, "stack")) == 1, "the one stack that is searched")
        assert shown.run("return document.title").startswith("memtrace: </title><b>")
        assert any("</script><script>" in text for text in rows(shown, "stack"))


@case
def no_other_script_runs_and_nothing_is_loaded():
    with scratch() as folder, shared_browser() as shown:
        shown.open(make_sample("html", "one", folder))
        shown.run("const s = document.createElement('script'); s.textContent = \"document.title = 'broken'\"; document.body.append(s);"
                  "const i = document.createElement('img'); i.setAttribute('onerror', \"document.title = 'broken'\");"
                  "i.src = 'data:,'; document.body.append(i);"
                  "const l = document.createElement('link'); l.rel = 'stylesheet'; l.href = 'file:///etc/hostname'; document.head.append(l)")
        shown.painted()
        assert shown.run("return document.title") == "memtrace: app (1001)"
        refused = " ".join(shown.complaints())
        assert all(f"'{what}" in refused or what in refused for what in ("script-src", "img-src", "style-src")), refused


@case(times=["one", "empty"])
def copes_with_little(scene):
    with page(scene) as shown:
        assert len(rows(shown, "stack")) == (scene == "one")
        assert shown.one(".nothing").is_displayed() == (scene == "empty")
        assert walk_to(shown).startswith("all")


@case
def stays_fluid_with_10000_stacks():
    with scratch() as folder, browser() as shown:
        report = make_sample("html", "large", folder)
        shown.open(report)
        shown.painted()
        load, paint = shown.thread_ms(), shown.run("return performance.getEntriesByName('first-contentful-paint')[0].startTime")
        zooms = []
        shown.run("document.getElementById('flame').focus()")
        for _ in range(12):
            before = shown.thread_ms()
            shown.press(shown.keys.ARROW_UP, shown.keys.ENTER)
            shown.painted()
            zooms.append(shown.thread_ms() - before)
        zooms.sort()
        assert len(shown.all(".crumbs button")) == 5
        assert len(shown.all("tr[data-stack]")) < 60
        print(f"    {report.stat().st_size} bytes; thread {load:.0f} ms until drawn (clock: first paint {paint:.0f} ms); "
              f"zoom {zooms[len(zooms) // 2]:.0f} ms (worst {zooms[-1]:.0f})")
        assert load < LOAD_MS and zooms[len(zooms) // 2] < ZOOM_MS


@case(times=["light", "dark"])
def passes_axe(scheme):
    if not AXE.exists():
        raise Skip("axe-core is not installed (src/report/html/node_modules)")
    with page("recording") as shown:
        shown.scheme(scheme)
        shown.click("#compare")
        shown.painted()
        shown.click("tr[data-stack]")
        shown.painted()
        shown.run(AXE.read_text(encoding="utf-8"))
        result = shown.driver.execute_async_script(
            "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then(done)")
        wrong = [(v["id"], v["help"], [n["html"][:120] for n in v["nodes"][:3]]) for v in result["violations"]]
        assert not wrong, "\n".join(map(str, wrong))


@case(times=["recording", "hostile", "one", "empty", "large"])
def svg_is_xml(scene):
    with scratch() as folder:
        path = make_sample("svg", scene, folder)
        root = xml.etree.ElementTree.parse(path).getroot()
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert len(list(root.iter("{http://www.w3.org/2000/svg}script"))) == 1
        assert not [node for node in root.iter() if any(key.startswith("on") or key.endswith("href") for key in node.keys())]


@case
def svg_works_alone():
    def shown_labels():
        return shown.run("return Array.from(document.querySelectorAll('.f text')).filter((t) => t.parentNode.style.display !== 'none')"
                         ".map((t) => t.textContent)")

    with page("recording", form="svg", width=1240, height=500) as shown:
        everything = shown_labels()
        target = shown.run("return Array.from(document.querySelectorAll('.f')).findIndex((g) => "
                           "g.querySelector('title').textContent.startsWith('Store::lookup'))")
        shown.run("document.querySelectorAll('.f rect')[arguments[0]].setAttribute('id', 'wanted')", target)
        shown.click("#wanted")
        assert "Store::lookup(OrderId)" in shown_labels() and len(shown_labels()) < len(everything)
        assert "Store::lookup(OrderId) [orderd]: 3" in shown.run("return document.getElementById('details').textContent")
        shown.click("#back")
        assert shown_labels() == everything
        shown.click_at("svg", 1050, 24)
        shown.press("sqlite")
        assert "6 frames found" in shown.run("return document.getElementById('details').textContent")
        assert len(shown.all(".f.found")) == 6
    with page("hostile", form="svg") as shown:
        shown.click("#graph rect")
        assert shown.run("return document.title").startswith("memtrace: Live bytes of </title><b>")
        assert shown.run("return document.querySelectorAll('script').length") == 1


main()
