// What a page shows, read from what the browser made of it: the data that charts were drawn from, pixels, places and texts of elements.
(() => {
  const texts = cells => [...cells].map(cell => cell.textContent);
  const charts = [...document.querySelectorAll("figure[data-chart]")].map(figure => {
    const plot = figure.plot, canvas = figure.querySelector("canvas");
    if (!plot || !canvas) return { id: figure.id, title: "", painted: 0 };
    const series = [];
    plot.series.slice(1).forEach((one, i) => {
      const values = [...plot.data[i + 1]];
      if (one.width === 0) (series.at(-1).ends ??= []).push(values);
      else series.push({ name: one.label, y: values });
    });
    // Pixels of the first series' own colour.
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    const stroke = plot.series[1].stroke(plot, 1), hex = [1, 3, 5].map(at => parseInt(stroke.slice(at, at + 2), 16));
    let painted = 0;
    for (let i = 0; i < pixels.length; i += 4) if (hex.every((part, k) => pixels[i + k] === part) && pixels[i + 3] === 255) painted++;
    return { id: figure.id, title: figure.querySelector("h3").textContent, x: [...plot.data[0]], series, painted, rows: [...figure.querySelectorAll("table.values tbody tr")].map(row => texts(row.cells)) };
  });
  const place = (element, track) => {
    if (!element) return null;
    const own = element.getBoundingClientRect(), all = track.getBoundingClientRect();
    return { left: (own.left - all.left) / all.width, width: own.width / all.width, middle: ((own.left + own.right) / 2 - all.left) / all.width };
  };
  const bars = [...document.querySelectorAll("table[data-bars]")].map(table => ({
    title: table.dataset.bars,
    rows: [...table.tBodies[0].rows].map(row => ({
      name: row.cells[0].textContent,
      figures: [1, 4].map(at => ({ text: row.cells[at].textContent, at: row.cells[at].dataset.at ?? null,
        bar: place(row.cells[at + 2].querySelector(".bar"), row.cells[at + 2]), interval: place(row.cells[at + 2].querySelector(".whisker"), row.cells[at + 2]) })),
    })),
  }));
  const maps = [...document.querySelectorAll("table[data-heat]")].map(table => ({
    title: table.dataset.heat,
    rows: [...table.tBodies[0].rows].map(row => [...row.cells].slice(1).map(cell =>
      ({ text: cell.textContent, at: cell.dataset.at ?? null, shade: cell.className ? Number(cell.className.slice(1)) : null, colour: getComputedStyle(cell).backgroundColor }))),
  }));
  const forests = [...document.querySelectorAll("table[data-forest]")].map(table => ({
    title: table.dataset.forest,
    end: [...table.querySelectorAll(".ticks span")].at(-1).textContent,
    rows: [...table.tBodies[0].rows].map(row => ({ texts: texts(row.cells), dot: place(row.querySelector(".dot"), row.querySelector(".track")),
      interval: place(row.querySelector(".span"), row.querySelector(".track")) })),
  }));
  return { charts, bars, maps, forests, drawn: document.documentElement.dataset.charts,
    places: [...document.querySelectorAll("[data-at]")].map(cell => cell.dataset.at), width: document.documentElement.scrollWidth };
})()
