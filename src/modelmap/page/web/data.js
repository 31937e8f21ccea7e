"use strict";
// Reads the data of the page. Long lists of numbers are base64 of little-endian integers.

/** Return the integers that `text` has in base64, as an array of the type `ArrayType`. */
function decoded(text, ArrayType) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return new ArrayType(bytes.buffer);
}

/** Return the value of a 16-bit code on a log scale [low, high]; code 0 stands for 0. */
function logValue(code, scale) {
  if (code === 0) return 0;
  const [low, high] = scale.map(Math.log);
  return Math.exp(low + ((code - 1) / 65534) * (high - low));
}

/** Return the content of the page with its lists of numbers decoded, the children of models, and
 * the extent of the map across and up. */
function readContent(json) {
  const content = JSON.parse(json);
  const { rows, text_differences: texts } = content;
  for (const key of ["other", "kl", "low", "high"]) rows[key] = decoded(rows[key], Uint16Array);
  rows.first = decoded(rows.first, Uint32Array);
  rows.warned = decoded(rows.warned, Uint8Array);
  texts.codes = decoded(texts.codes, Uint16Array);
  content.extent = [content.x, content.y].map((values) => {
    const [low, high] = values.reduce(([least, most], value) =>
      [Math.min(least, value), Math.max(most, value)], [Infinity, -Infinity]);
    return Math.max(high - low, 0.01);
  });
  content.children = content.names.map(() => []);
  content.parents.forEach((parent, model) => {
    if (parent >= 0) content.children[parent].push(model);
  });
  return content;
}

/** Return the nearest models of a model, nearest first: {other, kl, low, high, warned} each. */
function klRow(content, model, most = Infinity) {
  const { rows } = content;
  const end = Math.min(rows.first[model + 1], rows.first[model] + most);
  const found = [];
  for (let i = rows.first[model]; i < end; i++) {
    const [kl, low, high] = ["kl", "low", "high"].map((key) => logValue(rows[key][i], rows.scale));
    found.push({ other: rows.other[i], kl, low, high, warned: rows.warned[i] === 1 });
  }
  return found;
}

/** Return the KL of two models with its interval, or undefined if the page does not have it. */
function klOf(content, first, second) {
  return (
    klRow(content, first).find((row) => row.other === second) ??
    klRow(content, second).find((row) => row.other === first)
  );
}

/** Return a model's parent, the parent's parent and so on. A circle of parents is cut. */
function ancestors(content, model) {
  const found = [];
  let next = content.parents[model];
  while (next >= 0 && next !== model && !found.includes(next)) {
    found.push(next);
    next = content.parents[next];
  }
  return found;
}

/** Return the pairs [child, parent] of a model's ancestors and of all its descendants. */
function lineage(content, model) {
  const line = [model, ...ancestors(content, model)];
  const pairs = line.slice(1).map((parent, i) => [line[i], parent]);
  const seen = new Set(line);
  const waiting = [model];
  while (waiting.length) {
    const parent = waiting.pop();
    for (const child of content.children[parent]) {
      if (seen.has(child)) continue;
      seen.add(child);
      pairs.push([child, parent]);
      waiting.push(child);
    }
  }
  return pairs;
}

/** Return the models whose names contain all words of `query`, those that begin with it first. */
function search(names, query, most = 30) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const found = [];
  names.forEach((name, model) => {
    const lower = name.toLowerCase();
    if (words.every((word) => lower.includes(word))) {
      found.push({ model, rank: lower.startsWith(words[0]) ? 0 : 1, length: name.length });
    }
  });
  found.sort((a, b) => a.rank - b.rank || a.length - b.length || a.model - b.model);
  return found.slice(0, most).map((entry) => entry.model);
}

/** Return a number with three significant digits, as 2.1e-5 if it is below 0.001. */
function short(value) {
  if (value === null || value === undefined) return "unknown";
  if (value === 0) return "0";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) < 0.001 ? value.toExponential(2) : value.toPrecision(3);
}
