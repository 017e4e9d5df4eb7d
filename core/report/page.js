"use strict";
// The page of `meg report`: everything is read from the JSON in #data (its keys: core/report/report.h).
// Names and categories are any text: they reach the page by textContent, and the charts by plain().

const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);

function element(tag, attributes = {}, ...children) {
  const out = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) out.setAttribute(name, value);
  out.append(...children.filter((child) => child !== null));
  return out;
}

// ---- Words and numbers ----------------------------------------------------------------------------------------------

const isNumber = (x) => typeof x === "number" && Number.isFinite(x);
const count = (x) => x.toLocaleString("en");
const fixed = (x, digits = 3) => (isNumber(x) ? x.toFixed(digits).replace("-", "−") : "–");
const percent = (share) => {
  const x = 100 * share;
  return `${x === 0 ? "0" : x < 0.1 ? x.toPrecision(1) : x < 1 ? x.toFixed(2) : x < 10 ? x.toFixed(1) : x.toFixed(0)} %`;
};
const probability = (p) => (!isNumber(p) ? "–" : p < 0.001 ? "< 0.001" : p.toFixed(3));
const short = (text, length) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);
const quoted = (name) => `“${short(name, 60)}”`;

function duration(seconds) {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const whole = Math.round(seconds);
  return whole < 3600 ? `${Math.floor(whole / 60)} min ${whole % 60} s`
                      : `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** A place on a column's line, in as few digits as a step of `step` needs. */
function place(x, type, step) {
  if (type === "datetime") return new Date(1000 * x).toISOString().slice(0, step < 86400 ? 16 : 10).replace("T", " ");
  if (x !== 0 && (Math.abs(x) >= 1e6 || Math.abs(x) < 1e-3))
    return new Intl.NumberFormat("en", {notation: Math.abs(x) < 1e15 && Math.abs(x) >= 1 ? "compact" : "scientific",
                                        maximumSignificantDigits: 3}).format(x).replace("-", "−");
  const digits = Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(step || 1))));
  return String(Number(x.toFixed(digits))).replace("-", "−");
}

/** Text for a chart, where tags and entities would be read. */
const plain = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** What each of a column's bars is, in words. */
function barNames(bars, type) {
  let names;
  if (bars.edges) {
    const step = bars.edges[1] - bars.edges[0];
    names = bars.edges.slice(1).map((high, i) => {
      const whole = type === "integer", last = i === bars.edges.length - 2;
      const low = place(whole ? Math.ceil(bars.edges[i]) : bars.edges[i], type, step);
      const top = place(whole ? Math.ceil(high) - 1 : high, type, step);
      if (i === 0 && bars.open_low) return `up to ${top}`;
      if (last && bars.open_high) return `from ${low} on`;
      return low === top ? low : `${low} to ${top}`;
    });
  } else {
    names = [...bars.labels];
  }
  if (bars.others) names.push(`${count(bars.others)} others`);
  if (bars.missing) names.push("(missing)");
  return names;
}

// ---- Theme and charts -----------------------------------------------------------------------------------------------

// Okabe and Ito's blue and vermilion (orange in the dark): told apart with any kind of colour vision.
const palettes = {
  light: {real: "#0072b2", synthetic: "#d55e00", realFill: "#9cc9e3", ink: "#1c2126", soft: "#59626d", line: "#dde1e6",
          paper: "#ffffff", middle: "#f5f6f8", low: "#0b5394", high: "#b35806", dense: "#08427a"},
  dark: {real: "#56b4e9", synthetic: "#f0a23a", realFill: "#2f6f96", ink: "#e8eaed", soft: "#a3acb8", line: "#343a43",
         paper: "#14171b", middle: "#20262d", low: "#6cb8f5", high: "#f5a952", dense: "#a8d6ff"},
};
const darkWanted = window.matchMedia("(prefers-color-scheme: dark)");
let theme = darkWanted.matches ? "dark" : "light";

/** All charts: element -> {build(palette) => {traces, layout}, drawn: theme it was drawn in, near: in sight}. */
const charts = new Map();
const sight = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    const chart = charts.get(entry.target);
    chart.near = entry.isIntersecting;
    if (chart.near) draw(entry.target);
  }
}, {rootMargin: "500px"});

function baseLayout(colors) {
  const axis = {gridcolor: colors.line, linecolor: colors.line, zerolinecolor: colors.line, tickcolor: colors.line,
                tickfont: {color: colors.soft, size: 11}, title: {font: {color: colors.soft, size: 12}, standoff: 8},
                automargin: true, fixedrange: true, exponentformat: "B"};
  return {paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", margin: {l: 44, r: 10, t: 8, b: 34},
          font: {family: getComputedStyle(document.body).fontFamily, color: colors.ink, size: 12},
          xaxis: structuredClone(axis), yaxis: structuredClone(axis), dragmode: false, showlegend: false,
          hoverlabel: {bgcolor: colors.paper, bordercolor: colors.soft, font: {color: colors.ink, size: 12}, align: "left",
                       namelength: -1}};
}

/** Draws once more than `changed` where a chart has not been drawn with what it shows now. */
function draw(target) {
  const chart = charts.get(target);
  if (chart.drawn === theme) return chart.done;
  chart.drawn = theme;
  const {traces, layout} = chart.build(palettes[theme], baseLayout(palettes[theme]));
  // A scene keeps a WebGL context, of which a browser has few.
  if (chart.scene && !layout.scene) Plotly.purge(target);
  chart.scene = Boolean(layout.scene);
  chart.done = Plotly.react(target, traces, layout, {responsive: true, displayModeBar: false, displaylogo: false})
    .then(() => {
      if (!target.dataset.drawn && chart.ready) chart.ready(target);
      target.dataset.drawn = "yes";
    });
  return chart.done;
}

/** Adds a chart, or changes what one shows; it is drawn when it comes into sight. `ready` is called once. */
function show(target, words, build, ready) {
  target.setAttribute("role", "img");
  target.setAttribute("aria-label", words);
  const known = charts.get(target);
  if (known) {
    Object.assign(known, {build, drawn: null});
    if (known.near) draw(target);
    return;
  }
  charts.set(target, {build, ready, drawn: null, near: false});
  sight.observe(target);
}

function forget(target) {
  sight.unobserve(target);
  if (target.dataset.drawn) Plotly.purge(target);
  charts.delete(target);
}

function setTheme(name) {
  theme = name;
  document.documentElement.dataset.theme = name;
  const other = name === "dark" ? "light" : "dark";
  $("theme").textContent = `${other[0].toUpperCase()}${other.slice(1)}`;
  $("theme").setAttribute("aria-label", `Switch to ${other} colours`);
  for (const [target, chart] of charts) if (chart.near) draw(target);
}

$("theme").addEventListener("click", () => setTheme(theme === "dark" ? "light" : "dark"));
darkWanted.addEventListener("change", (event) => setTheme(event.matches ? "dark" : "light"));

// Paper is white, and shows what nobody has scrolled to.
let themeOnScreen = null;
window.addEventListener("beforeprint", () => {
  themeOnScreen = theme;
  setTheme("light");
  for (const target of charts.keys()) draw(target);
});
window.addEventListener("afterprint", () => setTheme(themeOnScreen));

/** Buttons of which one is pressed. */
function segments(group, first, choose) {
  const press = (view) => {
    for (const button of group.children) button.setAttribute("aria-pressed", String(button.dataset.view === view));
    choose(view);
  };
  group.addEventListener("click", (event) => {
    if (event.target.dataset.view && !event.target.disabled) press(event.target.dataset.view);
  });
  press(first);
}

function facts(list, pairs) {
  for (const [term, value] of pairs)
    if (value !== null) list.append(element("div", {}, element("dt", {}, term), element("dd", {}, value)));
}

// ---- Verdict and advice ---------------------------------------------------------------------------------------------

const evaluation = data.evaluation;
const rows = evaluation.rows;
const gradeWords = {good: "like real rows", fair: "near", poor: "apart", unknown: "not measured"};
const privacyWords = {good: "no copying seen", fair: "look closer", poor: "copied", unknown: "not enough to tell"};

function gradeBadge(grade, words) { return element("span", {class: `grade ${grade}`}, words); }

function scale(score) {
  const at = (x) => `${Math.max(0, Math.min(1, (x - score.low) / (score.high - score.low))) * 100}%`;
  const bar = element("div", {class: "scale", role: "img",
                              "aria-label": `On a scale from ${score.low} to ${score.high}: ${fixed(score.value)}` +
                                (isNumber(score.real_rows) ? `; real rows score ${fixed(score.real_rows)}` : "")});
  bar.append(element("div", {class: "fill", style: `width:${at(score.value)}`}));
  if (isNumber(score.real_rows)) bar.append(element("div", {class: "mark", style: `left:${at(score.real_rows)}`}));
  return bar;
}

function scoreCard(score) {
  const out = element("li", {"data-score": score.name}, element("h2", {}, score.title));
  const small = score.name === "identical";
  const text = (x) => (small ? percent(x) : fixed(x));
  if (isNumber(score.value)) {
    out.append(element("div", {class: "value"}, text(score.value)));
    out.append(gradeBadge(score.grade, (score.title === "Privacy" ? privacyWords : gradeWords)[score.grade]));
    out.append(element("div", {class: "real-rows"}, isNumber(score.real_rows) ? `real rows: ${text(score.real_rows)}` : ""));
    out.append(scale(score), element("div", {class: "ends"}, element("span", {}, String(score.low)),
                                     element("span", {}, String(score.high))));
  } else {
    out.append(element("div", {class: "value none"}, score.reason));
  }
  out.append(element("p", {class: "question"}, score.question));
  return out;
}

/** Flags stay in one piece. */
const withFlags = (sentence) => sentence.split(/(--[a-z][a-z-]*)/).map((part, i) => (i % 2 === 1 ? element("span", {class: "flag"}, part) : part));

function showVerdict() {
  const {names, verdict} = data;
  document.title = `${names.synthetic} beside ${names.real} – meg report`;
  $("tables").textContent = `${names.synthetic} (${count(rows.synthetic)} rows) beside ${names.real} (${count(rows.real)} rows` +
    `, ${count(evaluation.columns.length)} columns compared)` + (names.model ? `, made by ${names.model}` : "") +
    (names.test ? `, unseen rows from ${names.test}` : "");
  $("verdict-title").textContent = verdict.title;
  $("privacy-title").replaceWith(gradeBadge(verdict.privacy, verdict.privacy_title));
  $("verdict-text").textContent = verdict.sentences.join(" ");
  for (const score of verdict.scores) $("scores").append(scoreCard(score));
  const badges = {good: "All well", fair: "Look", poor: "Mend", unknown: "Not known"};
  for (const advice of data.advice)
    $("advice").append(element("li", {}, gradeBadge(advice.grade, badges[advice.grade]),
                               element("span", {}, ...withFlags(advice.sentence))));
}

// ---- Columns --------------------------------------------------------------------------------------------------------

const shares = (counts, total) => counts.map((n) => n / total);

/** The bar whose shares differ most. */
function largestGap(column) {
  const real = shares(column.real, rows.real), synthetic = shares(column.synthetic, rows.synthetic);
  let worst = 0;
  real.forEach((share, i) => {
    if (Math.abs(share - synthetic[i]) > Math.abs(real[worst] - synthetic[worst])) worst = i;
  });
  if (real.length === 0) return "no values";
  const exact = (share) => (share > 0 && share < 0.001 ? percent(share) : `${(100 * share).toFixed(1)} %`);
  return `largest difference: ${short(barNames(column.bars, column.type)[worst], 40)}: ${exact(real[worst])} real, ${exact(synthetic[worst])} synthetic`;
}

/** Real as a wide pale bar, synthetic as a narrow one inside, on lines that are numbered so that no label is parsed. */
function categoryChart(column, colors, layout) {
  const names = barNames(column.bars, column.type), flat = !["integer", "decimal", "datetime"].includes(column.type);
  const places = names.map((_, i) => i);
  const bar = (counts, total, width, color, table) => {
    const y = shares(counts, total);
    const trace = {type: "bar", orientation: flat ? "h" : "v", width, marker: {color}, hovertemplate: "%{hovertext}<extra></extra>",
                   hovertext: y.map((share, i) => `${plain(short(names[i], 80))}: ${percent(share)} ${table}`)};
    return flat ? {...trace, x: y, y: places} : {...trace, x: places, y};
  };
  const lines = {tickvals: places, ticktext: names.map((name) => plain(short(name, flat ? 18 : 8))),
                 range: [-0.6, names.length - 0.4], showgrid: false, zeroline: false};
  const share = {tickformat: ".0%", nticks: 5, rangemode: "tozero"};
  Object.assign(layout[flat ? "yaxis" : "xaxis"], lines);
  Object.assign(layout[flat ? "xaxis" : "yaxis"], share);
  if (flat) layout.yaxis.range.reverse();
  layout.margin = {l: 8, r: 14, t: 6, b: 24};
  layout.barmode = "overlay";
  return {traces: [bar(column.real, rows.real, 0.8, colors.realFill, "of the real rows"),
                   bar(column.synthetic, rows.synthetic, 0.34, colors.synthetic, "of the synthetic rows")], layout};
}

/** The line around a histogram. */
function outline(edges, shares) {
  const x = [edges[0]], y = [0];
  shares.forEach((share, i) => {
    x.push(edges[i], edges[i + 1]);
    y.push(share, share);
  });
  return {x: [...x, edges.at(-1)], y: [...y, 0]};
}

/** Real as filled bars, synthetic as the outline of a histogram. */
function histogramChart(column, colors, layout) {
  const {edges} = column.bars, bars = edges.length - 1, names = barNames(column.bars, column.type);
  const at = (x) => (column.type === "datetime" ? 1000 * x : x);
  const real = shares(column.real, rows.real).slice(0, bars), synthetic = shares(column.synthetic, rows.synthetic).slice(0, bars);
  const centres = edges.slice(1).map((high, i) => at((edges[i] + high) / 2)), width = at(edges[1]) - at(edges[0]);
  Object.assign(layout.xaxis, {nticks: 6, showgrid: false, zeroline: false, range: [at(edges[0]) - width / 2, at(edges[bars]) + width / 2],
                               type: column.type === "datetime" ? "date" : "linear"});
  Object.assign(layout.yaxis, {tickformat: Math.max(...real, ...synthetic) < 0.03 ? ".1%" : ".0%", nticks: 5, rangemode: "tozero"});
  layout.margin = {l: 8, r: 14, t: 6, b: 24};
  layout.bargap = 0;
  return {traces: [
    {type: "bar", x: centres, y: real, width, marker: {color: colors.realFill, line: {width: 0}},
     hovertemplate: "%{hovertext}<extra></extra>",
     hovertext: real.map((share, i) => `${plain(names[i])}<br>real ${percent(share)}<br>synthetic ${percent(synthetic[i])}`)},
    {type: "scatter", mode: "lines", ...outline(edges.map(at), synthetic), line: {color: colors.synthetic, width: 2}, hoverinfo: "skip"}], layout};
}

function columnCard(column) {
  const m = evaluation.columns[column.measures];
  const chart = element("div", {class: "chart"}), list = element("dl", {class: "facts"});
  const counted = "total_variation" in m;
  const coverage = m.range_coverage ?? m.category_coverage;
  facts(list, [
    ["KS", counted ? null : fixed(m.ks)],
    ["Wasserstein", counted || !isNumber(m.wasserstein) ? null : `${fixed(m.wasserstein)} σ`],
    ["total variation", counted ? fixed(m.total_variation) : null],
    ["χ² p", counted ? probability(m.chi_square_p) : null],
    ["coverage", isNumber(coverage) ? percent(coverage) : null],
    ["missing", m.missing_real + m.missing_synthetic > 0 ? `${percent(m.missing_real)} real, ${percent(m.missing_synthetic)} synthetic` : null],
  ]);
  const gap = largestGap(column);
  const beyond = column.bars.open_low || column.bars.open_high ? " The outer bars hold all that lies beyond." : "";
  const title = element("h3", {title: column.name}, column.name);
  const out = element("figure", {class: "card"},
    element("header", {}, title, element("span", {class: "shape", title: "shape: 1 is the same"}, fixed(m.shape))),
    element("div", {class: "kind"}, column.type), chart, list,
    element("figcaption", {}, gap[0].toUpperCase() + gap.slice(1) + "." + beyond));
  const build = (colors, layout) => (column.bars.edges ? histogramChart : categoryChart)(column, colors, layout);
  show(chart, `Distribution of ${column.name}, ${column.type}, real and synthetic: shape ${fixed(m.shape)}; ${gap}`, build);
  return out;
}

function showColumns() {
  const cards = data.columns.map((column) => ({column, card: columnCard(column), text: `${column.name} ${column.type}`.toLowerCase()}));
  const total = cards.length;
  const arrange = () => {
    const words = $("filter").value.trim().toLowerCase(), order = $("order").value;
    const shown = cards.filter(({text}) => text.includes(words));
    if (order === "table") shown.sort((a, b) => a.column.measures - b.column.measures);
    if (order === "name") shown.sort((a, b) => a.column.name.localeCompare(b.column.name));
    $("cards").replaceChildren(...shown.map(({card}) => card));
    $("column-count").textContent = shown.length === total ? `${count(total)} columns` : `${count(shown.length)} of ${count(total)} columns`;
  };
  $("filter").addEventListener("input", arrange);
  $("order").addEventListener("change", arrange);
  arrange();
  const notes = [];
  const left = evaluation.columns.length - total;
  if (left > 0) notes.push(`The page shows the ${count(total)} weakest columns; ${count(left)} more are alike enough to leave out.`);
  if (evaluation.not_compared.length > 0)
    notes.push(`Not compared, identifiers or free text: ${evaluation.not_compared.map((name) => short(name, 60)).join(", ")}.`);
  $("not-compared").textContent = notes.join(" ");
}

// ---- Pairs ----------------------------------------------------------------------------------------------------------

/** Element (a, b) of a lower triangle without its diagonal. */
const inTriangle = (values, a, b) => (a === b ? null : values[(Math.max(a, b) * (Math.max(a, b) - 1)) / 2 + Math.min(a, b)]);

/** Ticks of a column's bars along a heat map: categories by name, intervals by some of their edges. */
function barTicks(column, length) {
  const bars = column.pair_bars, names = barNames(bars, column.type);
  if (!bars.edges) return {tickvals: names.map((_, i) => i), ticktext: names.map((name) => plain(short(name, length)))};
  const step = bars.edges[1] - bars.edges[0], every = Math.ceil(bars.edges.length / 5), tickvals = [], ticktext = [];
  bars.edges.forEach((edge, i) => {
    if (i % every !== 0) return;
    tickvals.push(i - 0.5);
    ticktext.push(place(edge, column.type, step));
  });
  if (bars.missing) {
    tickvals.push(names.length - 1);
    ticktext.push("(missing)");
  }
  return {tickvals, ticktext};
}

/** Shares as [bars of y][bars of x] from counts [bars of first][bars of second]. */
function pairShares(pair, table, x, y) {
  const width = barNames(data.columns[pair.second].pair_bars, data.columns[pair.second].type).length;
  const total = rows[table], turned = x !== pair.first;
  const nx = barNames(data.columns[x].pair_bars, data.columns[x].type).length;
  const ny = barNames(data.columns[y].pair_bars, data.columns[y].type).length;
  return Array.from({length: ny}, (_, j) => Array.from({length: nx}, (_, i) =>
    pair[table][turned ? j * width + i : i * width + j] / total));
}

function pairChart(x, y, z, most) {
  return (colors, layout) => {
    const xNames = barNames(data.columns[x].pair_bars, data.columns[x].type);
    const yNames = barNames(data.columns[y].pair_bars, data.columns[y].type);
    Object.assign(layout.xaxis, barTicks(data.columns[x], 12), {showgrid: false, zeroline: false, ticklabeloverflow: "allow",
                                                               tickangle: data.columns[x].pair_bars.labels && xNames.length > 4 ? -45 : 0});
    Object.assign(layout.yaxis, barTicks(data.columns[y], 14), {showgrid: false, zeroline: false,
                                                               autorange: data.columns[y].pair_bars.labels ? "reversed" : true});
    layout.xaxis.title.text = plain(short(data.columns[x].name, 40));
    layout.yaxis.title.text = plain(short(data.columns[y].name, 30));
    layout.margin = {l: 10, r: 10, t: 6, b: 10};
    return {traces: [{type: "heatmap", z: z.map((row) => row.map(Math.sqrt)), zmin: 0, zmax: Math.sqrt(most), showscale: false,
                      xgap: 1, ygap: 1, colorscale: [[0, colors.middle], [1, colors.dense]],
                      hovertemplate: "%{hovertext}<extra></extra>",
                      hovertext: z.map((row, j) => row.map((share, i) =>
                        `${plain(short(xNames[i], 60))}<br>${plain(short(yNames[j], 60))}<br>${percent(share)} of the rows`))}], layout};
  };
}

function showPairs() {
  const {columns, associations, trend, counts} = data.pairs;
  if (columns.length < 2) {
    $("pairs").querySelectorAll(".controls, figure, .halves").forEach((part) => { part.hidden = true; });
    $("pair-text").textContent = "There are fewer than two columns to compare.";
    return;
  }
  const place = new Map(columns.map((column, i) => [column, i]));  // of a column in the matrices
  const key = (a, b) => `${Math.min(a, b)},${Math.max(a, b)}`;
  const byKey = new Map(counts.map((pair) => [key(pair.first, pair.second), pair]));
  const name = (column) => data.columns[column].name;

  function choose(x, y) {
    $("pair-first").value = String(x);
    $("pair-second").value = String(y);
    $("pair-worst").value = $("pair-worst").querySelector(`[value="${key(x, y)}"]`) ? key(x, y) : "";
    const score = inTriangle(trend, place.get(x), place.get(y));
    const parts = [`${quoted(name(x))} with ${quoted(name(y))}`];
    if (x !== y) parts.push(isNumber(score) ? `trend ${fixed(score)} (1: the same)` : "no trend: one of them is constant");
    if (associations && x !== y)
      parts.push(`dependence ${fixed(inTriangle(associations.real, place.get(x), place.get(y)), 2)} real, ` +
        `${fixed(inTriangle(associations.synthetic, place.get(x), place.get(y)), 2)} synthetic`);
    $("pair-text").textContent = parts.join(" · ");
    const pair = byKey.get(key(x, y));
    document.querySelector("#pairs .halves").hidden = !pair;
    if (!pair) {
      $("pair-note").textContent = x === y ? "Choose two different columns."
        : `The page holds the heat maps of the ${count(counts.length)} weakest pairs; this one is among the others.`;
      return;
    }
    const real = pairShares(pair, "real", x, y), synthetic = pairShares(pair, "synthetic", x, y);
    const most = Math.max(...real.flat(), ...synthetic.flat());
    for (const [table, z] of [["real", real], ["synthetic", synthetic]])
      show($(`pair-${table}`), `Heat map of ${name(x)} and ${name(y)} in the ${table} table: share of rows in each pair of bars; ` +
        `the densest holds ${percent(Math.max(...z.flat()))}`, pairChart(x, y, z, most));
    $("pair-note").textContent = `Shade grows with the root of the share of rows; the densest field holds ${percent(most)}.`;
  }

  for (const select of [$("pair-first"), $("pair-second")]) {
    for (const column of columns) select.append(element("option", {value: column}, short(name(column), 60)));
    select.addEventListener("change", () => choose(Number($("pair-first").value), Number($("pair-second").value)));
  }
  $("pair-worst").append(element("option", {value: ""}, "–"));
  for (const pair of counts.slice(0, 30))
    $("pair-worst").append(element("option", {value: key(pair.first, pair.second)},
      `${fixed(inTriangle(trend, place.get(pair.first), place.get(pair.second)))}  ${short(name(pair.first), 30)} · ${short(name(pair.second), 30)}`));
  $("pair-worst").addEventListener("change", () => {
    if ($("pair-worst").value) choose(...$("pair-worst").value.split(",").map(Number));
  });
  const first = counts[0] ?? {first: columns[0], second: columns[1]};
  choose(first.first, first.second);

  if (!associations) {
    $("matrix-figure").hidden = $("matrix-view").hidden = true;
    return;
  }
  const values = (view) => columns.map((_, b) => columns.map((_, a) => {
    const real = inTriangle(associations.real, a, b), synthetic = inTriangle(associations.synthetic, a, b);
    if (view !== "difference") return view === "real" ? real : synthetic;
    return isNumber(real) && isNumber(synthetic) ? synthetic - real : null;
  }));
  const n = columns.length, narrow = $("matrix").clientWidth < 560, labelled = n <= (narrow ? 20 : 40);
  const largest = Math.max(...values("difference").flat().filter(isNumber).map(Math.abs), 0);
  $("matrix").style.height = `${Math.round(Math.min(narrow ? 400 : 760, Math.max(300, 26 * n + 150)))}px`;
  const captions = {
    real: "Dependence in the real table.", synthetic: "Dependence in the synthetic table.",
    difference: `Synthetic minus real; the largest difference is ${fixed(largest, 2)}.`,
  };
  const build = (view) => (colors, layout) => {
    const z = values(view), reach = view === "difference" ? Math.max(0.1, largest) : 1;
    const ticks = {tickvals: labelled ? columns.map((_, i) => i) : [],
                   ticktext: columns.map((column) => plain(short(name(column), narrow ? 12 : 16))), showgrid: false, zeroline: false};
    if (narrow) layout.xaxis.tickfont.size = layout.yaxis.tickfont.size = 9;
    Object.assign(layout.xaxis, ticks, {tickangle: n <= 4 ? 0 : narrow ? -90 : -45});
    Object.assign(layout.yaxis, ticks, {autorange: "reversed"});
    layout.margin = {l: 10, r: 10, t: 6, b: 10};
    return {traces: [{type: "heatmap", z, zmin: -reach, zmax: reach, xgap: labelled ? 1 : 0, ygap: labelled ? 1 : 0, hoverongaps: false,
                      colorscale: [[0, colors.low], [0.5, colors.middle], [1, colors.high]],
                      colorbar: {thickness: 12, outlinewidth: 0, tickfont: {color: colors.soft, size: 11}, nticks: 5},
                      hovertemplate: "%{hovertext}<extra></extra>",
                      hovertext: z.map((row, b) => row.map((value, a) =>
                        `${plain(short(name(columns[b]), 40))}<br>${plain(short(name(columns[a]), 40))}<br>${view} ${fixed(value, 2)}`))}], layout};
  };
  const clicked = (target) => target.on("plotly_click", ({points: [point]}) => {
    if (point.x !== point.y) choose(columns[point.x], columns[point.y]);
  });
  segments($("matrix-view"), "difference", (view) => {
    $("matrix-caption").textContent = captions[view] +
      (n < data.columns.length ? ` The matrix shows the ${n} columns of the lowest shape.` : "") +
      (labelled ? "" : " Point at a cell to see which columns it is of.");
    show($("matrix"), `Matrix of dependence between ${n} columns, ${view}. ${captions[view]}`, build(view), clicked);
  });
}

// ---- Components -----------------------------------------------------------------------------------------------------

function hasWebGl() {
  try {
    return Boolean(document.createElement("canvas").getContext("webgl"));
  } catch {
    return false;
  }
}

function showComponents() {
  const {pca} = evaluation;
  if (!pca || pca.explained.length < 2) {
    $("components").querySelectorAll(".controls, figure").forEach((part) => { part.hidden = true; });
    $("components").querySelector(".note").textContent =
      `There are no two principal components${pca && pca.reason ? `: ${pca.reason}` : ""}.`;
    return;
  }
  const titles = pca.explained.map((share, i) => `Component ${i + 1} (${percent(share)} of the variance)`);
  const points = (table, axes, colors, size) => ({
    mode: "markers", name: table, hoverinfo: "skip",
    ...Object.fromEntries(axes.map((axis, i) => [axis, pca[table].map((point) => point[i])])),
    marker: {size, color: colors[table], opacity: theme === "dark" ? 0.6 : 0.45, line: {width: 0}}});
  const legend = (colors) => ({showlegend: true, legend: {orientation: "h", x: 0, y: 1, yanchor: "bottom", itemsizing: "constant",
                                                          font: {color: colors.ink}}});
  const flat = (colors, layout) => {
    layout.xaxis.title.text = titles[0];
    layout.yaxis.title.text = titles[1];
    layout.margin = {l: 10, r: 10, t: 30, b: 10};
    return {traces: ["real", "synthetic"].map((table) => ({type: "scatter", ...points(table, ["x", "y"], colors, 5)})),
            layout: {...layout, ...legend(colors)}};
  };
  const solid = (colors, layout) => {
    const axis = (i) => ({title: {text: titles[i].replace(" of the variance", ""), font: {color: colors.soft, size: 11}}, color: colors.soft,
                          gridcolor: colors.line, zerolinecolor: colors.line, showbackground: false, showspikes: false,
                          tickfont: {size: 10}});
    return {traces: ["real", "synthetic"].map((table) => ({type: "scatter3d", ...points(table, ["x", "y", "z"], colors, 2.2)})),
            layout: {...layout, ...legend(colors), margin: {l: 0, r: 0, t: 30, b: 0}, dragmode: "orbit",
                     scene: {aspectmode: "cube", xaxis: axis(0), yaxis: axis(1), zaxis: axis(2), camera: {eye: {x: 1.5, y: 1.5, z: 0.9}}}}};
  };
  const cube = $("pca-view").querySelector('[data-view="3"]');
  if (pca.explained.length < 3 || !hasWebGl()) {
    cube.disabled = true;
    $("pca-status").textContent = pca.explained.length < 3 ? "The table has only two components." : "3D needs WebGL, which this browser does not offer.";
  }
  $("pca-caption").textContent = `${count(pca.real.length)} real and ${count(pca.synthetic.length)} synthetic rows; ` +
    `the components were found in ${count(Math.min(pca.rows, rows.real))} real rows. Choose a name above the chart to hide its rows.`;
  segments($("pca-view"), "2", (view) => {
    if (!cube.disabled) $("pca-status").textContent = view === "3" ? "Drag to turn, scroll to come nearer." : "";
    const explained = pca.explained.slice(0, Number(view)).reduce((sum, share) => sum + share, 0);
    show($("pca"), `Real and synthetic rows in the first ${view} principal components, which hold ${percent(explained)} of the real rows' variance`,
         view === "3" ? solid : flat);
  });
}

