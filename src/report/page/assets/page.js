(() => {
  "use strict";
  // Okabe and Ito's colours, which people with any kind of colour vision tell apart; dashes and marks tell the series apart as well.
  const light = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#7a6a00", "#56b4e9", "#e69f00", "#444444"];
  const dark = ["#56b4e9", "#e69f00", "#2fcf9f", "#f0a3cd", "#f0e442", "#5f9fe0", "#ff8a4c", "#cccccc"];
  const dashes = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 5], [1, 5], [12, 6], [6, 2]];
  const charts = JSON.parse(document.getElementById("data").textContent);
  const drawn = [];
  const root = document.documentElement;
  const isDark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const digits = v => { const a = Math.abs(v); return a === 0 ? "0" : a >= 100 ? Math.round(v).toLocaleString("en") : a >= 10 ? v.toFixed(1) : a >= 1 ? v.toFixed(2) : v.toPrecision(2); };
  const write = {
    workers: v => String(v),
    rate: v => v >= 1e6 ? digits(v / 1e6) + "M" : v >= 1e4 ? digits(v / 1e3) + "k" : digits(v),
    latency: v => v >= 1e3 ? digits(v / 1e3) + " s" : v >= 1 ? digits(v) + " ms" : v >= 1e-3 ? digits(v * 1e3) + " µs" : digits(v * 1e6) + " ns",
    percentile: v => Number(((1 - 1 / v) * 100).toFixed(4)) + " %",
    seconds: v => v + " s",
  };
  const merged = chart => {
    const xs = [...new Set(chart.series.flatMap(s => s.points.map(p => p.x)))].sort((a, b) => a - b);
    const place = new Map(xs.map((x, i) => [x, i]));
    const column = (s, pick) => { const c = new Array(xs.length).fill(null); for (const p of s.points) { const v = pick(p); if (v != null) c[place.get(p.x)] = v; } return c; };
    return { xs, place, column };
  };
  function draw(chart) {
    const figure = document.getElementById(chart.id), box = figure.querySelector(".plot"), exact = figure.querySelector(".exact");
    box.textContent = "";
    const style = getComputedStyle(root), text = style.getPropertyValue("--dim"), line = style.getPropertyValue("--line");
    const colours = isDark() ? dark : light;
    const { xs, place, column } = merged(chart);
    const data = [xs], series = [{ label: chart.x.label, value: (_, v) => v == null ? "–" : write[chart.x.kind](v) }], bands = [];
    const owners = [null];
    chart.series.forEach((one, i) => {
      const colour = colours[i % colours.length];
      const many = one.points.length > 60;
      data.push(column(one, p => p.y));
      owners.push(one);
      series.push({ label: one.name, stroke: colour, width: 2, dash: dashes[i % dashes.length],
        spanGaps: true, points: { show: !many, size: 7 }, value: (_, v) => v == null ? "–" : write[chart.y.kind](v) });
      const main = data.length - 1;
      if (one.points.some(p => p.low != null)) {
        const plain = { stroke: "transparent", width: 0, points: { show: false }, spanGaps: true, show: true };
        data.push(column(one, p => p.high), column(one, p => p.low));
        owners.push(null, null);
        series.push({ ...plain, label: "" }, { ...plain, label: "" });
        bands.push({ series: [main + 1, main + 2], fill: colour + "33" });
      }
    });
    const marked = [];
    chart.series.forEach((one, i) => one.points.forEach(p => { if (p.mark) marked.push([p, colours[i % colours.length]]); }));
    const log = flag => flag ? 3 : 1;
    const ticks = axis => ({ stroke: text, grid: { stroke: line, width: 1 }, ticks: { stroke: line }, font: "12px system-ui", labelFont: "12px system-ui",
      label: axis.label, values: (_, vs) => vs.map(v => v == null ? null : write[axis.kind](v)) });
    const across = ticks(chart.x);
    if (chart.x.kind === "workers") across.splits = () => xs;
    if (chart.x.kind === "percentile") across.splits = () => [1, 2, 10, 100, 1e3, 1e4, 1e5].filter(v => v <= xs[xs.length - 1] * 1.01).slice(1);
    if (chart.x.kind !== "seconds") across.filter = (_, vs) => vs;
    const down = { ...ticks(chart.y), size: 64 };
    // Of a logarithmic axis, lines at powers of ten alone.
    const decades = (_, vs) => vs.map(v => v != null && Math.abs(Math.log10(v) % 1) < 1e-6 ? v : null);
    if (chart.y.log) { down.grid = { ...down.grid, filter: decades }; down.ticks = { ...down.ticks, filter: decades }; }
    const options = {
      width: Math.max(box.clientWidth, 240), height: 300, series, bands,
      scales: { x: { time: false, distr: log(chart.x.log), log: 10 }, y: chart.y.log ? { distr: 3, log: 10 } : { range: (_, low, high) => [0, (high || 1) * 1.08] } },
      axes: [across, down],
      legend: { live: true, markers: { width: 3 } },
      cursor: { drag: { x: true, y: false }, points: { size: 9 } },
      hooks: {
        setCursor: [u => {
          const i = u.cursor.idx;
          if (i == null) { exact.textContent = ""; return; }
          const parts = [];
          chart.series.forEach(one => { const p = one.points.find(p => p.x === xs[i]); if (p) parts.push(one.name + ": " + p.y_text + (p.mark ? " (" + p.mark + ")" : "")); });
          exact.textContent = parts.length ? (chart.series[0].points.find(p => p.x === xs[i]) || { x_text: write[chart.x.kind](xs[i]) }).x_text + " — " + parts.join("; ") : "";
        }],
        draw: [u => {
          for (const [p, colour] of marked) {
            if (p.y == null) continue;
            const x = u.valToPos(p.x, "x", true), y = u.valToPos(p.y, "y", true);
            u.ctx.save(); u.ctx.strokeStyle = colour; u.ctx.lineWidth = 2; u.ctx.beginPath();
            u.ctx.moveTo(x - 5, y - 9); u.ctx.lineTo(x, y - 3); u.ctx.lineTo(x + 5, y - 9); u.ctx.stroke(); u.ctx.restore();
          }
        }],
      },
    };
    const plot = new uPlot(options, data, box);
    // The ends of bands are no series of their own.
    plot.root.querySelectorAll(".u-legend .u-series").forEach((row, i) => { if (i > 0 && !owners[i]) row.remove(); });
    box.onkeydown = event => {
      const last = xs.length - 1, now = plot.cursor.idx;
      const go = { ArrowRight: now == null ? 0 : Math.min(now + 1, last), ArrowLeft: now == null ? last : Math.max(now - 1, 0), Home: 0, End: last }[event.key];
      if (event.key === "Escape") { plot.setData(data); exact.textContent = ""; return; }
      if (go == null) return;
      event.preventDefault();
      plot.setCursor({ left: plot.valToPos(xs[go], "x"), top: plot.bbox.height / devicePixelRatio / 2 });
    };
    plot.root.dataset.points = String(chart.series.reduce((n, s) => n + s.points.length, 0));
    drawn.push([plot, box]);
  }
  const all = () => { while (drawn.length) drawn.pop()[0].destroy(); charts.forEach(draw); root.dataset.charts = String(drawn.length); };
  all();
  let wait;
  addEventListener("resize", () => { clearTimeout(wait); wait = setTimeout(() => drawn.forEach(([plot, box]) => plot.setSize({ width: Math.max(box.clientWidth, 240), height: 300 })), 100); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
  document.getElementById("theme").onclick = () => { root.dataset.theme = isDark() ? "light" : "dark"; all(); };
})();
