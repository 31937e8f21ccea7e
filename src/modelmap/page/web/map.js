// The map on a canvas: where a model is drawn, which one is under the pointer, and drawing.

const WHOLE = { x: 0.5, y: 0.5, zoom: 1 };
const MOST_NAMES = 60;
const FEW_NAMES = 20;
/** Where more than 1,000 models are in view. */
const MOST_SHAPES = 4000;
/** Squares are drawn five times as fast as images, and shapes cannot be told apart by then. */
const REACH = 14;
/** How far, in pixels, the pointer may be from a model. */

/** Return {across, up, scale}: the size of the canvas in pixels, and pixels per unit of the map.
 *
 * The whole map, which is [wide, high], fills most of the canvas and leaves room for names.
 */
function frame(canvas, view, [wide, high]) {
  const [across, up] = [canvas.clientWidth, canvas.clientHeight];
  return { across, up, scale: Math.min((0.72 * across) / wide, (0.86 * up) / high) * view.zoom };
}

/** Return where on the canvas a model is drawn. */
function spot(content, model, view, size) {
  return [
    size.across / 2 + (content.x[model] - view.x) * size.scale,
    size.up / 2 - (content.y[model] - view.y) * size.scale,
  ];
}

/** Return the radius of marks in pixels: smaller for many models, larger when zoomed in. */
function markRadius(nModels, zoom) {
  const whole = Math.max(1.6, 6 * Math.min(1, Math.sqrt(150 / nModels)));
  // In steps of half a pixel, so that images of marks are made anew only now and then.
  return Math.round(2 * Math.min(7, whole * Math.max(1, zoom) ** 0.35)) / 2;
}

/** Return the models within REACH of a place on the canvas, the nearest first. */
function modelsAt(content, view, size, x, y) {
  const found = [];
  for (let model = 0; model < content.names.length; model++) {
    const [there, above] = spot(content, model, view, size);
    const distance = Math.hypot(there - x, above - y);
    if (distance <= REACH) found.push({ model, distance });
  }
  return found.sort((a, b) => a.distance - b.distance || a.model - b.model);
}

/** Return the nearest model in a direction, [1, 0] for right and [0, 1] for up, or undefined. */
function modelTowards(content, from, [right, up]) {
  let best;
  let least = Infinity;
  for (let model = 0; model < content.names.length; model++) {
    const [dx, dy] = [content.x[model] - content.x[from], content.y[model] - content.y[from]];
    const along = dx * right + dy * up;
    const aside = Math.abs(dx * up - dy * right);
    // Models of the same place come one after the other, so that each can be reached.
    const same = dx === 0 && dy === 0 && (right + up > 0 ? model > from : model < from);
    if (!same && (along <= 0 || aside > along)) continue;
    const cost = same ? -1 / (1 + Math.abs(model - from)) : along + 2 * aside;
    if (cost < least) [best, least] = [model, cost];
  }
  return best;
}

/** Return a view that is zoomed by `factor`, in which what lies at (x, y) stays where it is. */
function zoomed(view, size, factor, x, y) {
  const zoom = Math.min(400, Math.max(0.5, view.zoom * factor));
  const shift = (1 / size.scale) * (1 - view.zoom / zoom);
  return {
    x: view.x + (x - size.across / 2) * shift,
    y: view.y - (y - size.up / 2) * shift,
    zoom,
  };
}

/** Return a view in which the model can be seen: this one if it can be, else one around it. */
function viewOf(content, model, view, size) {
  const [x, y] = spot(content, model, view, size);
  if (x > 20 && x < size.across - 20 && y > 20 && y < size.up - 20) return view;
  return { x: content.x[model], y: content.y[model], zoom: view.zoom };
}

let made = new Map();
let madeFor = "";

/** Return a function that returns the image of a mark. Images are kept for further drawings.
 *
 * To draw an image is much faster than to draw a shape, which matters with thousands of models.
 */
function images(look, radius, pixels) {
  const side = Math.ceil(2 * (radius * 1.5 + 2));
  const wanted = [look.paper, radius, pixels].join();
  if (wanted !== madeFor) [made, madeFor] = [new Map(), wanted];
  return (colour, shape) => {
    const key = colour + shape;
    if (!made.has(key)) {
      const image = document.createElement("canvas");
      image.width = image.height = side * pixels;
      const context = image.getContext("2d");
      context.scale(pixels, pixels);
      drawMark(context, shape, side / 2, side / 2, radius, colour, look.paper);
      made.set(key, image);
    }
    return { image: made.get(key), side };
  };
}

/** Draw the map. `scene` has content, view, look (colours of the page), colours and shapes of
 * the models, the order in which they are drawn, and the models chosen, compared and pointed at,
 * or -1. */
function drawMap(canvas, scene) {
  const { content, view, look } = scene;
  const size = frame(canvas, view, content.extent);
  const pixels = window.devicePixelRatio || 1;
  const [width, height] = [Math.round(size.across * pixels), Math.round(size.up * pixels)];
  if (canvas.width !== width || canvas.height !== height) {
    [canvas.width, canvas.height] = [width, height];
  }
  const context = canvas.getContext("2d");
  context.setTransform(pixels, 0, 0, pixels, 0, 0);
  context.clearRect(0, 0, size.across, size.up);
  const spots = content.names.map((_, model) => spot(content, model, view, size));
  drawLines(context, scene, spots);
  drawEllipses(context, scene, spots, size);
  const radius = markRadius(content.names.length, view.zoom);
  const seen = scene.order.filter((model) => {
    const [x, y] = spots[model];
    return x > -radius && y > -radius && x < size.across + radius && y < size.up + radius;
  });
  drawMarks(context, scene, spots, seen, radius, images(look, radius, pixels));
  drawRings(context, scene, spots, radius);
  drawNames(context, scene, spots, seen, radius, size);
}

