// Joins the parts: what is chosen, and what is drawn when that changes.

/** Start the page. */
function start() {
  const byId = (id) => document.getElementById(id);
  const content = readContent(byId("data").textContent);
  const [canvas, card, panel] = ["map", "card", "panel"].map(byId);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const state = { ...stateOf(location.hash, content), pointed: -1, isPicking: false, most: 15 };
  const kinds = content.columns.find((column) => column.label === "kind");
  const shapes = kinds.codes.map((code) => content.shapes[kinds.levels[code]] ?? content.shapes[""]);
  // Frames lie under other marks, and models from scratch on top.
  const ranks = Object.fromEntries(Object.keys(content.shapes).map((kind, i) => [kind, i]));
  const rank = (model) => ranks[kinds.levels[kinds.codes[model]]] ?? ranks[""];
  const order = content.names.map((_, model) => model).sort((a, b) => rank(b) - rank(a) || a - b);
  let look;
  let marks;
  let isWaiting = false;

  const size = () => frame(canvas, state.view, content.extent);
  const paint = () => {
    isWaiting = false;
    drawMap(canvas, { content, shapes, order, look, colours: marks.colours, ...state });
  };
  const repaint = () => {
    if (!isWaiting) requestAnimationFrame(paint);
    isWaiting = true;
  };
  const say = (text) => { byId("status").textContent = text; };

  /** Write the state into the address, without a new entry in the history. */
  let timer;
  const remember = () => {
    clearTimeout(timer);
    timer = setTimeout(() => history.replaceState(null, "", `#${fragmentOf(state, content)}`), 150);
  };
  const setView = (view) => { state.view = view; card.hidden = true; remember(); repaint(); };

  const recolour = () => {
    const style = getComputedStyle(document.documentElement);
    const value = (name) => style.getPropertyValue(`--${name}`).trim();
    look = { ink: value("ink"), soft: value("soft"), line: value("line"), paper: value("paper"),
      accent: value("accent"), second: `rgb(${value("second")})` };
    marks = coloured(content.columns[state.column], content.colours, dark.matches);
    showLegend(byId("legend"), content, state.column, marks.legend, kinds, look);
    repaint();
  };

  const showPanel = () => {
    const actions = { choose, compare, pick, more: () => { state.most = Infinity; showPanel(); } };
    const parts = state.chosen < 0
      ? [element("p", { class: "note" }, "Choose a model on the map or by its name.")]
      : state.compared >= 0
        ? comparePanel(content, state.chosen, state.compared, actions)
        : modelPanel(content, state.chosen, state.most, actions);
    panel.replaceChildren(...parts);
    panel.scrollTop = 0;
  };
  const changed = () => { state.isPicking = false; showPanel(); remember(); repaint(); };
  function choose(model) {
    Object.assign(state, { chosen: model, compared: -1, pointed: -1, most: 15 });
    if (model >= 0) {
      state.view = viewOf(content, model, state.view, size());
      say(`${content.names[model]}, ${faithfulness(content, model)}`);
    }
    changed();
  }
  function compare(model) {
    if (model === state.chosen || state.chosen < 0) return choose(model);
    state.compared = model;
    say(`${content.names[state.chosen]} compared with ${content.names[model]}`);
    return changed();
  }
  function pick() {
    state.isPicking = true;
    say("Choose a second model on the map or by its name.");
    byId("search").focus();
  }
  const take = (model, isSecond) => (isSecond || state.isPicking ? compare(model) : choose(model));

  const showCard = (x, y) => {
    const found = modelsAt(content, state.view, size(), x, y);
    state.pointed = found.length ? found[0].model : -1;
    repaint();
    card.hidden = state.pointed < 0;
    if (card.hidden) return;
    const same = found.filter((entry) => entry.distance <= found[0].distance + 2).length - 1;
    card.replaceChildren(...cardOf(content, state.pointed, same));
    const { across, up } = size();
    card.style.left = `${Math.max(0, x + 18 + card.offsetWidth > across ? x - card.offsetWidth - 14 : x + 18)}px`;
    card.style.top = `${Math.max(0, Math.min(y + 12, up - card.offsetHeight))}px`;
  };
  const press = (x, y, isSecond) => {
    const found = modelsAt(content, state.view, size(), x, y);
    card.hidden = true;
    if (!found.length) return isSecond || state.isPicking ? undefined : choose(-1);
    // A further click at the same place goes to the next of the models that lie there.
    const here = found.filter((entry) => entry.distance <= found[0].distance + 2);
    const last = here.findIndex((entry) => entry.model === state.chosen);
    return take(here[(last + 1) % here.length].model, isSecond);
  };
  const move = (dx, dy) => {
    const { scale } = size();
    const { x, y, zoom } = state.view;
    setView({ x: x - dx / scale, y: y + dy / scale, zoom });
  };
  const zoom = (factor, x, y) => setView(zoomed(state.view, size(), factor, x, y));
  const middle = () => [canvas.clientWidth / 2, canvas.clientHeight / 2];
  const go = (direction) => {
    const from = state.pointed >= 0 ? state.pointed : state.chosen;
    const next = from < 0 ? 0 : modelTowards(content, from, direction);
    if (next === undefined) return;
    state.pointed = next;
    setView(viewOf(content, next, state.view, size()));
    say(content.names[next]);
  };
  const leave = () => { state.pointed = -1; card.hidden = true; repaint(); };
  const open = (isSecond) => { if (state.pointed >= 0) take(state.pointed, isSecond); };

  listenToPointers(canvas, { move, zoom, point: showCard, press, leave });
  listenToKeys(canvas, { go, move, zoom, open, whole: () => setView(WHOLE), close: () => choose(-1) });
  listenToSearch(byId("search"), byId("results"), content.names, (model) => take(model, false));
  byId("closer").addEventListener("click", () => zoom(1.4, ...middle()));
  byId("farther").addEventListener("click", () => zoom(1 / 1.4, ...middle()));
  byId("whole").addEventListener("click", () => setView(WHOLE));
  byId("colour").append(...content.columns.map(({ label }, i) => element("option", { value: i }, label)));
  byId("colour").value = state.column;
  byId("colour").addEventListener("change", (event) => {
    state.column = Number(event.target.value);
    remember();
    recolour();
  });
  window.addEventListener("hashchange", () => {
    Object.assign(state, stateOf(location.hash, content));
    byId("colour").value = state.column;
    recolour();
    showPanel();
  });
  dark.addEventListener("change", recolour);
  new ResizeObserver(repaint).observe(canvas);
  recolour();
  showPanel();
}

