"""The interactive map in a browser without a network: drawing, pointing, choosing, keys, links.

The tests need Chromium and `pip install -e '.[browser]'`; without them they are skipped.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.page_content import large_models, made_up_page, nearest_pairs, small_page

from modelmap.page.html import page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed: pip install -e '.[browser]'"
)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
HOSTILE = "<img src=x onerror=alert(1)></script>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium without a window."""
    with playwright.sync_playwright() as running:
        started = running.chromium.launch(executable_path=CHROMIUM)
        yield started
        started.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of twelve models, one of which has HTML for a name."""
    path = tmp_path_factory.mktemp("page") / "map.html"
    path.write_text(page(small_page({"birch-1": HOSTILE}), "Twelve models."), encoding="utf-8")
    return path


@pytest.fixture
def opened(browser: Any, file: Path) -> Iterator[Any]:
    """The page, opened from disk; afterwards it has logged no error and requested no other file."""
    context = browser.new_context(offline=True, viewport={"width": 1200, "height": 800})
    tab = context.new_page()
    problems: list[str] = []
    tab.on("console", lambda message: problems.append(message.text))
    tab.on("pageerror", lambda error: problems.append(str(error)))
    tab.on("dialog", lambda dialog: problems.append(dialog.message))
    requests: list[str] = []
    tab.on("request", lambda request: requests.append(request.url))
    tab.goto(file.as_uri())
    yield tab
    assert problems == []
    assert [url for url in requests if url.split("#")[0] != file.as_uri()] == []
    context.close()


def place_of(tab: Any, name: str) -> tuple[float, float]:
    """Return where a model is drawn, in pixels from the corner of the window."""
    return tuple(
        tab.evaluate(
            """(name) => {
              const content = readContent(document.getElementById("data").textContent);
              const canvas = document.getElementById("map");
              const { view } = stateOf(location.hash, content);
              const size = frame(canvas, view, content.extent);
              const [x, y] = spot(content, content.names.indexOf(name), view, size);
              const box = canvas.getBoundingClientRect();
              return [box.left + x, box.top + y];
            }""",
            name,
        )
    )


def test_the_map_is_drawn_in_the_colours_of_the_families(opened: Any) -> None:
    """At the place of a model the canvas has the colour that the legend gives its family."""
    opened.wait_for_timeout(100)
    x, y = place_of(opened, "ash")
    colour = opened.evaluate(
        """([x, y]) => {
          const canvas = document.getElementById("map");
          const box = canvas.getBoundingClientRect();
          const pixels = canvas.getContext("2d").getImageData(x - box.left, y - box.top, 1, 1);
          return [...pixels.data];
        }""",
        [x, y],
    )
    assert colour == [0x00, 0x72, 0xB2, 255]
    assert opened.locator("#legend li").all_text_contents()[:3] == ["ash", "birch", "cedar"]


def test_pointing_at_a_model_shows_its_card(opened: Any) -> None:
    """Name, family, bits per byte, nearest models with intervals, and how faithful the place is."""
    opened.mouse.move(*place_of(opened, "ash"))
    card = opened.locator("#card")
    card.wait_for(state="visible")
    text = card.inner_text()
    for part in ("ash", "base", "bible", "2.50", "ash-1", " to ", "nearest on the map"):
        assert part in text


def test_search_finds_a_model_and_the_address_leads_to_it(opened: Any, file: Path) -> None:
    """The address that is shown after a search opens the same model again."""
    opened.locator("#search").fill("ced")
    assert opened.locator("#results li").count() == 4
    opened.keyboard.press("ArrowDown")
    opened.keyboard.press("Enter")
    assert opened.locator("#panel h2").inner_text() == "cedar-1"
    opened.wait_for_timeout(300)
    assert opened.url == f"{file.as_uri()}#model=cedar-1"
    opened.reload()
    assert opened.locator("#panel h2").inner_text() == "cedar-1"
    assert opened.locator("#panel tbody").nth(1).locator("tr").count() == 11


def test_two_clicks_compare_two_models(opened: Any) -> None:
    """The second with Shift: their KL, and words coloured by the model they suit."""
    opened.mouse.click(*place_of(opened, "ash"))
    opened.keyboard.down("Shift")
    opened.mouse.click(*place_of(opened, "cedar"))
    opened.keyboard.up("Shift")
    panel = opened.locator("#panel")
    assert opened.locator("#panel h2").inner_text() == "ash and cedar"
    assert "bits per byte (" in panel.inner_text()
    assert panel.locator(".text span").count() > 3
    assert "<b>bold</b>" in panel.inner_text()


def test_segments_suit_the_model_with_the_higher_log_likelihood(opened: Any) -> None:
    """Deltas are the first log-likelihood less the second; those that are unknown are null."""
    found = opened.evaluate(
        """() => textDifferences({ codes_per_nat: 512, rows: [0, 1],
          texts: [{ segments: ["a", "b"] }, { segments: ["c"] }],
          codes: [512, 1024, 65535, 1024, 512, 0] }, 0, 1)"""
    )
    assert [entry["deltas"] for entry in found] == [[1, -1], [None]]
    assert found[0]["nats"] == 0
    assert found[0]["kl"] == pytest.approx(2 * 0.46211716)


def test_names_from_the_data_are_never_html(opened: Any) -> None:
    """A name with an element and the end of a script is shown as it is."""
    opened.locator("#search").fill("onerror")
    opened.keyboard.press("Enter")
    assert opened.locator("#panel h2").inner_text() == HOSTILE
    assert opened.locator("img").count() == 0


def test_all_is_reached_by_keys(opened: Any) -> None:
    """Arrows go to a model and say its name, Enter opens it, + zooms and Escape closes."""
    opened.locator("#map").focus()
    opened.keyboard.press("ArrowRight")
    assert opened.locator("#status").inner_text() == "ash"
    opened.keyboard.press("Enter")
    assert opened.locator("#panel h2").inner_text() == "ash"
    opened.keyboard.press("+")
    opened.wait_for_timeout(300)
    assert "view=" in opened.url
    opened.keyboard.press("0")
    opened.keyboard.press("Escape")
    opened.wait_for_timeout(300)
    assert opened.locator("#panel h2").count() == 0
    assert opened.url.endswith("#")


def test_every_column_colours_the_map(opened: Any) -> None:
    """Each choice has a legend, and the address keeps it."""
    choices = opened.locator("#colour option").all_text_contents()
    assert choices[:2] == ["family", "kind"]
    for label in choices:
        opened.locator("#colour").select_option(label=label)
        assert opened.locator("#legend ul").first.locator("li").count() > 0
    opened.wait_for_timeout(300)
    assert "colour=" in opened.url


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_that_keeps_readers_out(browser: Any, file: Path, scheme: str) -> None:
    """No violation of axe-core's rules, in light and dark, with a model and with two chosen."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    context = browser.new_context(offline=True, bypass_csp=True, color_scheme=scheme)
    tab = context.new_page()
    for fragment in ("", "#model=ash", "#model=ash&with=cedar"):
        tab.goto("about:blank")
        tab.goto(file.as_uri() + fragment)
        found = axe.run(tab).response["violations"]
        assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found] == []
    context.close()