/** Draw the marks of the models that can be seen; more than MOST_SHAPES as squares of one size. */
function drawMarks(context, { colours, shapes }, spots, seen, radius, imageOf) {
  for (const model of seen) {
    const [x, y] = spots[model];
    if (seen.length > MOST_SHAPES) {
      context.fillStyle = colours[model];
      context.fillRect(x - radius, y - radius, 2 * radius, 2 * radius);
    } else {
      const { image, side } = imageOf(colours[model], shapes[model]);
      context.drawImage(image, x - side / 2, y - side / 2, side, side);
    }
  }
}

/** Draw lines from models to their parents, and from the chosen model to its nearest models. */
function drawLines(context, { content, look, chosen }, spots) {
  const line = (first, second) => {
    context.beginPath();
    context.moveTo(...spots[first]);
    context.lineTo(...spots[second]);
    context.stroke();
  };
  context.lineWidth = 1;
  context.strokeStyle = look.line;
  if (content.names.length <= 2000) {
    content.parents.forEach((parent, model) => { if (parent >= 0) line(model, parent); });
  }
  if (chosen < 0) return;
  context.strokeStyle = look.ink;
  context.lineWidth = 1.8;
  for (const [child, parent] of lineage(content, chosen)) line(child, parent);
  context.strokeStyle = look.accent;
  context.setLineDash([4, 3]);
  context.lineWidth = 1.4;
  for (const { other } of klRow(content, chosen, content.n_near)) line(chosen, other);
  context.setLineDash([]);
}

/** Draw the ellipses of 1 standard deviation of models whose place is uncertain. */
function drawEllipses(context, { content, look }, spots, size) {
  context.strokeStyle = look.soft;
  context.lineWidth = 1;
  content.ellipses.forEach((ellipse, model) => {
    if (!ellipse) return;
    const [longer, shorter, degrees] = ellipse;
    context.beginPath();
    context.ellipse(...spots[model], (longer / 2) * size.scale, (shorter / 2) * size.scale,
      (-degrees * Math.PI) / 180, 0, 2 * Math.PI);
    context.stroke();
  });
}

/** Draw rings around the models chosen, compared and pointed at. */
function drawRings(context, { look, chosen, compared, pointed }, spots, radius) {
  const rings = [[pointed, look.soft, 3], [compared, look.second, 5], [chosen, look.accent, 5]];
  for (const [model, colour, distance] of rings) {
    if (model < 0) continue;
    context.beginPath();
    context.arc(...spots[model], radius + distance, 0, 2 * Math.PI);
    context.lineWidth = 2.5;
    context.strokeStyle = colour;
    context.stroke();
  }
}

/** Return the places where a name may be written: right and left of a mark, above and below. */
function boxesOf([x, y], width, gap) {
  const corners = [[x + gap, y - 8], [x - gap - width, y - 8], [x - width / 2, y - gap - 15],
    [x - width / 2, y + gap - 1]];
  return corners.map(([left, top]) => [left, top, left + width, top + 16]);
}

/** Write names beside marks where there is room: first chosen models, then those without parent. */
function drawNames(context, scene, spots, seen, radius, size) {
  const { content, look, chosen, compared, pointed } = scene;
  const first = [chosen, compared, pointed].filter((model) => model >= 0);
  const roots = seen.filter((model) => content.parents[model] < 0);
  const others = seen.filter((model) => content.parents[model] >= 0);
  const order = [...first, ...roots, ...others].slice(0, 8 * MOST_NAMES);
  const taken = [];
  // With very many marks in view, names are written over them.
  const marks = seen.length > 1000 ? [] : seen.map((model) => spots[model]);
  const isApart = ([left, top, right, bottom]) => left > 0 && right < size.across && top > 0 &&
    bottom < size.up &&
    taken.every((b) => b[0] > right + 3 || b[2] < left - 3 || b[1] > bottom || b[3] < top);
  const isFree = (box) => isApart(box) && marks.every(([x, y]) =>
    x < box[0] - 3 || x > box[2] + 3 || y < box[1] || y > box[3]);
  context.font = "12px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  const most = seen.length > 1000 ? FEW_NAMES : MOST_NAMES;
  for (const model of new Set(order)) {
    if (taken.length >= most) break;
    const isForced = first.includes(model);
    const width = context.measureText(content.names[model]).width;
    const boxes = boxesOf(spots[model], width, radius + (isForced ? 9 : 4));
    // The name of a chosen model may hide marks, but no other name.
    const forced = isForced ? boxes.find(isApart) ?? boxes[0] : undefined;
    const box = boxes.find(isFree) ?? forced;
    if (!box) continue;
    taken.push(box);
    context.lineWidth = 3.5;
    context.strokeStyle = look.paper;
    context.strokeText(content.names[model], box[0], box[1] + 8);
    context.fillStyle = isForced ? look.ink : look.soft;
    context.fillText(content.names[model], box[0], box[1] + 8);
  }
}
