"use strict";
(() => {
  const root = document.documentElement;
  const pages = [...document.querySelectorAll("main > section")];
  const links = [...document.querySelectorAll("nav a")];
  const figures = JSON.parse(document.getElementById("figures").textContent);
  let plotly = null;

  // A figure is stored once in Chinese; English is what differs from it.
  const merged = (base, other) => {
    if (other === null || typeof other !== "object") return other;
    if (Array.isArray(other)) return other;
    const result = Array.isArray(base) ? base.slice() : typeof base === "object" ? { ...base } : {};
    for (const key of Object.keys(other)) result[key] = merged(base[key], other[key]);
    return result;
  };

  const load = async () => {
    const packed = document.getElementById("plotly").textContent;
    const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
    const gzip = new DecompressionStream("gzip");
    const writer = gzip.writable.getWriter();
    const reader = gzip.readable.getReader();
    const decoder = new TextDecoder();
    const parts = [];
    writer.write(bytes);
    writer.close();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      parts.push(decoder.decode(part.value, { stream: true }));
    }
    const script = document.createElement("script");
    script.textContent = parts.join("");
    document.head.append(script);
  };

  const spec = (name) => {
    const zh = figures.drawn[name].zh;
    const one = root.lang === "zh" ? zh : merged(zh, figures.drawn[name].en);
    return { data: one.data, layout: { ...one.layout, template: figures.template } };
  };

  const draw = (place, width) => {
    const state = `${root.lang} ${width || "auto"}`;
    if (!window.Plotly || place.dataset.drawn === state) return;
    place.dataset.drawn = state;
    const { data, layout } = spec(place.id);
    const size = width ? { width, autosize: false } : { autosize: true };
    const config = { displayModeBar: false, responsive: !width };
    window.Plotly.react(place, data, { ...layout, ...size }, config);
  };

  const drawPage = async () => {
    const places = () => pages.find((page) => !page.hidden).querySelectorAll(".plot");
    try {
      if (!plotly) plotly = load();
      await plotly;
      for (const place of places()) draw(place);
    } catch (error) {
      const why = document.getElementById("no-figures").content;
      for (const place of places()) place.replaceChildren(why.cloneNode(true));
    }
  };

  const show = () => {
    const key = location.hash.slice(1);
    const open = pages.find((page) => page.id === key) || pages[0];
    for (const page of pages) page.hidden = page !== open;
    for (const link of links) {
      const here = link.hash.slice(1) === open.id;
      if (here) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    window.scrollTo(0, 0);
    setTimeout(drawPage);
  };

  const speak = (lang) => {
    root.lang = lang;
    document.title = document.body.dataset[lang];
    drawPage();
  };

  const sort = (head) => {
    const table = head.closest("table");
    const column = [...head.parentNode.children].indexOf(head);
    const up = head.getAttribute("aria-sort") === "descending";
    for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const value = (row) => {
      const cell = row.children[column];
      return "order" in cell.dataset ? Number(cell.dataset.order) : cell.innerText;
    };
    const compare = (a, b) => {
      const [x, y] = [value(a), value(b)];
      if (typeof x === "number" && typeof y === "number") return x - y;
      return String(x).localeCompare(String(y), root.lang);
    };
    const body = table.tBodies[0];
    const rows = [...body.rows].sort((a, b) => (up ? compare(a, b) : compare(b, a)));
    body.append(...rows);
  };

  for (const place of document.querySelectorAll(".plot")) {
    place.style.height = `${place.dataset.height}px`;
  }
  document.getElementById("switch").addEventListener("click", () => {
    speak(root.lang === "zh" ? "en" : "zh");
  });
  for (const button of document.querySelectorAll("th button")) {
    button.addEventListener("click", () => sort(button.parentNode));
  }
  window.addEventListener("hashchange", show);
  window.addEventListener("beforeprint", () => {
    for (const page of pages) page.hidden = false;
    for (const place of document.querySelectorAll(".plot")) {
      draw(place, place.closest(".half") ? 330 : 680);
    }
  });
  window.addEventListener("afterprint", show);
  show();
})();