def test_every_kind_has_a_mark_of_its_own(opened: Any) -> None:
    """Drawn in one colour, no two of the kinds' shapes give the same picture."""
    pictures = opened.evaluate(
        """() => {
          const { shapes } = readContent(document.getElementById("data").textContent);
          return Object.values(shapes).map((shape) => {
            const image = document.createElement("canvas");
            drawMark(image.getContext("2d"), shape, 40, 40, 20, "#000000", "#ffffff");
            return image.toDataURL();
          });
        }"""
    )
    assert len(pictures) > 8
    assert len(set(pictures)) == len(pictures)


def test_dark_colours_are_lighter_on_a_dark_page_and_stay_different(opened: Any) -> None:
    """Each colour of the families has a luminance of at least 0.1, and no two become the same."""
    shown, luminances = opened.evaluate(
        """() => {
          const { colours } = readContent(document.getElementById("data").textContent);
          const shown = colours.map((colour) => visible(colour, true).toLowerCase());
          return [shown, shown.map(luminance)];
        }"""
    )
    assert min(luminances) >= 0.1
    assert len(set(shown)) == len(shown)


def test_the_map_and_its_legend_are_seen_without_scrolling(opened: Any) -> None:
    """In a window of 1200 by 800 pixels, and all models are within the map."""
    height = opened.evaluate("innerHeight")
    for part in ("#map", "#legend", "#keys"):
        box = opened.locator(part).bounding_box()
        assert box["y"] + box["height"] <= height
    box = opened.locator("#map").bounding_box()
    for name in ("ash", "birch", "cedar"):
        x, y = place_of(opened, name)
        assert box["x"] < x < box["x"] + box["width"]
        assert box["y"] < y < box["y"] + box["height"]


def test_on_a_phone_nothing_is_wider_than_the_window(browser: Any, file: Path) -> None:
    """360 pixels wide, with two models compared; a tap chooses a model."""
    context = browser.new_context(
        offline=True, viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True
    )
    tab = context.new_page()
    tab.goto(file.as_uri() + "#model=ash&with=cedar")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    tab.evaluate("scrollTo(0, 0)")
    tab.touchscreen.tap(*place_of(tab, "birch"))
    assert "birch" in tab.locator("#panel h2").inner_text()
    context.close()


def test_twenty_thousand_models_are_drawn_smoothly(browser: Any, tmp_path: Path) -> None:
    """Drawing takes less than six times as long as 20,000 squares alone, and search finds one."""
    models, places = large_models(20_000)
    content = made_up_page(models, places, nearest_pairs(models, places, 12), texts=("one",))
    file = tmp_path / "map.html"
    file.write_text(page(content, ""), encoding="utf-8")
    tab = browser.new_context(offline=True).new_page()
    tab.goto(file.as_uri())
    drawn, squares = tab.evaluate(
        """() => {
          const content = readContent(document.getElementById("data").textContent);
          const canvas = document.getElementById("map");
          const context = canvas.getContext("2d");
          const { colours } = coloured(content.columns[0], content.colours, false);
          const look = { ink: "#000", soft: "#888", line: "#ddd", paper: "#fff", accent: "#00f" };
          const scene = { content, colours, look, view: WHOLE, shapes: colours.map(() => "o"),
            order: colours.map((_, i) => i), chosen: 5, compared: -1, pointed: 7 };
          const least = (draw) => Math.min(...Array.from({ length: 7 }, () => {
            const start = performance.now();
            draw();
            context.getImageData(0, 0, 1, 1);
            return performance.now() - start;
          }));
          return [
            least(() => drawMap(canvas, scene)),
            least(() => colours.forEach((colour, i) => {
              context.fillStyle = colour;
              context.fillRect(i % 600, (7 * i) % 500, 4, 4);
            })),
          ];
        }"""
    )
    assert drawn < 6 * squares
    tab.locator("#search").fill("model-999-7")
    tab.keyboard.press("Enter")
    assert tab.locator("#panel h2").inner_text().endswith("model-999-7")