// ---- Training -------------------------------------------------------------------------------------------------------

function curve(lines, x, key, name, color) {
  const known = lines.filter((line) => isNumber(line[key]) && isNumber(line[x]));
  return {type: "scatter", mode: known.length > 40 ? "lines" : "lines+markers", name, x: known.map((line) => line[x]), y: known.map((line) => line[key]),
          line: {color, width: 2}, marker: {color, size: 5}, hovertemplate: "%{hovertext}<extra></extra>",
          hovertext: known.map((line) => `${plain(name)} ${line[key].toPrecision(4)}<br>${line.phase} ${count(line.done)} of ${count(line.of)}` +
            (isNumber(line.seconds) ? `<br>${duration(line.seconds)}` : ""))};
}

function showTraining() {
  const {training} = data;
  if (!training) {
    $("training-text").textContent = "No model was given: --model shows how it was trained.";
    return;
  }
  const lines = training.lines, last = lines.at(-1);
  const of = (phase) => lines.filter((line) => line.phase === phase);
  const timed = lines.length > 0 && lines.every((line) => isNumber(line.seconds));
  const memory = Math.max(...lines.map((line) => line.megabytes ?? 0));
  const words = [`Preset ${training.preset}, ${count(training.epochs)} epochs, batches of ${count(training.batch_size)} rows` +
    (training.preset === "meg" ? training.refined ? ", refined against the discriminator." : ", not refined." : ".")];
  if (timed) words.push(`It took ${duration(last.seconds)}` + (memory > 0 ? ` and at most ${count(Math.round(memory))} MB of memory.` : "."));
  else words.push("The log of the training run (meg train --log, given here with --log) adds its time and memory.");
  if (!training.finished) words.push("Training was stopped before it was done.");
  $("training-text").textContent = words.join(" ");

  const add = (title, phase, xTitle, series, extra = {}) => {
    const shown = series.filter(([key]) => phase.some((line) => isNumber(line[key])));
    if (shown.length === 0) return;
    const chart = element("div", {class: "chart"}), x = extra.x ?? "done";
    $("training-charts").append(element("figure", {}, element("figcaption", {class: "above"}, title), chart));
    const ends = shown.map(([key, name]) => {
      const known = phase.filter((line) => isNumber(line[key]));
      return `${name} from ${known[0][key].toPrecision(3)} to ${known.at(-1)[key].toPrecision(3)}`;
    });
    show(chart, `${title}: ${ends.join("; ")}`, (colors, layout) => {
      layout.xaxis.title.text = xTitle;
      Object.assign(layout, {margin: {l: 10, r: 10, t: 30, b: 10}, showlegend: shown.length > 1,
                             legend: {orientation: "h", x: 0, y: 1, yanchor: "bottom"}});
      Object.assign(layout.xaxis, {nticks: 6, zeroline: false, rangemode: "tozero"});
      Object.assign(layout.yaxis, {nticks: 6, zeroline: false, ...extra.yaxis});
      if (extra.level !== undefined)
        layout.shapes = [{type: "line", xref: "paper", x0: 0, x1: 1, y0: extra.level, y1: extra.level, line: {color: colors.soft, width: 1, dash: "dot"}}];
      return {traces: shown.map(([key, name, color]) => curve(phase, x, key, name, colors[color])), layout};
    });
  };
  add("Warm-up: loss, nats per row", of("warm-up"), "epoch",
      [["loss", "training rows", "real"], ["held_out_loss", "held-out rows", "synthetic"]]);
  const game = of("refinement").length > 0 ? of("refinement") : of("training"), unit = of("refinement").length > 0 ? "step" : "epoch";
  add(unit === "step" ? "Refinement: losses of the game" : "Losses of the game", game, unit,
      [["discriminator", "discriminator", "real"], ["generator", "generator", "synthetic"]]);
  add("Discriminator's AUC on held-out rows (0.5: cannot tell)", game, unit, [["held_out_auc", "held-out AUC", "synthetic"]],
      {level: 0.5, yaxis: {range: [0.4, Math.max(0.7, ...game.map((line) => (line.held_out_auc ?? 0) + 0.05))]}});
  add("Memory, MB, over the seconds of training", lines, "seconds", [["megabytes", "memory held at most", "real"]],
      {x: "seconds", yaxis: {rangemode: "tozero"}});
}

