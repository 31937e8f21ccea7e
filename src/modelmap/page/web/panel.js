// What is shown of models beside the map. Text from the data is only ever set as text.

/** Return an HTML element with attributes and children; children that are text stay text. */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== null).map((child) =>
    (child instanceof Node ? child : String(child))));
  return made;
}

/** Return a button that calls `press`; one of class "link" looks like a link. */
function button(label, press, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, label);
  made.addEventListener("click", press);
  return made;
}

/** Return a table cell with a bar, whose length is `share` of the cell. */
function barCell(shares) {
  const cell = element("td", { class: "barcell", "aria-hidden": "true" });
  shares.forEach((share, i) => {
    if (share === null) return;
    const bar = element("span", { class: i ? "bar second" : "bar" });
    bar.style.width = `${Math.min(100, 100 * share).toFixed(1)}%`;
    if (shares.length > 1) bar.style.margin = "0.1rem 0";
    cell.append(bar);
  });
  return cell;
}

/** Return a table of the bits per byte of models by category, with bars. */
function bitsTable(content, models) {
  const values = content.categories.map((_, i) => models.map((model) => content.bits[model][i]));
  const largest = Math.max(...values.flat().map((value) => value ?? 0), 1e-9);
  const rows = content.categories.map((category, i) => element("tr", {},
    element("th", { scope: "row" }, category),
    ...values[i].map((value) => element("td", { class: "number" },
      value === null ? "unknown" : value.toFixed(2))),
    barCell(values[i].map((value) => (value === null ? null : value / largest)))));
  const head = models.length > 1
    ? [element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "category"),
      ...models.map((model) => element("th", { scope: "col", class: "name" }, content.names[model])),
      element("td", { class: "barcell" }, "")))]
    : [];
  return element("table", { "aria-label": "Bits per byte by category",
    class: models.length > 1 ? "compared" : "" }, ...head, element("tbody", {}, ...rows));
}

/** Return a sentence that says how faithfully the map shows this model. */
function faithfulness(content, model) {
  const near = klRow(content, model, content.n_near).length;
  return `Of the ${near} nearest models, ${content.kept[model]} are among the ${near} nearest on ` +
    "the map.";
}

const CARD = ["family", "kind", "parameters"];

/** Return the properties of a model: the columns and the parent. A card has the first few only. */
function properties(content, model, isCard) {
  const entries = content.columns
    .filter((column) => (isCard ? CARD.includes(column.label) : !column.label.startsWith("nearest")))
    .map((column) => [column.label,
      column.levels ? column.levels[column.codes[model]] : short(column.values[model])]);
  const parent = content.parents[model];
  entries.splice(2, 0, ["made from", parent < 0 ? "nothing on this map" : content.names[parent]]);
  return element("dl", {}, ...entries.flatMap(([label, value]) =>
    [element("dt", {}, label), element("dd", {}, value)]));
}

/** Return "low to high", the interval of a KL. */
function interval(row) {
  return `${short(row.low)} to ${short(row.high)}`;
}

/** Return what the hover card shows: properties, bits per byte and the nearest models. */
function cardOf(content, model, same) {
  const nearest = klRow(content, model, content.n_near).map((row) => element("tr", {},
    element("th", { scope: "row" }, content.names[row.other]),
    element("td", { class: "number" }, short(row.kl)),
    element("td", { class: "number" }, interval(row))));
  return [
    element("strong", {}, content.names[model]),
    properties(content, model, true),
    element("div", { class: "note" }, "Bits per byte by category"),
    bitsTable(content, [model]),
    element("div", { class: "note" }, "Nearest models: KL in bits per byte, with its interval"),
    element("table", { "aria-label": "Nearest models" }, element("tbody", {}, ...nearest)),
    element("div", { class: "note" }, faithfulness(content, model)),
    same > 0 ? element("div", { class: "note" }, `${same} more here: click again.`) : null,
  ].filter((part) => part !== null);
}

/** Return the table of a model's KLs; `choose` and `compare` are called with another model. */
function klTable(content, model, most, choose, compare) {
  const row = klRow(content, model, most);
  const rows = row.map((entry) => element("tr", {},
    element("th", { scope: "row" }, button(content.names[entry.other], () => choose(entry.other),
      { class: "link" }), entry.warned ? " (one-sided)" : null),
    element("td", { class: "number" }, short(entry.kl)),
    element("td", { class: "number" }, interval(entry)),
    element("td", {}, button("compare", () => compare(entry.other), {
      class: "link", "aria-label": `Compare with ${content.names[entry.other]}` }))));
  const percent = `${Math.round(100 * content.confidence)}% interval`;
  const head = ["model", "KL", percent, ""].map((label, i) => element(
    label ? "th" : "td", label ? { scope: "col", class: i ? "number" : "" } : {}, label));
  return element("table", { "aria-label": "KL divergences in bits per byte" },
    element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows));
}

