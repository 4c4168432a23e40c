function (style, data) {
  // The page may hold several sliders: this program stands right behind its own.
  const host = document.currentScript?.previousElementSibling
    ?? [...document.querySelectorAll(".threshold-slider")].find((element) => !element.shadowRoot);
  if (!host || host.shadowRoot) return;

  // ---- The thresholds, from 1 down to 0, and what is counted above each: see thresholds.rs.
  const decimal = (digits, places) => ("0." + String(digits).padStart(places, "0")).replace(/0+$/, "");
  const thresholds = ["1"];
  for (let places = data.high + 2; places >= 4; places--) {
    for (let digits = 100; digits < 1000; digits++) thresholds.push(decimal(10 ** places - digits, places));
  }
  for (let digits = 900; digits >= 100; digits--) thresholds.push(decimal(digits, 3));
  for (let places = 4; places <= data.low + 2; places++) {
    for (let digits = 999; digits >= 100; digits--) thresholds.push(decimal(digits, places));
  }
  thresholds.push("0");
  const last = thresholds.length - 1;
  // Those with two digits: the steps of the arrow keys.
  const significant = (text) => (Number(text) > 0.9 ? text.replace(/^0\.9*/, "") : text.replace(/^0\.0*/, "")).length;
  const coarse = thresholds.map((text, place) => place === 0 || place === last || significant(text) <= 2);

  const steps = (text, visit) => {
    let place = 0;
    for (const step of text.split(" ").filter(Boolean).map(Number)) {
      if (step < 0) place -= step;
      else visit(place++, step);
    }
  };
  const running = (text) => {
    const counts = new Float64Array(last + 1);
    steps(text, (place, step) => (counts[place] += step));
    for (let place = 1; place <= last; place++) counts[place] += counts[place - 1];
    return counts;
  };
  const models = data.models.map((model) => {
    const cents = new Float64Array(last + 1);
    const amounts = model.cents.split(" ").map(Number);
    if (data.cents !== null) steps(model.positives, (place) => (cents[place] = amounts.shift()));
    for (let place = 1; place <= last; place++) cents[place] += cents[place - 1];
    return { name: model.name, found: running(model.positives), falseAlarms: running(model.negatives), cents };
  });

  // ---- What follows from the counts. As in the crate, a ratio of nothing is 0.
  const state = { place: thresholds.indexOf("0.5"), model: 0, falseAlarm: data.falseAlarm, missed: data.missed };
  const ratio = (a, b) => (b === 0 ? 0 : a / b);
  const at = (model, place) => {
    const { [place]: tp } = model.found, { [place]: fp } = model.falseAlarms;
    const fn = data.positives - tp, tn = data.negatives - fp;
    const lost = data.cents === null ? 0 : (data.cents - model.cents[place]) / 100;
    const cost = state.falseAlarm * fp + state.missed * fn + lost;
    return { tp, fp, fn, tn, precision: ratio(tp, tp + fp), recall: ratio(tp, tp + fn), alarms: tp + fp, cost };
  };
  const whole = (number) => Math.round(number).toFixed(0).replace(/\B(?=(\d{3})+$)/g, ",");
  const share = (number) => number.toFixed(3);
  const logit = (p) => Math.log(p / (1 - p));
  const lowest = logit(10 ** -data.low), highest = -logit(10 ** -data.high);
  const places = thresholds.map((text) => Math.min(Math.max(logit(Number(text)), lowest), highest));
  const nearest = (x) => {
    let [above, below] = [0, last]; // the places fall
    while (below - above > 1) {
      const middle = (above + below) >> 1;
      if (places[middle] > x) above = middle;
      else below = middle;
    }
    const place = places[above] - x < x - places[below] ? above : below;
    return x >= highest ? 0 : x <= lowest ? last : place;
  };

  // ---- The page.
  const make = (space, name, attributes = {}, ...children) => {
    const element = space ? document.createElementNS(space, name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
      else element.setAttribute(key, value);
    }
    element.append(...children);
    return element;
  };
  const html = (name, ...rest) => make(null, name, ...rest);
  const svg = (name, ...rest) => make("http://www.w3.org/2000/svg", name, ...rest);
  const text = (element, value) => {
    if (element.textContent !== value) element.textContent = value;
  };

  const choices = models.map((model, index) => html("label", {},
    html("input", { type: "radio", name: "model", value: index, onchange: () => { state.model = index; draw(); } }),
    html("span", { class: `swatch color-${index % 8}` }), model.name));
  const price = (key, label) => html("label", {}, `${label} `,
    html("input", { type: "number", min: 0, step: "any", value: data[key], class: key, oninput: (event) => {
      const value = event.target.valueAsNumber;
      const usable = Number.isFinite(value) && value >= 0;
      event.target.setAttribute("aria-invalid", String(!usable));
      if (usable) { state[key] = value; show(); }
    } }));
  const range = html("input", { type: "range", min: lowest, max: highest, step: "any", "aria-label": "Threshold",
    oninput: () => move(nearest(Number(range.value))), onkeydown: (event) => press(event) });
  const entry = html("input", { type: "text", inputmode: "decimal", class: "threshold", size: 11, onchange: () => {
    const value = Number(entry.value.replace(",", "."));
    if (value >= 0 && value <= 1 && entry.value.trim()) move(value === 0 ? last : value === 1 ? 0 : closest(value));
    else show();
  } });
  // Among the neighbours on the axis, the nearest number.
  const closest = (value) => {
    const place = nearest(logit(value));
    const around = [place - 1, place, place + 1].filter((other) => other > 0 && other < last);
    return around.reduce((a, b) => (Math.abs(thresholds[b] - value) < Math.abs(thresholds[a] - value) ? b : a));
  };
  const button = (label, title, find) => html("button", { type: "button", title, onclick: () => move(find()) }, label);
  const rule = () => {
    const missed = state.missed + (data.cents === null ? 0 : data.cents / 100 / data.positives);
    return closest(ratio(state.falseAlarm, state.falseAlarm + missed));
  };
  const cheapest = () => {
    let best = 0;
    for (let place = 1; place <= last; place++) {
      if (at(models[state.model], place).cost < at(models[state.model], best).cost) best = place;
    }
    return best;
  };
  const cell = (name) => html("td", { class: name });
  const matrix = ["tn", "fp", "fn", "tp"].map(cell);
  const columns = ["found", "missed", "false alarms", "precision", "recall", ...(data.days ? ["alarms a day"] : []), "cost", "saved"];
  const rows = models.map((model, index) => html("tr", {},
    html("th", { scope: "row" }, html("span", { class: `swatch color-${index % 8}` }), model.name), ...columns.map(() => cell("number"))));
  const status = html("p", { role: "status", class: "spoken" });

  // ---- The figures, in units of a pixel. The slider stands below the first one, from edge to edge of its frame.
  const size = { width: 440, height: 250, left: 46, right: 10, top: 24, bottom: 34 };
  const frame = { width: size.width - size.left - size.right, height: size.height - size.top - size.bottom };
  const figure = (title, xLabel, yLabel) => {
    const data = svg("g"), moving = svg("g"), axes = svg("g");
    const label = (x, y, value, attributes = {}) => svg("text", { x, y, ...attributes }, value);
    const picture = svg("svg", { viewBox: `0 0 ${size.width} ${size.height}`, role: "img" },
      axes, data, svg("rect", { class: "frame", x: size.left, y: size.top, width: frame.width, height: frame.height }), moving,
      label(size.left + frame.width / 2, size.height - 4, xLabel, { "text-anchor": "middle" }),
      label(0, 0, yLabel, { "text-anchor": "middle", transform: `translate(10 ${size.top + frame.height / 2}) rotate(-90)` }));
    const heading = label(size.left + frame.width / 2, 15, title, { "text-anchor": "middle", class: "title" });
    picture.append(heading);
    const x = (share) => size.left + share * frame.width, y = (share) => size.top + (1 - share) * frame.height;
    const tick = (horizontal, share, value) => axes.append(...(horizontal
      ? [svg("line", { x1: x(share), x2: x(share), y1: size.top, y2: size.top + frame.height }),
        label(x(share), size.height - 19, value, { "text-anchor": "middle" })]
      : [svg("line", { x1: size.left, x2: size.left + frame.width, y1: y(share), y2: y(share) }),
        label(size.left - 5, y(share) + 4, value, { "text-anchor": "end" })]));
    return { picture, heading, axes, data, moving, x, y, tick };
  };
  const along = (x) => (x - lowest) / (highest - lowest);
  const scores = figure("", "score", "share of the class");
  const curves = figure("Precision and recall", "recall", "precision");

  const drawScores = () => {
    const { found, falseAlarms, name } = models[state.model], bars = 60;
    const heights = [falseAlarms, found].map((counts) => {
      const heights = new Array(bars).fill(0), total = counts[last] || 1;
      for (let place = 0; place <= last; place++) {
        const bar = Math.min(bars - 1, Math.floor(along(places[place]) * bars));
        heights[bar] += 100 * (counts[place] - (place ? counts[place - 1] : 0)) / total;
      }
      return heights;
    });
    const most = Math.max(...heights.flat());
    scores.axes.replaceChildren();
    const step = [0.5, 1, 2, 5, 10, 20, 50].find((step) => most / step <= 6) ?? 100;
    for (let share = 0; share <= most; share += step) scores.tick(false, share / most / 1.05, `${share} %`);
    const powers = [];
    for (let power = 2; power <= data.low; power++) powers.unshift([10 ** -power, power < 5 ? decimal(1, power) : `1e−${power}`]);
    powers.push([0.5, "0.5"]);
    for (let power = 2; power <= data.high; power++) powers.push([1 - 10 ** -power, power < 5 ? decimal(10 ** power - 1, power) : `1 − 1e−${power}`]);
    const every = Math.ceil(powers.length / 7), middle = powers.findIndex(([p]) => p === 0.5);
    const written = powers.filter(([p], index) => (index - middle) % every === 0 && along(logit(p)) < 0.97);
    written.forEach(([p, value]) => scores.tick(true, along(logit(p)), value));
    scores.data.replaceChildren(...heights.map((heights, positive) => {
      let path = `M${scores.x(0)},${scores.y(0)}`;
      heights.forEach((height, bar) => (path += `V${scores.y(height / most / 1.05).toFixed(1)}H${scores.x((bar + 1) / bars).toFixed(1)}`));
      return svg("path", { d: `${path}V${scores.y(0)}Z`, class: positive ? "positives" : "negatives" });
    }),
    ...["negatives", "positives"].map((name, row) => svg("g", {},
      svg("rect", { x: size.left + 10, y: size.top + 8 + 16 * row, width: 14, height: 10, class: name }),
      svg("text", { x: size.left + 29, y: size.top + 17 + 16 * row }, name))));
    text(scores.heading, `Scores of ${name}`);
  };
  const line = svg("line", { y1: size.top, y2: size.top + frame.height, class: "threshold" });
  scores.moving.append(line);

  // Steps, as the area under them is the average precision.
  const px = (recall) => curves.x((recall + 0.02) / 1.05), py = (precision) => curves.y((precision + 0.02) / 1.05);
  [0, 0.2, 0.4, 0.6, 0.8, 1].forEach((value) => {
    curves.tick(true, (value + 0.02) / 1.05, value.toFixed(1));
    curves.tick(false, (value + 0.02) / 1.05, value.toFixed(1));
  });
  const curve = (model, index) => {
    let path = "", x = px(0), y = null;
    for (let place = 0; place <= last; place++) {
      const { precision, recall, alarms } = at(model, place);
      if (alarms === 0) continue;
      const [nextX, nextY] = [px(recall), py(precision)];
      if (y === null) path = `M${x},${nextY}`;
      else if (Math.abs(nextX - x) < 0.2 && Math.abs(nextY - y) < 0.2) continue;
      path += `V${nextY.toFixed(1)}H${nextX.toFixed(1)}`;
      [x, y] = [nextX, nextY];
    }
    return svg("path", { d: path, class: `curve color-${index % 8}` });
  };
  curves.data.append(...models.map(curve));
  const dots = models.map((_, index) => svg("circle", { class: `color-${index % 8}` }));
  curves.moving.append(...dots);

  // ---- What changes.
  const sentence = () => {
    const { name } = models[state.model], { tp, fp, precision, recall, alarms, cost } = at(models[state.model], state.place);
    const aDay = data.days ? `${whole(alarms / data.days)} alarms a day, ` : "";
    return `Threshold ${thresholds[state.place]}, ${name}: ${whole(tp)} of ${whole(data.positives)} positives found, `
      + `${whole(fp)} false alarms, precision ${share(precision)}, recall ${share(recall)}, ${aDay}cost ${whole(cost)}.`;
  };
  let waiting = null;
  const show = () => {
    const threshold = thresholds[state.place], x = scores.x(along(places[state.place]));
    const all = models.map((model) => at(model, state.place));
    const nothing = at(models[0], 0).cost;
    entry.value = threshold;
    range.value = places[state.place];
    range.setAttribute("aria-valuetext", sentence());
    line.setAttribute("x1", x);
    line.setAttribute("x2", x);
    ["tn", "fp", "fn", "tp"].forEach((name, index) => text(matrix[index], whole(all[state.model][name])));
    all.forEach(({ tp, fp, fn, precision, recall, alarms, cost }, index) => {
      const saved = `${cost > nothing ? "−" : ""}${whole(Math.abs(nothing - cost))}`;
      const values = [whole(tp), whole(fn), whole(fp), share(precision), share(recall),
        ...(data.days ? [whole(alarms / data.days)] : []), whole(cost), saved];
      [...rows[index].querySelectorAll("td")].forEach((cell, column) => text(cell, values[column]));
      rows[index].classList.toggle("chosen", index === state.model);
      dots[index].setAttribute("cx", px(recall));
      dots[index].setAttribute("cy", py(precision));
      dots[index].setAttribute("r", index === state.model ? 7 : 5);
    });
    scores.picture.setAttribute("aria-label", `Histograms of the scores of ${models[state.model].name}, with a line at ${threshold}.`);
    curves.picture.setAttribute("aria-label", "Precision-recall curves. " + models.map(({ name }, index) =>
      `${name}: precision ${share(all[index].precision)} at recall ${share(all[index].recall)}.`).join(" "));
    clearTimeout(waiting); // a screen reader hears where the threshold comes to rest
    waiting = setTimeout(() => text(status, sentence()), 600);
  };
  const move = (place) => {
    state.place = Math.min(Math.max(place, 0), last);
    show();
  };
  const draw = () => {
    choices.forEach((choice, index) => (choice.firstChild.checked = index === state.model));
    drawScores();
    show();
  };
  // An arrow moves by a step of two digits, with Shift by one of three; a page by twenty.
  const press = (event) => {
    const direction = { ArrowRight: -1, ArrowUp: -1, PageUp: -1, ArrowLeft: 1, ArrowDown: 1, PageDown: 1 }[event.key];
    const end = { Home: last, End: 0 }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || (direction === undefined && end === undefined)) return;
    event.preventDefault();
    if (end !== undefined) return move(end);
    let place = state.place;
    for (let left = event.key.startsWith("Page") ? 20 : 1; left > 0 && place + direction >= 0 && place + direction <= last; left--) {
      do place += direction; while (!event.shiftKey && !coarse[place]);
    }
    move(place);
  };
  const drag = (event) => {
    const box = scores.picture.getBoundingClientRect();
    const inside = (event.clientX - box.left) / box.width * size.width - size.left;
    move(nearest(lowest + inside / frame.width * (highest - lowest)));
  };
  scores.picture.classList.add("draggable");
  scores.picture.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    scores.picture.setPointerCapture(event.pointerId);
    range.focus({ preventScroll: true });
    event.preventDefault(); // or the focus would go to what lies below
    drag(event);
  });
  scores.picture.addEventListener("pointermove", (event) => {
    if (scores.picture.hasPointerCapture(event.pointerId)) drag(event);
  });

  // ---- Light or dark: what the page behind is, or what the reader prefers where it does not say.
  const body = html("div", { class: "body", role: "group", "aria-label": "A threshold, and what is decided at it" });
  const dark = () => {
    for (let element = host; element; element = element.parentElement) {
      const [red, green, blue, alpha = 1] = (getComputedStyle(element).backgroundColor.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
      if (alpha > 0.5) return 0.3 * red + 0.6 * green + 0.1 * blue < 128;
    }
    return getComputedStyle(document.documentElement).colorScheme.includes("dark") && matchMedia("(prefers-color-scheme: dark)").matches;
  };
  const theme = () => body.classList.toggle("dark", dark());
  for (const element of [document.documentElement, document.body]) new MutationObserver(theme).observe(element, { attributes: true });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", theme);

  const amount = data.cents === null ? "" : " (and its amount)";
  body.append(
    html("div", { class: "settings" },
      html("fieldset", {}, html("legend", {}, "Model"), ...choices),
      html("fieldset", {}, html("legend", {}, "A mistake costs"),
        price("falseAlarm", "false alarm"), price("missed", `missed positive${amount}`))),
    html("div", { class: "figures" },
      html("div", {}, scores.picture,
        html("div", { class: "track", style: `padding: 0 ${100 * size.right / size.width}% 0 ${100 * size.left / size.width}%` },
          html("div", {}, range)),
        html("div", { class: "buttons" },
          html("label", {}, "threshold ", entry),
          button("0.5", "The default", () => thresholds.indexOf("0.5")),
          button("by the costs", "False alarm / (false alarm + missed positive)", rule),
          button("cheapest here", "Where this model costs least on these rows", cheapest))),
      html("div", {}, curves.picture)),
    html("div", { class: "tables" },
      html("table", { class: "matrix" }, html("caption", {}, "Confusion matrix"),
        html("tr", {}, html("td"), html("th", { scope: "col" }, "no alarm"), html("th", { scope: "col" }, "alarm")),
        html("tr", {}, html("th", { scope: "row" }, "negative"), matrix[0], matrix[1]),
        html("tr", {}, html("th", { scope: "row" }, "positive"), matrix[2], matrix[3])),
      html("div", { class: "scrolling", tabindex: 0, role: "group", "aria-label": "All models at this threshold" },
        html("table", { class: "models" }, html("caption", {}, "All models at this threshold"),
          html("tr", {}, html("th", { scope: "col" }, "model"), ...columns.map((name) => html("th", { scope: "col" }, name))), ...rows))),
    html("p", { class: "hint" }, "Drag the line or the slider; arrow keys move it by a step, with Shift by a small one, "
      + "Page Up and Page Down by twenty. Saved is what mistakes cost without any alarm, less what they cost here."),
    status);
  // What stood here for pages without programs is hidden by this.
  host.attachShadow({ mode: "open" }).append(html("style", {}, style), body);
  theme();
  draw();
}