// ---- Privacy --------------------------------------------------------------------------------------------------------

function showPrivacy() {
  const {privacy} = evaluation, distances = data.distances;
  $("distances-figure").hidden = !distances;
  if (!privacy) {
    $("privacy-text").textContent = "No column is left to compare rows by.";
    return;
  }
  const closest = privacy.closest_record, member = privacy.membership;
  $("privacy-text").textContent = closest
    ? "How far each synthetic row is from the closest training row and from the closest unseen row. If rows were copied, the distances to training rows would be the shorter ones."
    : "Only rows that the model has not learned from can show that nothing was copied: give some with --test.";
  facts($("privacy-facts"), [
    ["Rows that equal a row of the real table", percent(privacy.identical_to_real)],
    ["the same of the unseen rows", closest ? percent(privacy.held_out_identical_to_real) : null],
    ["Share nearer to a training row (0.5: no copying)", closest ? `${fixed(closest.share)} ± ${fixed(closest.share_error)}` : null],
    ["Median distance to training / unseen rows", closest ? `${fixed(closest.train.median_distance)} / ${fixed(closest.held_out.median_distance)}` : null],
    ["Median ratio of closest to second closest", closest ? `${fixed(closest.train.median_ratio)} / ${fixed(closest.held_out.median_ratio)}` : null],
    ["AUC of guessing who was in the training table", member ? `${fixed(member.auc)} ± ${fixed(member.auc_error)}` : null],
  ]);
  if (!distances) return;
  const step = distances.edges[1] - distances.edges[0], asked = distances.train.reduce((sum, n) => sum + n, 0);
  const series = [["train", "to the closest training row"], ["held_out", "to the closest unseen row"]];
  $("distances-caption").textContent = `${count(closest.synthetic_rows)} synthetic rows, each beside the closest of ${count(closest.real_rows)} training rows ` +
    `and of as many unseen ones. A distance is the mean over the columns: 0 for the same row, 1 for one that differs in everything. The last bar holds all beyond.`;
  show($("distances"), `Distances of synthetic rows to the closest training and unseen rows: medians ${fixed(closest.train.median_distance)} and ${fixed(closest.held_out.median_distance)}`,
    (colors, layout) => {
      layout.xaxis.title.text = "distance to the closest row";
      Object.assign(layout.xaxis, {zeroline: false, showgrid: false, nticks: 8});
      layout.yaxis.title.text = "share of synthetic rows";
      Object.assign(layout.yaxis, {tickformat: ".0%", nticks: 6, rangemode: "tozero"});
      Object.assign(layout, {margin: {l: 10, r: 10, t: 30, b: 10}, bargap: 0, showlegend: true,
                             legend: {orientation: "h", x: 0, y: 1, yanchor: "bottom"}});
      const traces = series.map(([key, name], i) => {
        const y = shares(distances[key], asked), centres = distances.edges.slice(1).map((high, j) => (distances.edges[j] + high) / 2);
        const hover = {hovertemplate: "%{hovertext}<extra></extra>", hovertext: y.map((share, j) =>
          `${place(distances.edges[j], "decimal", step)} to ${place(distances.edges[j + 1], "decimal", step)}<br>` +
          `training rows ${percent(share)}<br>unseen rows ${percent(distances.held_out[j] / asked)}`)};
        return i === 0 ? {type: "bar", name, x: centres, y, width: step, marker: {color: colors.realFill}, ...hover}
                       : {type: "scatter", mode: "lines", name, ...outline(distances.edges, y), line: {color: colors.synthetic, width: 2}, hoverinfo: "skip"};
      });
      return {traces, layout};
    });
}

