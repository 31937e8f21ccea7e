// The colour and the shape of each model's mark, and the legend.

const SCALE = ["#00224e", "#35456c", "#666970", "#948e77", "#c8b866", "#fee838"];
/** Colours of numbers from low to high: cividis, which colour-blind readers see as others do. */
const DARKEST = 0.35;
/** Where the scale begins on a dark background. */

/** Return the colour as [red, green, blue]. */
function rgb(hex) {
  return [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16));
}

/** Return the colour between two colours, `share` of the way from the first to the second. */
function mixed(first, second, share) {
  const [from, to] = [rgb(first), rgb(second)];
  const parts = from.map((value, i) => Math.round(value + (to[i] - value) * share));
  return "#" + parts.map((value) => value.toString(16).padStart(2, "0")).join("");
}

/** Return the relative luminance of a colour, 0 to 1, as the guidelines for accessibility define it. */
function luminance(hex) {
  const [red, green, blue] = rgb(hex).map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Return a colour that can be seen on a dark background, or the same one on a light one. */
function visible(hex, dark) {
  return dark && luminance(hex) < 0.1 ? mixed(hex, "#ffffff", 0.4) : hex;
}

/** Return the colour at `share`, from 0 to 1, of the scale of numbers.
 *
 * On a dark background the scale has no dark colours.
 */
function scaleColour(share, dark) {
  const inside = Math.min(Math.max(share, 0), 1);
  const place = (dark ? DARKEST + (1 - DARKEST) * inside : inside) * (SCALE.length - 1);
  const index = Math.min(Math.floor(place), SCALE.length - 2);
  return mixed(SCALE[index], SCALE[index + 1], place - index);
}

/** Return {colours, legend} for a column: a colour for each model, and the entries of the legend.
 *
 * The most frequent levels have colours of their own, in order of first appearance, and all others
 * share the last colour. Numbers that span more than a factor of 50 are on a log scale.
 */
function coloured(column, palette, dark) {
  const other = palette[palette.length - 1];
  if (column.levels) {
    const counts = column.levels.map(() => 0);
    for (const code of column.codes) counts[code] += 1;
    const order = counts.map((_, level) => level).sort((a, b) => counts[b] - counts[a] || a - b);
    const own = order.slice(0, palette.length - 1).sort((a, b) => a - b);
    const colours = column.levels.map(() => visible(other, dark));
    own.forEach((level, i) => { colours[level] = visible(palette[i], dark); });
    const legend = own.map((level) => ({ label: column.levels[level], colour: colours[level] }));
    const rest = column.levels.length - own.length;
    if (rest) legend.push({ label: `${rest} others`, colour: visible(other, dark) });
    return { colours: column.codes.map((code) => colours[code]), legend };
  }
  const known = column.values.filter((value) => value !== null);
  const low = known.reduce((a, b) => Math.min(a, b), Infinity);
  const high = known.reduce((a, b) => Math.max(a, b), -Infinity);
  const transform = low > 0 && high / low > 50 ? Math.log : (value) => value;
  const extent = transform(high) - transform(low) || 1;
  const colours = column.values.map((value) =>
    value === null
      ? visible(other, dark)
      : scaleColour((transform(value) - transform(low)) / extent, dark),
  );
  const scale = [0, 0.25, 0.5, 0.75, 1].map((share) => scaleColour(share, dark));
  return { colours, legend: known.length ? [{ label: [low, high].map(short), scale }] : [] };
}

/** Return the corners of a regular polygon, one of them at `turn` radians. */
function polygon(count, turn) {
  return [...Array(count).keys()].map((i) => {
    const angle = (2 * Math.PI * i) / count + turn;
    return [1.1 * Math.cos(angle), 1.1 * Math.sin(angle)];
  });
}

/** Draw a mark of a shape, named as matplotlib does, around (x, y) with this radius. */
function drawMark(context, shape, x, y, radius, colour, paper) {
  const corners = {
    v: [[-1, -0.8], [1, -0.8], [0, 1]],
    "^": [[-1, 0.8], [1, 0.8], [0, -1]],
    D: [[0, -1], [1, 0], [0, 1], [-1, 0]],
    p: polygon(5, -Math.PI / 2),
    8: polygon(8, Math.PI / 8),
    s: [[-1.4, -1.4], [1.4, -1.4], [1.4, 1.4], [-1.4, 1.4]],
    P: [[-0.4, -1], [0.4, -1], [0.4, -0.4], [1, -0.4], [1, 0.4], [0.4, 0.4], [0.4, 1], [-0.4, 1],
      [-0.4, 0.4], [-1, 0.4], [-1, -0.4], [-0.4, -0.4]],
    "*": [...Array(10).keys()].map((i) => {
      const [angle, reach] = [(i * Math.PI) / 5 - Math.PI / 2, i % 2 ? 0.5 : 1.35];
      return [reach * Math.cos(angle), reach * Math.sin(angle)];
    }),
  }[shape];
  context.beginPath();
  if (corners) {
    for (const [dx, dy] of corners) context.lineTo(x + dx * radius, y + dy * radius);
    context.closePath();
  } else {
    context.arc(x, y, radius, 0, 2 * Math.PI);
  }
  // A frame, because a quantised model lies almost where the model is that it was made from.
  const framed = shape === "s";
  context.lineWidth = framed ? 1.6 : 0.8;
  context.strokeStyle = framed ? colour : paper;
  context.fillStyle = colour;
  if (!framed) context.fill();
  context.stroke();
}
