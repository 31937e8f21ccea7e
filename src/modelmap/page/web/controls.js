// What readers do: pointer, wheel, keys, the search field, and the address of what they see.

/** Return the state that the address's fragment names: model, with, colour and view, if valid. */
function stateOf(fragment, content) {
  const given = new URLSearchParams(fragment.replace(/^#/, ""));
  const view = (given.get("view") ?? "").split(",").map(Number);
  const isView = view.length === 3 && view.every(Number.isFinite) && view[2] > 0;
  const column = content.columns.findIndex((entry) => entry.label === given.get("colour"));
  const chosen = content.names.indexOf(given.get("model"));
  const compared = chosen < 0 ? -1 : content.names.indexOf(given.get("with"));
  return {
    chosen,
    compared: compared === chosen ? -1 : compared,
    column: Math.max(0, column),
    view: isView ? { x: view[0], y: view[1], zoom: Math.min(400, Math.max(0.5, view[2])) } : WHOLE,
  };
}

/** Return the fragment that `stateOf` reads; what is as at the start is left out. */
function fragmentOf(state, content) {
  const named = new URLSearchParams();
  if (state.chosen >= 0) named.set("model", content.names[state.chosen]);
  if (state.compared >= 0) named.set("with", content.names[state.compared]);
  if (state.column > 0) named.set("colour", content.columns[state.column].label);
  const { x, y, zoom } = state.view;
  if (x !== WHOLE.x || y !== WHOLE.y || zoom !== WHOLE.zoom) {
    named.set("view", [x.toFixed(4), y.toFixed(4), zoom.toFixed(3)].join(","));
  }
  return named.toString();
}

/** Call the actions move, zoom, point and press as readers use mouse, pen or fingers. */
function listenToPointers(canvas, actions) {
  const down = new Map();
  let travelled = 0;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    if (!down.size) travelled = 0;
    down.set(event.pointerId, place(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    const now = place(event);
    const before = down.get(event.pointerId);
    if (!before) return actions.point(...now);
    const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
    travelled += Math.hypot(now[0] - before[0], now[1] - before[1]);
    down.set(event.pointerId, now);
    if (!other) {
      if (travelled > 4) actions.move(now[0] - before[0], now[1] - before[1]);
      return undefined;
    }
    const [apart, earlier] = [now, before].map((p) => Math.hypot(p[0] - other[0], p[1] - other[1]));
    travelled += 10;
    if (earlier > 0) actions.zoom(apart / earlier, (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
    return undefined;
  });
  canvas.addEventListener("pointerup", (event) => {
    if (down.delete(event.pointerId) && travelled <= 4) actions.press(...place(event), event.shiftKey);
  });
  canvas.addEventListener("pointercancel", (event) => down.delete(event.pointerId));
  canvas.addEventListener("pointerleave", () => actions.leave());
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const pixels = event.deltaY * [1, 30, 300][event.deltaMode];
    actions.zoom(Math.exp(-pixels / 400), ...place(event));
  }, { passive: false });
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** Call the actions go, move, zoom, open, whole and close as readers press keys on the map. */
function listenToKeys(canvas, actions) {
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const middle = [canvas.clientWidth / 2, canvas.clientHeight / 2];
    const arrow = ARROWS[event.key];
    if (arrow && event.shiftKey) actions.move(-60 * arrow[0], 60 * arrow[1]);
    else if (arrow) actions.go(arrow);
    else if (event.key === "+" || event.key === "=") actions.zoom(1.4, ...middle);
    else if (event.key === "-") actions.zoom(1 / 1.4, ...middle);
    else if (event.key === "0") actions.whole();
    else if (event.key === "Enter" || event.key === " ") actions.open(event.shiftKey);
    else if (event.key === "Escape") actions.close();
    else return;
    event.preventDefault();
  });
}

/** Have the search field list the models found; `choose` is called with the one that is taken. */
function listenToSearch(input, list, names, choose) {
  let found = [];
  let marked = -1;
  const show = () => {
    list.replaceChildren(...found.map((model, i) => {
      const option = element("li", { role: "option", id: `found-${i}` }, names[model]);
      option.setAttribute("aria-selected", String(i === marked));
      option.addEventListener("pointerdown", (event) => { event.preventDefault(); take(i); });
      return option;
    }));
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(found.length > 0));
    if (marked >= 0) {
      input.setAttribute("aria-activedescendant", `found-${marked}`);
      list.children[marked].scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  };
  const close = () => { found = []; marked = -1; show(); };
  const take = (i) => { const model = found[i]; input.value = ""; close(); choose(model); };
  input.addEventListener("input", () => {
    found = search(names, input.value);
    marked = found.length ? 0 : -1;
    show();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return close();
    if (!found.length) return undefined;
    if (event.key === "Enter") take(Math.max(0, marked));
    else if (event.key === "ArrowDown") marked = (marked + 1) % found.length;
    else if (event.key === "ArrowUp") marked = (marked + found.length - 1) % found.length;
    else return undefined;
    event.preventDefault();
    return show();
  });
  input.addEventListener("blur", close);
}
