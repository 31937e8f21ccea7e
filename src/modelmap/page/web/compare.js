// Which segments of which texts suit which of two models. A segment suits the model that gives it
// the higher log-likelihood.

const UNKNOWN = 65535;

/** Return, for each text, how two models differ on it, or [] if the page has no segments of one.
 *
 * An entry has the text, `deltas` (nats by which the first model's log-likelihood of a segment is
 * higher, null if it is not scored under both), `nats` (their sum) and `kl` (the sum of
 * delta * tanh(delta / 2), as in docs/methods-divergence.md).
 */
function textDifferences(texts, first, second) {
  const rows = [texts.rows[first], texts.rows[second]];
  if (rows.includes(-1)) return [];
  const width = texts.texts.reduce((sum, text) => sum + text.segments.length, 0);
  let column = 0;
  return texts.texts.map((text) => {
    const deltas = text.segments.map((_, i) => {
      const [a, b] = rows.map((row) => texts.codes[row * width + column + i]);
      return a === UNKNOWN || b === UNKNOWN ? null : (b - a) / texts.codes_per_nat;
    });
    column += text.segments.length;
    const known = deltas.filter((delta) => delta !== null);
    return {
      text,
      deltas,
      nats: known.reduce((sum, delta) => sum + delta, 0),
      kl: known.reduce((sum, delta) => sum + delta * Math.tanh(delta / 2), 0),
    };
  });
}

/** Return the texts to show: those that differ most in favour of the first and of the second. */
function mostDifferent(differences, most = 2) {
  const order = [...differences].sort((a, b) => b.nats - a.nats);
  const first = order.slice(0, most);
  const second = order.slice(first.length).reverse().slice(0, most);
  return { first, second };
}

/** Return the segments that suit each model most, by the mean of their deltas over all texts.
 *
 * Only segments with a letter count, and their whitespace and case do not matter. Those that occur
 * once are less certain, so a mean is that of one more occurrence with a delta of 0.
 */
function mostTelling(differences, most = 12) {
  const sums = new Map();
  for (const { text, deltas } of differences) {
    text.segments.forEach((segment, i) => {
      const word = segment.trim().toLowerCase();
      if (deltas[i] === null || !/\p{L}/u.test(word)) return;
      const entry = sums.get(word) ?? { word, total: 0, count: 0 };
      entry.total += deltas[i];
      entry.count += 1;
      sums.set(word, entry);
    });
  }
  const words = [...sums.values()].map((entry) => ({
    ...entry,
    mean: entry.total / (entry.count + 1),
  }));
  words.sort((a, b) => b.mean - a.mean || (a.word < b.word ? -1 : 1));
  return {
    first: words.slice(0, most).filter((entry) => entry.mean > 0),
    second: words.slice(-most).reverse().filter((entry) => entry.mean < 0),
  };
}

/** Return from 0 to 1 how strongly a segment is coloured: 1 for `largest` nats or more. */
function strength(delta, largest) {
  return largest > 0 ? Math.min(1, Math.abs(delta) / largest) : 0;
}

/** Return the size of a delta that few segments exceed: the 98th percentile of those shown. */
function largestShown(shown) {
  const sizes = shown
    .flatMap((entry) => entry.deltas.filter((delta) => delta !== null).map(Math.abs))
    .sort((a, b) => a - b);
  return sizes.length ? sizes[Math.floor(0.98 * (sizes.length - 1))] : 0;
}
