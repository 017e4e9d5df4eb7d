"""Pages of `meg report` in a browser. Run by ctest: test_report.py build/meg SCREENSHOT_FOLDER

Needs Chromium, its driver and Selenium (scripts/install_dependencies --test); exits 77, which ctest calls skipped, without."""
import base64, csv, json, math, os, random, shutil, subprocess, sys, tempfile, unittest
from pathlib import Path

DEBIAN_PYTHON = "/usr/bin/python3"  # Debian's Selenium is Debian's Python's
try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
except ImportError:
    if os.path.exists(DEBIAN_PYTHON) and not os.path.samefile(sys.executable, DEBIAN_PYTHON):
        os.execv(DEBIAN_PYTHON, [DEBIAN_PYTHON, *sys.argv])
    print("skipped: there is no Selenium; scripts/install_dependencies --test installs it")
    sys.exit(77)
CHROMIUM, DRIVER = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
if not CHROMIUM or not DRIVER:
    print("skipped: there is no Chromium with its driver; scripts/install_dependencies --test installs them")
    sys.exit(77)

MEG, PICTURES = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
PENGUINS = Path(__file__).resolve().parents[1] / "docs/examples/data/penguins.csv"
MOST_BYTES = 8_000_000
HOSTILE = ["</script><script>window.owned = 1</script>", "<img src=x onerror='window.owned = 1'>", "<b>bold</b> & \"quoted\"",
           "it's 'one'", "x" * 300, "Ελληνικά 漢字 🎈", "%{x} $\\alpha$ {{data}}", "<!-- <script", "a,b;c\tand a blank ",
           "javascript:alert(1)"]
# A chart that drew has marks of its data: bars, lines, points, an image of fields, or a canvas of WebGL.
MARKS = ".barlayer path, .scatterlayer path, .heatmaplayer image, .hm image, .gl-container canvas"


