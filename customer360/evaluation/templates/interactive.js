// @ts-check
// The parts of a report that one can use. Each takes the place of a table or figure that stands in the page,
// so that a reader without scripts misses the switches and no figure. Nothing is loaded; the data lie in #report-data.
(() => {
  /** @typedef {{key: string, name: string, does: string, group: string, colour: string}} Model */
  /** @typedef {[number, number | null, number | null] | null} Figure value and ends of its interval */
  /** @typedef {{n: Record<string, number>, figures: Record<string, Figure[]>}} Place customers, and a figure per model, by metric@k */
  /** @typedef {[number, number, number, number, number, number, number, number]} Pair models, difference, low, high, p, detectable, customers */
  /** @typedef {[string, number, number, number, number]} Group name, customers, shares that do better and worse, mean difference */
  /** @typedef {{a: number, b: number, counts: number[], groups: Group[]}} Spread of b - a over customers */
  /** @typedef {{titles: string[], categories: string[], weights: string, crowd: number[], shown: number[], picks: number[]}} Shop weights: 16-bit whole numbers, what the row's product says for the column's; crowd: what popularity adds */
  /** @typedef {{models: Model[], metrics: {id: string, name: string, lower: boolean, ranked: boolean, unit: number, decimals: number, counted: string}[], splits: Record<string, string>, main: string, segments: Record<string, string>, board: Record<string, Place>, pairs: Record<string, Pair[]>, spreads: Spread[], significant: number, visitor: Shop | null}} Data */

  const holder = document.getElementById("report-data");
  if (!holder) return;
  /** @type {Data} */
  const data = JSON.parse(holder.textContent || "");
  const NONE = "–";

  /** @param {number | null | undefined} value @param {number} [decimals] */
  const three = (value, decimals = 3) => {
    if (value == null || !Number.isFinite(value)) return NONE;
    const text = Math.abs(value) >= 1000 ? Math.round(value).toLocaleString("en-US") : value.toFixed(decimals);
    return Number(text.replace(/,/g, "")) === 0 ? text.replace("-", "") : text.replace("-", "−");
  };
  /** @param {number} p */
  const pText = (p) => (p < 0.001 ? "p < .001" : `p = ${three(p)}`);
  /** @param {number | null} low @param {number | null} high */
  const interval = (low, high) => (low == null ? "" : `[${three(low)}, ${three(high)}]`);

  /** @param {string} tag @param {Record<string, any>} [given] @param {...(Node | string)} inside */
  function make(tag, given = {}, ...inside) {
    const svg = ["svg", "line", "rect", "circle", "text"].includes(tag);
    const made = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(given)) {
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (value !== false && value != null) made.setAttribute(name, value === true ? "" : String(value));
    }
    made.append(...inside);
    return made;
  }

  /** @param {string} label @param {[string, string][]} options @param {string} chosen @param {(value: string) => void} then */
  function choice(label, options, chosen, then) {
    const select = /** @type {HTMLSelectElement} */ (make("select", { "aria-label": label, onchange: () => then(select.value) }));
    select.append(...options.map(([value, text]) => make("option", { value, selected: value === chosen }, text)));
    return make("label", { class: "choice" }, make("span", {}, label), select);
  }

  /** @param {string} metric such as ndcg@10 */
  const titled = (metric) => {
    const [stem, k] = metric.split("@");
    return `${data.metrics.find((one) => one.id === stem)?.name ?? stem}${k ? `@${k}` : ""}`;
  };
  /** @param {string} metric */
  const lower = (metric) => data.metrics.find((one) => one.id === metric.split("@")[0])?.lower ?? false;

  /** Whether more, or less, of a metric is better: coverage and the like have no best. @param {string} metric */
  const ranked = (metric) => data.metrics.find((one) => one.id === metric.split("@")[0])?.ranked ?? true;

  /** The figures of a metric in the unit that is shown. @param {Place} place @param {string} metric */
  const figuresOf = (place, metric) => {
    const unit = data.metrics.find((one) => one.id === metric.split("@")[0])?.unit ?? 1;
    return (place.figures[metric] ?? []).map((figure) => figure && /** @type {Figure} */ (figure.map((value) => (value == null ? null : value / unit))));
  };

  /** The pair of two models as b - a. @param {string} split @param {string} metric @param {number} a @param {number} b */
  function pairOf(split, metric, a, b) {
    const found = (data.pairs[`${split}|${metric}`] ?? []).find(([i, j]) => (i === a && j === b) || (i === b && j === a));
    if (!found) return null;
    const [i, , difference, low, high, p, detectable, n] = found;
    const turned = i === b ? { difference, low, high } : { difference: -difference, low: -high, high: -low };
    return { ...turned, p, detectable, n };
  }

  /** @param {string} metric @param {number} n */
  const counted = (metric, n) => `${n.toLocaleString("en-US")} customers ${data.metrics.find((one) => one.id === metric.split("@")[0])?.counted ?? ""}`.trim();
  /** @param {string} metric */
  const decimals = (metric) => data.metrics.find((one) => one.id === metric.split("@")[0])?.decimals ?? 3;

  // ---- one leaderboard for every metric, split and segment

  const state = { metric: "ndcg@10", split: data.main, segment: "all", hidden: /** @type {Set<number>} */ (new Set()), by: "value", down: true };

  /** @param {HTMLElement} part */
  function leaderboard(part) {
    const place = () => data.board[`${state.split}|${state.segment}`] ?? { n: {}, figures: {} };
    const segments = () => Object.keys(data.board).filter((name) => name.startsWith(`${state.split}|`)).map((name) => name.slice(state.split.length + 1));
    const metrics = () => Object.keys(place().figures);
    if (!metrics().length) return;

    function keep() {
      if (!segments().includes(state.segment)) state.segment = "all";
      if (!metrics().includes(state.metric)) {
        const stem = state.metric.split("@")[0];
        state.metric = metrics().find((one) => one.startsWith(`${stem}@10`)) ?? metrics().find((one) => one.startsWith(stem)) ?? metrics()[0] ?? "ndcg@10";
      }
    }

    function rows() {
      const found = figuresOf(place(), state.metric);
      const all = data.models.map((model, at) => ({ model, at, figure: found[at] ?? null })).filter((row) => !state.hidden.has(row.at));
      const sign = lower(state.metric) ? 1 : -1;
      const inOrder = all.filter((row) => row.figure).sort((a, b) => sign * ((a.figure?.[0] ?? 0) - (b.figure?.[0] ?? 0)));
      const best = ranked(state.metric) ? inOrder[0] : undefined;
      const told = [...inOrder, ...all.filter((row) => !row.figure)].map((row) => {
        const pair = best && row !== best && state.segment === "all" ? pairOf(state.split, state.metric, best.at, row.at) : null;
        const gap = best && row.figure && best.figure ? row.figure[0] - best.figure[0] : null;
        return { ...row, pair, gap, best: !!best && row === best, level: !!pair && pair.p >= data.significant };
      });
      if (state.by === "model") told.sort((a, b) => a.model.name.localeCompare(b.model.name));
      return state.down ? told : told.reverse();
    }

    /** @param {string} by @param {string} text */
    function head(by, text) {
      const sorted = state.by === by;
      const sort = () => {
        state.down = sorted ? !state.down : true;
        state.by = by;
        draw(`sort-${by}`);
      };
      return make("th", { scope: "col", "aria-sort": sorted ? (state.down ? "descending" : "ascending") : "none" }, make("button", { type: "button", class: "sort", id: `sort-${by}`, onclick: sort }, text, make("span", { "aria-hidden": true }, sorted ? (state.down ? " ▾" : " ▴") : " ▵")));
    }

    /** @param {ReturnType<typeof rows>} shown */
    function table(shown) {
      const ends = shown.flatMap((row) => (row.figure ? row.figure.filter((value) => value != null) : [])).map(Number);
      const errors = lower(state.metric);
      const from = Math.min(...ends, errors ? Infinity : 0);
      const to = Math.max(...ends) + 0.04 * (Math.max(...ends) - Math.min(...ends, errors ? Infinity : 0));
      const least = errors ? from - 0.08 * (to - from || 1) : from;
      /** @param {number} value */
      const at = (value) => `${(100 * (value - least)) / (to - least || 1)}%`;
      const body = shown.map(({ model, figure, pair, gap, best, level }) => {
        const track = make("td", { class: "track", "aria-hidden": true });
        if (figure?.[1] != null && figure[2] != null) track.append(make("i", { class: "bar", style: `left:${at(figure[1])};right:calc(100% - ${at(figure[2])});--mark:${model.colour || "currentColor"}` }));
        if (figure) track.append(make("i", { class: "dot", style: `left:${at(figure[0])};--mark:${model.colour || "currentColor"}` }));
        const against = best ? "best" : pair ? `${level ? "≈ " : ""}${three(gap)}, ${pText(pair.p)}` : gap == null ? NONE : three(gap, decimals(state.metric));
        return make("tr", { class: best ? "best" : level ? "level" : model.group === "baseline" ? "baseline" : null }, make("th", { scope: "row", title: model.does || null }, model.name), track, make("td", { class: "figure" }, figure ? three(figure[0], decimals(state.metric)) : NONE, " ", make("small", {}, figure ? interval(figure[1], figure[2]) : "")), make("td", {}, against));
      });
      const caption = `${titled(state.metric)}, ${data.splits[state.split]}, ${data.segments[state.segment]} (${counted(state.metric, place().n[state.metric] ?? 0)})`;
      const first = make("tr", {}, head("model", "model"), make("th", { scope: "col" }, make("span", { class: "hidden" }, "chart")), head("value", titled(state.metric)), make("th", { scope: "col" }, "against the best"));
      return make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption }, make("table", { class: "dots wide" }, make("caption", {}, caption), make("thead", {}, first), make("tbody", {}, ...body)));
    }

    /** @param {ReturnType<typeof rows>} shown */
    function texts(shown) {
      const cells = shown.map((row) => [row.model.name, row.figure ? `${three(row.figure[0])} ${interval(row.figure[1], row.figure[2])}`.trim() : NONE]);
      const head = ["model", titled(state.metric)];
      const markdown = [head, ["---", "---:"], ...cells].map((row) => `| ${row.join(" | ")} |`).join("\n");
      /** @param {string} text */
      const plain = (text) => text.replace(/[&%$#_{}]/g, "\\$&").replace(/−/g, "$-$").replace(/–/g, "--");
      const latex = ["\\begin{tabular}{lr}", "\\toprule", `${head.map(plain).join(" & ")} \\\\`, "\\midrule", ...cells.map((row) => `${row.map(plain).join(" & ")} \\\\`), "\\bottomrule", "\\end{tabular}"].join("\n");
      return make("details", {}, make("summary", {}, "This table to copy"), ...[["Markdown", markdown], ["LaTeX", latex]].flatMap(([title, text]) => [make("h3", {}, title), make("pre", { tabindex: 0, role: "region", "aria-label": title }, text)]));
    }

    function switches() {
      const stem = state.metric.split("@")[0];
      const stems = [...new Set(metrics().map((one) => one.split("@")[0]))];
      const cuts = metrics().filter((one) => one.startsWith(`${stem}@`)).map((one) => one.split("@")[1]);
      /** @param {string} name */
      const to = (name) => metrics().find((one) => one === `${name}@10`) ?? metrics().find((one) => one.split("@")[0] === name) ?? state.metric;
      const found = [
        choice("Metric", stems.map((one) => [one, titled(one)]), stem, (value) => ((state.metric = to(value)), draw())),
        choice("Split", Object.entries(data.splits), state.split, (value) => ((state.split = value), draw())),
        choice("Customers", segments().map((one) => [one, data.segments[one]]), state.segment, (value) => ((state.segment = value), draw())),
      ];
      if (cuts.length > 1) found.splice(1, 0, choice("Length of lists", cuts.map((k) => [k, k]), state.metric.split("@")[1], (value) => ((state.metric = `${stem}@${value}`), draw())));
      return make("div", { class: "switches" }, ...found);
    }

    function picked() {
      const boxes = data.models.map((model, at) => {
        const box = /** @type {HTMLInputElement} */ (make("input", { type: "checkbox", checked: !state.hidden.has(at), onchange: () => (box.checked ? state.hidden.delete(at) : state.hidden.add(at), draw()) }));
        return make("label", {}, box, " ", model.name);
      });
      return make("details", { class: "models", open: opened }, make("summary", {}, `Models (${data.models.length - state.hidden.size} of ${data.models.length})`), make("div", { class: "boxes" }, ...boxes));
    }

    let opened = false;
    /** @param {string} [focus] */
    function draw(focus) {
      const active = document.activeElement;
      const before = active && part.contains(active) ? [...part.querySelectorAll("select, input, button")].indexOf(active) : -1;
      opened = !!part.querySelector("details.models[open]");
      keep();
      const shown = rows();
      part.replaceChildren(switches(), picked(), table(shown), texts(shown));
      const next = focus ? document.getElementById(focus) : before >= 0 ? part.querySelectorAll("select, input, button")[before] : null;
      if (next instanceof HTMLElement) next.focus();
    }
    part.addEventListener("show", () => draw());
    draw();
  }

  /** A table of another split stands in the leaderboard. @param {HTMLElement} part */
  function elsewhere(part) {
    const { split } = JSON.parse(part.dataset.options || "{}");
    const open = () => {
      Object.assign(state, { split, segment: "all" });
      const there = document.querySelector('[data-part="leaderboard"]');
      there?.dispatchEvent(new Event("show"));
      const fold = there?.closest("details");
      if (fold) fold.open = true;
      there?.scrollIntoView();
    };
    part.replaceChildren(make("p", {}, make("button", { type: "button", onclick: open }, `Show in the leaderboard: ${data.splits[split]}`)));
  }

  // ---- two models

  const two = { a: Math.min(1, data.models.length - 1), b: 0, metric: "ndcg@10", split: data.main, n: 0 };

  /** @param {HTMLElement} part */
  function pair(part) {
    const tested = Object.keys(data.pairs).map((name) => name.split("|"));
    if (!tested.length) return;
    const names = /** @type {[string, string][]} */ (data.models.map((model, at) => [String(at), model.name]));

    /** @param {NonNullable<ReturnType<typeof pairOf>>} found */
    function picture(found) {
      const reach = 1.1 * Math.max(Math.abs(found.low), Math.abs(found.high), found.detectable || 0, 1e-9);
      /** @param {number} value */
      const x = (value) => 300 + (290 * value) / reach;
      const colour = data.models[two.b].colour || "currentColor";
      const parts = [
        make("rect", { x: x(-found.detectable), y: 4, width: x(found.detectable) - x(-found.detectable), height: 32, class: "missed" }),
        make("line", { x1: 300, x2: 300, y1: 0, y2: 40, class: "zero" }),
        make("line", { x1: x(found.low), x2: x(found.high), y1: 20, y2: 20, stroke: colour, "stroke-width": 4 }),
        make("circle", { cx: x(found.difference), cy: 20, r: 7, fill: colour }),
        make("text", { x: 4, y: 58 }, lower(two.metric) ? "lower error" : "worse"),
        make("text", { x: 596, y: 58, "text-anchor": "end" }, lower(two.metric) ? "higher error" : "better"),
        make("text", { x: 300, y: 58, "text-anchor": "middle" }, "0"),
      ];
      const told = `Difference ${three(found.difference)}, interval ${interval(found.low, found.high)}`;
      return make("svg", { viewBox: "0 0 600 64", role: "img", "aria-label": told, class: "interval" }, ...parts);
    }

    /** @param {NonNullable<ReturnType<typeof pairOf>>} found */
    function slider(found) {
      const n = two.n || found.n;
      const least = Math.log10(20);
      const most = Math.log10(Math.max(100_000, 10 * found.n));
      const steps = 400;
      const said = make("output", { id: "detectable" });
      /** @param {number} customers */
      const tell = (customers) => {
        const seen = found.detectable * Math.sqrt(found.n / customers);
        said.textContent = `With ${customers.toLocaleString("en-US")} customers you would see a difference of ≥ ${three(seen)} (four times out of five).`;
        two.n = customers;
      };
      const range = /** @type {HTMLInputElement} */ (make("input", { type: "range", min: 0, max: steps, step: 1, value: Math.round((steps * (Math.log10(n) - least)) / (most - least)), oninput: () => move() }));
      /** Two digits are enough, but for the number that the run had. */
      function move() {
        const place = least + ((most - least) * Number(range.value)) / steps;
        const raw = 10 ** place;
        const near = Math.abs(Math.log10(found.n) - place) <= (most - least) / steps / 2;
        const customers = near ? found.n : Number(raw.toPrecision(2));
        range.setAttribute("aria-valuetext", `${customers} customers`);
        tell(customers);
      }
      move();
      return make("div", {}, make("label", { class: "choice" }, make("span", {}, "Number of customers"), range), make("p", {}, said));
    }

    function answer() {
      const [a, b] = [data.models[two.a].name, data.models[two.b].name];
      if (two.a === two.b) return [make("p", {}, "Pick two different models.")];
      const found = pairOf(two.split, two.metric, two.a, two.b);
      if (!found) return [make("p", {}, `${a} and ${b} were not tested against each other by ${titled(two.metric)} on this split.`)];
      const good = lower(two.metric) ? found.difference < 0 : found.difference > 0;
      const sure = found.p < data.significant;
      const said = sure ? `${b} is significantly ${good ? "better" : "worse"} than ${a}` : `${b} and ${a} cannot be told apart`;
      return [make("p", { class: "answer" }, `${said}: ${titled(two.metric)} differs by ${three(found.difference)} ${interval(found.low, found.high)}, ${pText(found.p)} after Holm's correction (${counted(two.metric, found.n)}, mean over the shuffles).`), picture(found), make("p", { class: "note" }, `A true difference inside the shaded band, ±${three(found.detectable)}, would often have been missed.`), slider(found), ...spread()];
    }

    /** Which customers win and lose by the change. */
    function spread() {
      if (two.metric !== "ndcg@10" || two.split !== data.main) return [];
      const found = data.spreads.find(({ a, b }) => (a === two.a && b === two.b) || (a === two.b && b === two.a));
      if (!found) return [];
      const turned = found.a !== two.a;
      const counts = turned ? [...found.counts].reverse() : found.counts;
      const groups = found.groups.map(([name, n, more, less, mean]) => (turned ? { name, n, more: less, less: more, mean: -mean } : { name, n, more, less, mean })).sort((x, y) => x.mean - y.mean);
      const total = counts.reduce((sum, n) => sum + n, 0);
      const most = Math.max(...counts);
      const half = (counts.length - 1) / 2;
      const share = (/** @type {number} */ n) => `${Math.round((100 * n) / total)} %`;
      const less = counts.slice(0, half).reduce((sum, n) => sum + n, 0);
      const more = counts.slice(half + 1).reduce((sum, n) => sum + n, 0);
      const width = 600 / counts.length;
      const bars = counts.map((n, at) => make("rect", { x: at * width + 1, y: 100 - (96 * n) / most, width: width - 2, height: (96 * n) / most, class: at < half ? "less" : at > half ? "more" : "same" }));
      const told = `Of the ${total.toLocaleString("en-US")} customers with something to find in at least one shuffle, ${share(more)} get a better list from ${data.models[two.b].name}, ${share(less)} a worse one, and ${share(total - more - less)} one that is about as good (mean over their shuffles).`;
      const axis = [make("text", { x: 2, y: 116 }, "−1"), make("text", { x: 300, y: 116, "text-anchor": "middle" }, "0"), make("text", { x: 598, y: 116, "text-anchor": "end" }, "+1")];
      const rows = groups.map((group) => make("tr", {}, make("th", { scope: "row" }, data.segments[group.name] ?? group.name), make("td", {}, group.n.toLocaleString("en-US")), make("td", {}, three(group.mean)), make("td", {}, `${Math.round(100 * group.more)} %`), make("td", {}, `${Math.round(100 * group.less)} %`)));
      const head = ["customers", "number", "difference", "better", "worse"].map((title) => make("th", { scope: "col" }, title));
      const caption = "Who loses most, first";
      /** @param {HTMLElement[] | Element[]} few */
      const table = (few) => make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption }, make("table", {}, make("caption", {}, caption), make("thead", {}, make("tr", {}, ...head.map((cell) => cell.cloneNode(true)))), make("tbody", {}, ...few)));
      const shownFirst = 6;
      const rest = rows.length > shownFirst ? [make("details", {}, make("summary", {}, `The other ${rows.length - shownFirst} groups`), table(rows.slice(shownFirst)))] : [];
      return [make("h3", {}, "Customer by customer"), make("p", {}, told), make("svg", { viewBox: "0 0 600 120", role: "img", "aria-label": `Difference of nDCG@10 by customer. ${told}`, class: "histogram" }, ...bars, ...axis), ...(rows.length ? [table(rows.slice(0, shownFirst)), ...rest] : [])];
    }

    const result = make("div", { "aria-live": "polite" });
    const show = () => result.replaceChildren(...answer());
    const again = () => ((two.n = 0), show());
    const splits = [...new Set(tested.map(([split]) => split))];
    const metrics = [...new Set(tested.map(([, metric]) => metric))];
    const choices = [
      choice("Instead of", names, String(two.a), (value) => ((two.a = Number(value)), again())),
      choice("use", names, String(two.b), (value) => ((two.b = Number(value)), again())),
      choice("by", metrics.map((one) => [one, titled(one)]), two.metric, (value) => ((two.metric = value), again())),
      choice("on", splits.map((one) => [one, data.splits[one] ?? one]), two.split, (value) => ((two.split = value), again())),
    ];
    part.replaceChildren(make("div", { class: "switches" }, ...choices), result);
    show();
  }

  // ---- a visitor

  const MOST_PICKS = 5;

  /** @param {HTMLElement} part */
  function visitor(part) {
    if (data.visitor) beVisitor(part, data.visitor);
  }

  /** @param {HTMLElement} part @param {Shop} shop */
  function beVisitor(part, shop) {
    const n = shop.titles.length;
    const bytes = Uint8Array.from(atob(shop.weights), (letter) => letter.charCodeAt(0));
    const view = new DataView(bytes.buffer);
    /** @param {number} row @param {number} column */
    const says = (row, column) => view.getInt16(2 * (row * n + column), true);
    const codes = new Map(shop.titles.map((title, at) => [title.toLowerCase(), at]));
    let picks = [...shop.picks];

    function list() {
      const scores = shop.titles.map((_, code) => ({ code, score: picks.reduce((sum, pick) => sum + says(pick, code), shop.crowd[code]) }));
      return scores.filter(({ code, score }) => shop.shown[code] && !picks.includes(code) && score > 0).sort((a, b) => b.score - a.score || a.code - b.code).slice(0, 10);
    }

    /** @param {number} code */
    function because(code) {
      const speaks = picks.reduce((sum, pick) => sum + Math.max(0, says(pick, code)), 0); // what a pick says against it is no share
      const parts = picks.map((pick) => ({ pick, share: says(pick, code) / speaks })).filter(({ share }) => share >= 0.05);
      parts.sort((a, b) => b.share - a.share);
      return parts.map(({ pick, share }) => `${shop.titles[pick]} (${Math.round(100 * share)} %)`).join(", ");
    }

    const result = make("div", { "aria-live": "polite" });
    const chosen = make("ul", { class: "picks", "aria-label": "Your picks" });
    const options = make("datalist", { id: "products" }, ...shop.titles.map((title) => make("option", { value: title })));
    const field = /** @type {HTMLInputElement} */ (make("input", { list: "products", placeholder: "title of a product", oninput: () => add(false), onchange: () => add(true) }));
    const unknown = make("p", { class: "note", role: "status" });

    /** @param {boolean} finished whether the reader has left the field or pressed Enter */
    function add(finished) {
      const code = codes.get(field.value.trim().toLowerCase());
      unknown.textContent = finished && code == null && field.value.trim() ? "No product is called that: choose one from the list." : "";
      if (code == null) return;
      field.value = "";
      picks = [...picks.filter((pick) => pick !== code), code].slice(-MOST_PICKS);
      draw();
    }

    /** @param {number} pick */
    function remove(pick) {
      picks = picks.filter((one) => one !== pick);
      draw();
      field.focus();
    }

    function draw() {
      chosen.replaceChildren(...picks.map((pick) => make("li", {}, shop.titles[pick], " ", make("button", { type: "button", "aria-label": `Remove ${shop.titles[pick]}`, onclick: () => remove(pick) }, "×"))));
      if (!picks.length) return result.replaceChildren(make("p", { class: "note" }, "Pick a product to be shown something."));
      const rows = list().map(({ code }, at) => make("tr", {}, make("th", { scope: "row" }, String(at + 1)), make("td", {}, shop.titles[code]), make("td", {}, shop.categories[code]), make("td", {}, because(code))));
      const head = ["rank", "shown", "category", "because of"].map((title) => make("th", { scope: "col" }, title));
      const caption = "What you would be shown";
      result.replaceChildren(make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption }, make("table", { class: "texts" }, make("caption", {}, caption), make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows))));
    }
    part.replaceChildren(make("label", { class: "choice" }, make("span", {}, `Add a product (the last ${MOST_PICKS} count)`), field), options, unknown, chosen, result);
    draw();
  }

  /** @type {Record<string, (part: HTMLElement) => void>} */
  const parts = { leaderboard, elsewhere, pair, visitor };
  for (const part of document.querySelectorAll("[data-part]"))
    if (part instanceof HTMLElement) parts[part.dataset.part ?? ""]?.(part);
})();