// ---- All numbers ----------------------------------------------------------------------------------------------------

function fillTable(table, head, body) {
  table.append(element("thead", {}, element("tr", {}, ...head.map((text) => element("th", {scope: "col"}, text)))));
  table.append(element("tbody", {}, ...body.map((cells) => element("tr", {}, ...cells.map((cell, i) => element(i === 0 ? "th" : "td", i === 0 ? {scope: "row"} : {}, ...[cell].flat()))))));
}

function showNumbers() {
  const reason = (headline, key) => (isNumber(headline[key]) ? fixed(headline[key], 4) : headline.reasons?.[key] ?? "–");
  fillTable($("headlines"), ["measure", "synthetic", "real rows", "better"], evaluation.headlines.map((headline) =>
    [[`${headline.label} `, element("span", {class: "code"}, headline.name)], reason(headline, "value"), reason(headline, "real_against_real"), headline.higher_is_better ? "higher" : "lower"]));
  fillTable($("column-table"), ["column", "type", "shape", "KS", "KS p", "Wasserstein, σ", "Jensen–Shannon", "total variation", "χ² p", "coverage", "valid", "missing real", "missing synthetic"],
    data.columns.map((column) => {
      const m = evaluation.columns[column.measures];
      return [short(column.name, 60), column.type, fixed(m.shape, 4), fixed(m.ks, 4), probability(m.ks_p), fixed(m.wasserstein, 4), fixed(m.jensen_shannon, 4),
              fixed(m.total_variation, 4), probability(m.chi_square_p), fixed(m.range_coverage ?? m.category_coverage, 3), fixed(m.adherence, 3),
              percent(m.missing_real), percent(m.missing_synthetic)];
    }));
}

showVerdict();
showColumns();
showPairs();
showComponents();
showTraining();
showPrivacy();
showNumbers();
setTheme(theme);