def meg(*arguments):
    done = subprocess.run([MEG, *map(str, arguments)], capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise AssertionError(f"meg {' '.join(map(str, arguments))}: {done.stderr}")
    return done


def write_csv(path, names, rows):
    with open(path, "w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(names)
        writer.writerows(rows)
    return path


def hostile_rows(count, seed):
    """Numbers and categories under hostile names; the categories are hostile, too, and some cells are missing."""
    draw = random.Random(seed)
    for _ in range(count):
        z = draw.gauss(0, 1)
        row = [f"{z + draw.gauss(0, 1):.2f}" if i % 2 else HOSTILE[min(9, int(3 * abs(z + draw.gauss(0, 1))))] for i in range(10)]
        if draw.random() < 0.1:
            row[3] = row[4] = ""
        yield row


def wide_rows(count, seed):
    draw = random.Random(seed)
    for _ in range(count):
        z = draw.gauss(0, 1)
        yield [f"{math.exp(z + draw.gauss(0, 1)):.1f}" if i % 3 else "abcdefgh"[min(7, int(2 * abs(z + draw.gauss(0, 1))))]
               for i in range(200)]


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        PICTURES.mkdir(parents=True, exist_ok=True)
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--enable-unsafe-swiftshader", "--hide-scrollbars"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        cls.browser = webdriver.Chrome(service=Service(DRIVER), options=options)
        cls.addClassCleanup(cls.browser.quit)
        cls.browser.set_script_timeout(60)
        cls.penguins = cls.report_of_penguins()

    @classmethod
    def report_of_penguins(cls):
        """All that a report can show. One half of the rows is learned, drawn at random: in the table, sexes alternate."""
        names, *rows = csv.reader(PENGUINS.read_text().splitlines())
        random.Random(0).shuffle(rows)
        real, test = write_csv(cls.folder / "real.csv", names, rows[::2]), write_csv(cls.folder / "test.csv", names, rows[1::2])
        model, log, rows = cls.folder / "p.meg", cls.folder / "p.jsonl", cls.folder / "synthetic.csv"
        meg("train", real, "--categorical", "year", "--out", model, "--log", log, "--quiet", "--epochs", 8, "--refine-steps", 400)
        meg("generate", model, "--rows", 344, "--out", rows, "--quiet")
        page = cls.folder / "penguins.html"
        meg("report", real, rows, "--categorical", "year", "--model", model, "--log", log, "--test", test, "--target", "species",
            "--out", page, "--json", cls.folder / "penguins.json", "--quiet")
        return page

    def setUp(self):
        self.addCleanup(self.check_console)

    def check_console(self):
        """Nothing went wrong on any page, and nothing was fetched (the policy of the page would say so here, too)."""
        for entry in self.browser.get_log("browser"):
            self.assertNotIn(entry["level"], ("SEVERE",), entry["message"])
        self.assertEqual(self.run_script("return performance.getEntriesByType('resource').map(r => r.name)"), [])

    def run_script(self, script, *arguments):
        return self.browser.execute_script(script, *arguments)

    def emulate(self, width=1280, height=1000, theme="light"):
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                     {"media": "", "features": [{"name": "prefers-color-scheme", "value": theme}]})
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                     {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})

    def open(self, page, **how):
        self.emulate(**how)
        self.browser.get(page.as_uri())

    def draw_everything(self):
        """What a reader who scrolls to the end has seen."""
        self.browser.execute_async_script(
            "const done = arguments[0]; Promise.all([...charts.keys()].map(draw)).then(() => requestAnimationFrame(() => done()))")

    def empty_charts(self):
        return self.run_script(
            f"return [...charts.keys()].filter(c => c.offsetParent && !c.querySelector({json.dumps(MARKS)})).map(c => c.id || c.ariaLabel)")

    def overlapping_labels(self):
        """Labels along an axis that run into each other; slanted ones have boxes that overlap, but no words that do."""
        return self.run_script("""
            const out = [];
            for (const chart of charts.keys())
              for (const axis of ['xtick', 'ytick']) {
                const [from, to] = axis === 'xtick' ? ['left', 'right'] : ['top', 'bottom'];
                const boxes = [...chart.querySelectorAll(`.${axis} text`)]
                    .filter(t => t.textContent.trim() && !/rotate\\((?!0)/.test(t.getAttribute('transform') ?? ''))
                    .map(t => ({text: t.textContent, box: t.getBoundingClientRect()}))
                    .sort((a, b) => a.box[from] - b.box[from]);
                boxes.slice(1).forEach(({text, box}, i) => {
                  if (box[from] < boxes[i].box[to] - 1) out.push(`${chart.id || chart.ariaLabel}: ${boxes[i].text} and ${text}`);
                });
              }
            return out;""")

    def picture(self, name):
        size = self.run_script("window.scrollTo(0, 0); return [document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
        shot = self.browser.execute_cdp_cmd("Page.captureScreenshot", {
            "captureBeyondViewport": True, "clip": {"x": 0, "y": 0, "width": size[0], "height": min(size[1], 12000), "scale": 1}})
        data = base64.b64decode(shot["data"])
        (PICTURES / f"{name}.png").write_bytes(data)
        self.assertGreater(len(data), 20_000, "the picture is empty")

    def click(self, selector):
        self.run_script("document.querySelector(arguments[0]).click()", selector)

    def text(self, selector):
        return self.run_script("return document.querySelector(arguments[0]).textContent", selector)

    def visible_cards(self):
        return self.run_script("return [...document.querySelectorAll('.card h3')].map(h => h.textContent)")

    # ---- a whole report ----

    def test_every_chart_of_a_whole_report_draws_and_none_is_missing(self):
        self.open(self.penguins)
        self.draw_everything()
        self.assertEqual(self.empty_charts(), [])
        for chart in ("matrix", "pair-real", "pair-synthetic", "pca", "distances"):
            self.assertEqual(self.run_script("return document.getElementById(arguments[0]).dataset.drawn", chart), "yes", chart)
        self.assertEqual(self.run_script("return document.querySelectorAll('#training-charts .chart').length"), 4)
        self.assertEqual(len(self.visible_cards()), 8)
        self.assertEqual(self.run_script("return document.querySelectorAll('#scores li .value:not(.none)').length"), 5)
        self.assertEqual(self.run_script("return document.querySelectorAll('#scores .mark').length"), 5)
        unnamed = self.run_script("return [...document.querySelectorAll('.chart, button, input, select')].filter(e => "
                                  "!(e.ariaLabel || e.textContent.trim() || e.closest('label')?.textContent.trim())).length")
        self.assertEqual(unnamed, 0, "something has no words for those who do not see it")
        self.assertEqual(self.overlapping_labels(), [])
        self.picture("desktop-light")

    def test_pages_are_small_and_one_file(self):
        for page in self.folder.glob("*.html"):
            self.assertLess(page.stat().st_size, MOST_BYTES, page)

    def test_the_json_has_every_number_of_the_page(self):
        page, alone = self.penguins.read_text(encoding="utf-8"), json.loads((self.folder / "penguins.json").read_text())
        begin = page.index('id="data">') + len('id="data">')
        self.assertEqual(json.loads(page[begin:page.index("</script>", begin)]), alone)
        shares = [sum(column["real"]) for column in alone["columns"]]
        self.assertEqual(shares, [172] * 8)
        self.open(self.penguins)
        for score in alone["verdict"]["scores"]:
            self.assertIn(f"{score['value']:.3f}", self.text(f"[data-score={score['name']}]"))
        self.assertEqual(self.text("h1"), alone["verdict"]["title"])

    def test_columns_stand_worst_first_and_are_found(self):
        self.open(self.penguins)
        shapes = [float(x) for x in self.run_script("return [...document.querySelectorAll('.card .shape')].map(s => s.textContent)")]
        self.assertEqual(shapes, sorted(shapes))
        find = "const f = document.getElementById('filter'); f.value = arguments[0]; f.dispatchEvent(new Event('input'))"
        self.run_script(find, "BILL")
        self.assertEqual(sorted(self.visible_cards()), ["bill_depth_mm", "bill_length_mm"])
        self.assertEqual(self.text("#column-count"), "2 of 8 columns")
        self.run_script(find, "no such column")
        self.assertEqual(self.visible_cards(), [])
        self.run_script(find, "")
        order = "const o = document.getElementById('order'); o.value = arguments[0]; o.dispatchEvent(new Event('change'))"
        self.run_script(order, "name")
        self.assertEqual(self.visible_cards(), sorted(self.visible_cards()))
        self.run_script(order, "table")
        self.assertEqual(self.visible_cards()[0], "species")
        self.draw_everything()
        self.assertEqual(self.empty_charts(), [])

    def test_the_theme_follows_the_system_and_the_button(self):
        paper = "return getComputedStyle(document.body).backgroundColor"
        ink = "return document.querySelector('#pca .xtick text').style.fill"
        self.open(self.penguins)
        self.draw_everything()
        light = self.run_script(paper), self.run_script(ink)
        self.open(self.penguins, theme="dark")
        self.draw_everything()
        dark = self.run_script(paper), self.run_script(ink)
        self.assertNotEqual(light[0], dark[0])
        self.assertNotEqual(light[1], dark[1])
        self.picture("desktop-dark")
        self.click("#theme")
        self.draw_everything()
        self.assertEqual((self.run_script(paper), self.run_script(ink)), light)
        self.click("#theme")
        self.draw_everything()
        self.assertEqual((self.run_script(paper), self.run_script(ink)), dark)

    def test_a_click_on_the_matrix_shows_the_pair(self):
        self.open(self.penguins)
        self.draw_everything()
        before = self.text("#pair-text")
        for view in ("real", "synthetic", "difference"):
            self.click(f"#matrix-view [data-view={view}]")
            self.draw_everything()
            self.assertIn(view, self.run_script("return document.getElementById('matrix').ariaLabel"))
            self.assertEqual(self.empty_charts(), [])
        # The middle of the field of the second column and the last, in the chart's own places.
        at = self.run_script(
            "const m = document.getElementById('matrix'); m.scrollIntoView({block: 'center'}); const b = m.getBoundingClientRect();"
            "const {xaxis: x, yaxis: y} = m._fullLayout;"
            "return [b.left + x._offset + x.d2p(1), b.top + y._offset + y.d2p(7)]")
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.browser.execute_cdp_cmd("Input.dispatchMouseEvent", {
                "type": kind, "x": at[0], "y": at[1], "button": "none" if kind == "mouseMoved" else "left", "clickCount": 1})
        names = [column["name"] for column in sorted(json.loads((self.folder / "penguins.json").read_text())["columns"],
                                                     key=lambda column: column["measures"])]
        self.assertNotEqual(self.text("#pair-text"), before)
        self.assertTrue(self.text("#pair-text").startswith(f"“{names[1]}” with “{names[7]}”"), self.text("#pair-text"))
        self.draw_everything()
        self.assertEqual(self.empty_charts(), [])

    def test_a_pair_is_chosen_without_a_pointer(self):
        self.open(self.penguins)
        choose = "const s = document.getElementById(arguments[0]); s.selectedIndex = arguments[1]; s.dispatchEvent(new Event('change'))"
        self.run_script(choose, "pair-first", 0)
        self.run_script(choose, "pair-second", 2)
        self.assertTrue(self.text("#pair-text").startswith("“species” with “bill_length_mm”"), self.text("#pair-text"))
        self.run_script(choose, "pair-second", 0)
        self.assertIn("two different columns", self.text("#pair-note"))
        self.run_script(choose, "pair-worst", 1)
        self.draw_everything()
        self.assertEqual(self.empty_charts(), [])

    def test_components_turn_in_3d_and_lie_flat_again(self):
        self.open(self.penguins)
        self.click("#pca-view [data-view='3']")
        self.draw_everything()
        self.assertEqual(self.run_script("return document.querySelectorAll('#pca .gl-container canvas').length"), 1)
        self.assertEqual(self.run_script("return document.getElementById('pca')._fullLayout.scene.dragmode"), "orbit")
        self.run_script("document.getElementById('components').scrollIntoView()")
        (PICTURES / "components-3d.png").write_bytes(self.browser.get_screenshot_as_png())
        self.click("#pca-view [data-view='2']")
        self.draw_everything()
        self.assertEqual(self.run_script("return document.querySelectorAll('#pca .gl-container canvas').length"), 0)
        self.assertEqual(self.empty_charts(), [])

    def test_the_page_fits_a_phone(self):
        self.open(self.penguins, width=390, height=844)
        self.draw_everything()
        self.assertEqual(self.empty_charts(), [])
        self.assertEqual(self.overlapping_labels(), [])
        self.assertLessEqual(self.run_script("return document.documentElement.scrollWidth"), 390)
        self.picture("phone")

    def test_paper_is_white_and_whole(self):
        self.open(self.penguins, theme="dark")
        self.run_script("window.dispatchEvent(new Event('beforeprint'))")
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        self.assertEqual(self.run_script("return getComputedStyle(document.body).backgroundColor"), "rgb(255, 255, 255)")
        self.assertEqual(self.run_script("return [...charts.values()].filter(c => c.drawn !== 'light').length"), 0)
        self.picture("print")
        self.run_script("window.dispatchEvent(new Event('afterprint'))")
        self.assertEqual(self.run_script("return document.documentElement.dataset.theme"), "dark")
        self.emulate()
        pdf = base64.b64decode(self.browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})["data"])
        (PICTURES / "print.pdf").write_bytes(pdf)
        self.assertGreater(len(pdf), 50_000)

    # ---- strange tables ----

    def test_hostile_names_are_only_text(self):
        real, synthetic = (write_csv(self.folder / f"hostile{i}.csv", HOSTILE, hostile_rows(300, i)) for i in (1, 2))
        page = self.folder / "hostile.html"
        meg("report", real, synthetic, "--out", page, "--quiet")
        self.open(page)
        self.draw_everything()
        self.assertIsNone(self.run_script("return window.owned ?? null"))
        self.assertEqual(sorted(self.visible_cards()), sorted(HOSTILE))
        self.assertEqual(self.run_script("return document.querySelectorAll('main img, main b, main script').length"), 0)
        self.assertEqual(self.empty_charts(), [])
        ticks = self.run_script("return [...document.querySelectorAll('.card .ytick text')].map(t => t.textContent)")
        self.assertIn("<b>bold</b> & \"qu…", ticks)
        self.assertLessEqual(self.run_script("return document.documentElement.scrollWidth"), 1280)

    def test_200_columns_stay_usable(self):
        names = [f"column_{i:03d}_of_a_wide_table" for i in range(200)]
        real, synthetic = (write_csv(self.folder / f"wide{i}.csv", names, wide_rows(400, i)) for i in (1, 2))
        page = self.folder / "wide.html"
        meg("report", real, synthetic, "--out", page, "--quiet")
        self.assertLess(page.stat().st_size, MOST_BYTES)
        self.open(page)
        drawn = self.run_script("return [...charts.values()].filter(c => c.drawn).length")
        self.assertLess(drawn, 40, "charts that nobody has scrolled to are drawn")
        self.run_script("document.querySelectorAll('.card')[150].scrollIntoView()")
        self.browser.execute_async_script("setTimeout(arguments[0], 500)")
        self.assertEqual(self.run_script("return document.querySelectorAll('.card')[150].querySelector('.chart').dataset.drawn"), "yes")
        find = "const f = document.getElementById('filter'); f.value = 'column_117'; f.dispatchEvent(new Event('input'))"
        self.run_script(find)
        self.assertEqual(self.visible_cards(), ["column_117_of_a_wide_table"])
        self.picture("wide")

    def test_odd_tables_have_a_page(self):
        odd = {
            "one": (["x"], [[str(i % 7)] for i in range(40)]),
            "row": (["x", "y"], [["5", "a"]]),
            "dates": (["day"], [[f"2020-02-{1 + i % 9:02d}"] for i in range(40)]),
            "constant": (["x", "y"], [["5", "a"]] * 30),
            "missing": (["x", "y"], [["", str(i)] for i in (1, 2, 3, 4, 2, 1) * 5]),
            "text": (["note"], [[f"free text number {i} that says something else"] for i in range(30)]),
        }
        for name, (names, rows) in odd.items():
            with self.subTest(name):
                table, page = write_csv(self.folder / f"{name}.csv", names, rows), self.folder / f"{name}.html"
                meg("report", table, table, "--out", page, "--quiet")
                self.open(page)
                self.draw_everything()
                self.assertEqual(self.empty_charts(), [])
                self.assertEqual(self.overlapping_labels(), [])
                self.assertEqual("There is no matrix" in self.text("#matrix-note"), name in ("row", "constant", "missing"))
                self.assertEqual("All well" in self.text("#advice"), name not in ("row", "text"))
                self.check_console()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