/** Show what colours and shapes mean. */
function showLegend(legend, content, column, entries, kinds, look) {
  const mark = (shape, colour) => {
    const image = element("canvas", { width: 32, height: 32, "aria-hidden": "true" });
    const context = image.getContext("2d");
    context.scale(2, 2);
    drawMark(context, shape, 8, 8, 5, colour, look.paper);
    return image;
  };
  const bar = (scale) => {
    const made = element("span", { class: "scale", "aria-hidden": "true" });
    made.style.background = `linear-gradient(to right, ${scale.join(", ")})`;
    return made;
  };
  const colours = entries.map((entry) => (entry.scale
    ? element("li", {}, entry.label[0], bar(entry.scale), entry.label[1])
    : element("li", {}, mark("o", entry.colour), entry.label)));
  const shapes = kinds.levels.map((kind) => element("li", {},
    mark(content.shapes[kind] ?? content.shapes[""], look.soft), kind));
  const lines = ["A line leads to the model that a model was made from.",
    "Dashed lines lead from the chosen model to its nearest ones."];
  if (content.ellipses.some((ellipse) => ellipse)) {
    lines.push("An ellipse is one standard deviation of the place of a model on some of the texts.");
  }
  legend.replaceChildren(
    element("div", {}, `Colour: ${content.columns[column].label}`), element("ul", {}, ...colours),
    element("div", {}, "Shape: kind"), element("ul", {}, ...shapes),
    element("div", {}, "Lines"), element("div", {}, lines.join(" ")),
  );
}

start();
