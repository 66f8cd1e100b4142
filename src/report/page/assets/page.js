(() => {
  "use strict";
  // After Okabe and Ito, whose colours people with any kind of colour vision tell apart; dark enough on white and light enough on black for
  // lines to have a contrast of three. Dashes and marks tell the series apart as well: eight colours, five dashes and seven marks share no divisor, so that
  // no two of the first 280 series are alike.
  const light = ["#0072b2", "#c04f00", "#007a5a", "#b0518a", "#7a6a00", "#3d8fc4", "#b97a00", "#444444"];
  const dark = ["#56b4e9", "#e69f00", "#2fcf9f", "#f0a3cd", "#f0e442", "#5f9fe0", "#ff8a4c", "#cccccc"];
  const dashes = [[], [8, 4], [2, 3], [10, 3, 2, 3], [16, 6]];
  const polygon = (...corners) => (p, x, y, r) => { corners.forEach(([a, b], i) => i ? p.lineTo(x + a * r, y + b * r) : p.moveTo(x + a * r, y + b * r)); p.closePath(); };
  const shapes = [
    (p, x, y, r) => { p.moveTo(x + r, y); p.arc(x, y, r, 0, 2 * Math.PI); },
    polygon([-.9, -.9], [.9, -.9], [.9, .9], [-.9, .9]),
    polygon([0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]),
    polygon([0, -1.2], [1.2, 1], [-1.2, 1]),
    polygon([0, 1.2], [1.2, -1], [-1.2, -1]),
    polygon([-1.3, -.4], [-.4, -.4], [-.4, -1.3], [.4, -1.3], [.4, -.4], [1.3, -.4], [1.3, .4], [.4, .4], [.4, 1.3], [-.4, 1.3], [-.4, .4], [-1.3, .4]),
    polygon([0, -1.3], [1.2, -.4], [.8, 1.1], [-.8, 1.1], [-1.2, -.4]),
  ];
  const charts = JSON.parse(document.getElementById("data").textContent);
  const root = document.documentElement;
  const drawn = [];
  let printing = false;

  const isDark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const make = (name, attributes, ...children) => {
    const svg = name === "svg" || name === "path", it = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) it.setAttribute(key, value);
    it.append(...children);
    return it;
  };
  const digits = v => { const a = Math.abs(v); return a === 0 ? "0" : a >= 100 ? Math.round(v).toLocaleString("en") : String(Number(v.toPrecision(3))); };
  const large = v => v >= 1e6 ? digits(v / 1e6) + "M" : v >= 1e4 ? digits(v / 1e3) + "k" : digits(v);
  const write = {
    workers: v => String(v),
    rate: large,
    count: large,
    latency: v => v >= 1e3 ? digits(v / 1e3) + " s" : v >= 1 ? digits(v) + " ms" : v >= 1e-3 ? digits(v * 1e3) + " µs" : digits(v * 1e6) + " ns",
    percentile: v => Number(((1 - 1 / v) * 100).toFixed(4)) + " %",
    seconds: v => digits(v) + " s",
  };

  // Round values of a logarithmic axis: powers of ten, with 2 and 5 where there is room, and even steps within less than a decade.
  function roundValues(low, high) {
    const found = [];
    for (let k = Math.floor(Math.log10(low)); k <= Math.ceil(Math.log10(high)); k++) for (const m of [1, 2, 5]) found.push(m * 10 ** k);
    const inside = found.filter(v => v >= low * .999 && v <= high * 1.001);
    if (inside.length > 8) return inside.filter(v => Math.abs(Math.log10(v) - Math.round(Math.log10(v))) < 1e-9);
    if (inside.length > 2) return inside;
    const raw = (high - low) / 4, power = 10 ** Math.floor(Math.log10(raw)), step = [1, 2, 5, 10].find(m => m * power >= raw) * power;
    const even = [];
    for (let v = Math.ceil(low / step) * step; v <= high; v += step) even.push(Number(v.toPrecision(6)));
    return even;
  }

  // Columns over all x, and the texts of each point as the table of the chart has them.
  function gathered(chart, figure) {
    const xs = [...new Set(chart.series.flatMap(s => s.x))].sort((a, b) => a - b);
    const place = new Map(xs.map((x, i) => [x, i]));
    const rows = figure.querySelectorAll("table.values tbody tr");
    let row = 0;
    const texts = chart.series.map(one => {
      const of = new Map();
      one.x.forEach(x => { const cells = rows[row++].cells; of.set(place.get(x), { x: cells[1].textContent, y: cells[2].textContent, mark: cells[3].textContent }); });
      return of;
    });
    const column = (one, values) => { const c = new Array(xs.length).fill(null); one.x.forEach((x, i) => { c[place.get(x)] = values[i]; }); return c; };
    return { xs, texts, column };
  }

  function draw(chart) {
    const figure = document.getElementById(chart.id), box = figure.querySelector(".plot"), exact = figure.querySelector(".exact"), keys = figure.querySelector(".keys");
    box.textContent = keys.textContent = exact.textContent = "";
    const style = getComputedStyle(root), colour = name => style.getPropertyValue(name).trim();
    const text = colour("--dim"), line = colour("--line"), bad = colour("--bad"), caution = colour("--caution");
    const colours = isDark() ? dark : light;
    const { xs, texts, column } = gathered(chart, figure);
    const height = chart.low ? 200 : 300;
    const data = [xs], series = [{ label: chart.x.label }], bands = [], mains = [], flags = [];
    chart.series.forEach((one, i) => {
      const stroke = colours[i % colours.length], shape = shapes[i % shapes.length], few = one.x.length <= 60;
      const paths = (u, s, first, last) => {
        const fill = new Path2D(), r = 4 * devicePixelRatio;
        for (let k = first; k <= last; k++) if (u.data[s][k] != null) shape(fill, u.valToPos(u.data[0][k], "x", true), u.valToPos(u.data[s][k], "y", true), r);
        return { fill, stroke: null, clip: null, flags: 3 };
      };
      mains.push(data.length);
      data.push(column(one, one.y));
      series.push({ label: one.name, stroke, width: 2, dash: dashes[i % dashes.length], spanGaps: !chart.low, points: { show: few, size: 8, fill: stroke, paths } });
      if (one.low) {
        const end = { label: one.name, stroke: "transparent", width: 0, points: { show: false }, spanGaps: true };
        data.push(column(one, one.high), column(one, one.low));
        series.push({ ...end }, { ...end });
        bands.push({ series: [data.length - 2, data.length - 1], fill: stroke + "33" });
      }
      for (const [k, kinds] of one.flags || []) flags.push([i, one.x[k], one.y[k], kinds]);
    });

    const common = axis => ({ stroke: text, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif",
      label: axis.label, values: (_, vs) => vs.map(v => v == null ? null : write[axis.kind](v)) });
    const across = { ...common(chart.x), size: 34, labelSize: 22 }, down = { ...common(chart.y), size: 62, labelSize: 22 };
    const roomy = least => (u, vs) => { let last = -1e9; return vs.map(v => { const at = u.valToPos(v, "x"); if (at - last < least) return null; last = at; return v; }); };
    if (chart.x.kind === "workers") { across.splits = (u, _, low, high) => xs.filter(x => x >= low && x <= high); across.filter = roomy(28); }
    if (chart.x.kind === "percentile") { across.splits = (u, _, low, high) => [1, 2, 4, 10, 20, 100, 1e3, 1e4, 1e5].filter(v => v >= low * .999 && v <= high * 1.001); across.filter = roomy(52); }
    if (chart.y.log) { down.splits = (u, _, low, high) => roundValues(low, high); down.filter = (_, vs) => vs; }
    const span = chart.y.log ? (_, low, high) => low > 0 ? [low / 1.25, high * 1.25] : [.1, 10] : (_, low, high) => [0, (high || 1) * 1.1];

    const tip = make("div", { class: "tip", "aria-hidden": "true", hidden: "" });
    const reset = make("button", { type: "button", class: "reset", hidden: "" }, "See all");
    let byKey = false;
    const told = i => chart.series.map((one, s) => ({ one, s, at: texts[s].get(i) })).filter(row => row.at && plot.series[mains[row.s]].show);
    const sign = s => {
      const path = new Marks();
      shapes[s % shapes.length](path, 16, 6, 4);
      const stroke = colours[s % colours.length];
      return make("svg", { width: 32, height: 12, "aria-hidden": "true" },
        make("path", { d: "M0 6H32", stroke, "stroke-width": 2, "stroke-dasharray": dashes[s % dashes.length].join(" ") || "none", fill: "none" }), make("path", { d: path.text, fill: stroke }));
    };
    const show = u => {
      const i = u.cursor.idx, rows = i == null || u.cursor.left < 0 ? [] : told(i);
      tip.hidden = !rows.length;
      if (!rows.length) return;
      tip.replaceChildren(make("b", {}, rows[0].at.x), ...rows.map(({ one, s, at }) =>
        make("div", {}, sign(s), ...(chart.series.length > 1 ? [make("span", {}, one.name)] : []), make("strong", {}, at.y), ...(at.mark ? [make("em", {}, at.mark)] : []))));
      const left = u.valToPos(xs[i], "x") + u.over.offsetLeft, width = tip.offsetWidth;
      tip.style.left = Math.max(0, Math.min(left + 12 + width > box.clientWidth ? left - width - 12 : left + 12, box.clientWidth - width)) + "px";
      if (byKey) exact.textContent = rows[0].at.x + ": " + rows.map(({ one, at }) => (chart.series.length > 1 ? one.name + " " : "") + at.y + (at.mark ? ", " + at.mark : "")).join("; ");
    };
    const mark = u => {
      const ctx = u.ctx, px = devicePixelRatio, { left, top, width, height } = u.bbox;
      ctx.save();
      for (const [i, x, y, kinds] of flags) {
        const at = u.valToPos(x, "x", true);
        if (at < left - 1 || at > left + width + 1 || !plot.series[mains[i]].show) continue;
        for (const kind of kinds) {
          ctx.beginPath();
          ctx.lineWidth = 2 * px; ctx.strokeStyle = bad; ctx.fillStyle = kind === "checkpoint" ? caution : bad;
          if (kind === "error") { const c = top + 8 * px, r = 4 * px; ctx.moveTo(at - r, c - r); ctx.lineTo(at + r, c + r); ctx.moveTo(at + r, c - r); ctx.lineTo(at - r, c + r); ctx.stroke(); }
          if (kind === "checkpoint") { const c = top + height; ctx.moveTo(at, c - 9 * px); ctx.lineTo(at + 5 * px, c); ctx.lineTo(at - 5 * px, c); ctx.fill(); }
          if (kind === "doubt" && y != null) { ctx.font = `bold ${13 * px}px system-ui, sans-serif`; ctx.textAlign = "center"; ctx.fillText("!", at, u.valToPos(y, "y", true) - 8 * px); }
        }
      }
      ctx.restore();
    };
    const borders = u => {
      const ctx = u.ctx;
      ctx.save();
      ctx.strokeStyle = text; ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]); ctx.lineWidth = devicePixelRatio;
      for (const x of chart.breaks || []) {
        const at = u.valToPos(x, "x", true);
        if (at > u.bbox.left && at < u.bbox.left + u.bbox.width) { ctx.beginPath(); ctx.moveTo(at, u.bbox.top); ctx.lineTo(at, u.bbox.top + u.bbox.height); ctx.stroke(); }
      }
      ctx.restore();
    };
    const first = xs[0], last = xs[xs.length - 1];
    const plot = new uPlot({
      width: printing ? 640 : Math.max(box.clientWidth, 240), height, series, bands, padding: [12, chart.x.kind === "percentile" ? 34 : 24, null, null],
      scales: { x: { time: false, distr: chart.x.log ? 3 : 1, log: 10, range: (_, low, high) => [low, high] }, y: { distr: chart.y.log ? 3 : 1, log: 10, range: span } },
      axes: [across, down],
      legend: { show: false },
      cursor: { drag: { x: true, y: false }, points: { size: 10 }, ...(chart.group ? { sync: { key: chart.group } } : {}) },
      hooks: {
        setCursor: [show],
        drawAxes: [borders],
        draw: [mark],
        setScale: [(u, key) => { if (key === "x") reset.hidden = u.scales.x.min <= first * 1.0001 && u.scales.x.max >= last * .9999; }],
      },
    }, data, box);
    box.append(tip, reset);
    const whole = () => { plot.setScale("x", { min: first, max: last }); exact.textContent = ""; };
    reset.onclick = whole;
    if (chart.series.length > 1) chart.series.forEach((one, s) => {
      const key = make("button", { type: "button", class: "key", "aria-pressed": "true" }, sign(s), one.name);
      key.onclick = () => {
        const on = key.getAttribute("aria-pressed") !== "true";
        key.setAttribute("aria-pressed", String(on));
        for (let k = mains[s]; k < (mains[s + 1] || series.length); k++) plot.setSeries(k, { show: on });
      };
      keys.append(key);
    });

    const to = v => chart.x.log ? Math.log(v) : v, from = v => chart.x.log ? Math.exp(v) : v;
    const view = (middle, half) => {
      const [a, b] = [to(first), to(last)];
      if (half * 2 >= b - a) return whole();
      const m = Math.min(Math.max(middle, a + half), b - half);
      plot.setScale("x", { min: from(m - half), max: from(m + half) });
    };
    const go = i => {
      const { min, max } = plot.scales.x, half = (to(max) - to(min)) / 2;
      if (xs[i] < min || xs[i] > max) view(to(xs[i]), half);
      byKey = true;
      plot.setCursor({ left: plot.valToPos(xs[i], "x"), top: plot.over.clientHeight / 2 });
      byKey = false;
    };
    box.onkeydown = event => {
      const end = xs.length - 1, now = plot.cursor.left < 0 ? null : plot.cursor.idx;
      const { min, max } = plot.scales.x, half = (to(max) - to(min)) / 2, middle = to(now == null ? from((to(min) + to(max)) / 2) : xs[now]);
      const acts = {
        ArrowRight: () => go(now == null ? 0 : Math.min(now + 1, end)), ArrowLeft: () => go(now == null ? end : Math.max(now - 1, 0)),
        Home: () => go(0), End: () => go(end), "+": () => view(middle, half / 2), "=": () => view(middle, half / 2), "-": () => view(middle, half * 2),
        Escape: whole, 0: whole,
      };
      const act = event.ctrlKey || event.metaKey || event.altKey ? null : acts[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    };
    box.onblur = () => plot.setCursor({ left: -10, top: -10 });
    figure.plot = plot;
    drawn.push([plot, box, height]);
  }

  // A path as SVG writes it, with what the shapes need of a canvas's.
  class Marks {
    text = "";
    moveTo(x, y) { this.text += `M${x} ${y}`; }
    lineTo(x, y) { this.text += `L${x} ${y}`; }
    arc(x, y, r) { this.text += `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`; }
    closePath() { this.text += "Z"; }
  }

  const all = () => { while (drawn.length) drawn.pop()[0].destroy(); charts.forEach(draw); root.dataset.charts = String(drawn.length); };
  all();
  let wait;
  addEventListener("resize", () => {
    clearTimeout(wait);
    wait = setTimeout(() => { if (!printing) drawn.forEach(([plot, box, height]) => plot.setSize({ width: Math.max(box.clientWidth, 240), height })); }, 100);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
  document.getElementById("theme").onclick = () => { root.dataset.theme = isDark() ? "light" : "dark"; all(); };
  const places = document.getElementById("places");
  places.onclick = () => {
    const on = places.getAttribute("aria-pressed") !== "true";
    places.setAttribute("aria-pressed", String(on));
    root.toggleAttribute("data-places", on);
  };
  // On paper: light, and open what says where the figures come from.
  let before;
  addEventListener("beforeprint", () => {
    const closed = [...document.querySelectorAll("details.printed:not([open])")];
    before = { theme: root.dataset.theme, closed };
    closed.forEach(it => { it.open = true; });
    root.dataset.theme = "light";
    printing = true;
    all();
  });
  addEventListener("afterprint", () => {
    if (before.theme) root.dataset.theme = before.theme; else delete root.dataset.theme;
    before.closed.forEach(it => { it.open = false; });
    printing = false;
    all();
  });
})();