/** Return what is shown of a chosen model. `actions` are choose, compare, pick and more. */
function modelPanel(content, model, most, actions) {
  const kin = [...ancestors(content, model), ...content.children[model]];
  const all = klRow(content, model).length;
  const rest = content.names.length - 1 - all;
  return [
    element("h2", {}, content.names[model]),
    properties(content, model, false),
    button("Compare with another model", actions.pick),
    element("h3", {}, "Bits per byte by category"),
    bitsTable(content, [model]),
    element("h3", {}, "Made from, and models made from it"),
    kin.length
      ? element("p", {}, ...kin.flatMap((other, i) => [i ? ", " : "",
        button(content.names[other], () => actions.choose(other), { class: "link" })]))
      : element("p", { class: "note" }, "None on this map."),
    element("h3", {}, "KL divergences, in bits per byte"),
    element("p", { class: "note" }, faithfulness(content, model)),
    klTable(content, model, most, actions.choose, actions.compare),
    most < all ? button(`Show all ${all}`, actions.more) : null,
    rest > 0
      ? element("p", { class: "note" }, `This file has the KLs of the ${all} nearest models only.`)
      : null,
  ].filter((part) => part !== null);
}

/** Return a text with its segments coloured by which of two models they suit. */
function colouredText(entry, largest) {
  const block = element("div", { class: "text", tabindex: "0", role: "group",
    "aria-label": `Text of category ${entry.text.category}` });
  entry.text.segments.forEach((segment, i) => {
    const delta = entry.deltas[i];
    const shade = delta === null ? 0 : strength(delta, largest);
    if (shade < 0.08) return block.append(segment);
    const mark = element("span", { title: `${delta > 0 ? "+" : "\u2212"}${short(Math.abs(delta))} nats` },
      segment);
    mark.style.background = `rgba(var(--${delta > 0 ? "first" : "second"}), ${(0.5 * shade).toFixed(2)})`;
    return block.append(mark);
  });
  return block;
}

/** Return what tells two models apart: their KL, bits per byte, words and texts. */
function comparePanel(content, first, second, actions) {
  const row = klOf(content, first, second);
  const names = [first, second].map((model) => content.names[model]);
  const legend = element("p", {}, "Words that suit ",
    element("span", { class: "first" }, names[0]), " or ",
    element("span", { class: "second" }, names[1]), ".");
  return [
    element("h2", {}, `${names[0]} and ${names[1]}`),
    element("p", {}, row
      ? `KL ${short(row.kl)} bits per byte (${interval(row)}).` : "Their KL is not in this file.",
    row?.warned ? " One-sided: one model is far better, and the KL is less certain." : ""),
    element("p", {}, button(names[0], () => actions.choose(first)), " ",
      button(names[1], () => actions.choose(second))),
    element("h3", {}, "Bits per byte by category"),
    bitsTable(content, [first, second]),
    element("h3", {}, "What tells them apart"),
    legend,
    ...textParts(content, first, second, names),
  ];
}

/** Return the words and texts that suit one of two models more, or why there are none. */
function textParts(content, first, second, names) {
  const differences = textDifferences(content.text_differences, first, second);
  if (!differences.length) {
    return [element("p", { class: "note" }, "This file has no texts for these two models.")];
  }
  const chosen = mostDifferent(differences);
  const telling = mostTelling(differences);
  const largest = largestShown([...chosen.first, ...chosen.second]);
  const words = ["first", "second"].map((which, i) => element("p", {}, `${names[i]}: `,
    ...telling[which].flatMap(({ word }, j) => [j ? " " : "", element("span", { class: which }, word)])));
  const texts = ["first", "second"].flatMap((which, i) => chosen[which].flatMap((entry) => [
    element("p", { class: "note" }, `Among the ${differences.length} texts of this file most in ` +
      `favour of ${names[i]}: ${entry.text.category}, ${short(Math.abs(entry.nats))} nats ` +
      `${entry.nats >= 0 ? "more" : "less"} likely under ${names[0]}.`),
    colouredText(entry, largest),
  ]));
  return [...words, element("p", { class: "note" },
    `A segment suits the model that gives it the higher log-likelihood. The strongest shade is a ` +
    `difference of ${short(largest)} nats or more.`), ...texts];
}
