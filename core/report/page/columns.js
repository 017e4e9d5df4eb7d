// A card for every column.

const shares = (counts, total) => counts.map((n) => n / total);

/** The bar whose shares differ most. */
function largestGap(column) {
  const real = shares(column.real, rows.real), synthetic = shares(column.synthetic, rows.synthetic);
  let worst = 0;
  real.forEach((share, i) => {
    if (Math.abs(share - synthetic[i]) > Math.abs(real[worst] - synthetic[worst])) worst = i;
  });
  if (real.length === 0) return 'no values';
  const exact = (share) => (share > 0 && share < 0.001 ? percent(share) : `${(100 * share).toFixed(1)}\u00a0%`);
  return `largest difference: ${short(barNames(column.bars, column.type)[worst], 40)}: ${exact(real[worst])} real, ${
      exact(synthetic[worst])} synthetic`;
}

/** Real as a wide pale bar, synthetic as a narrow one inside, on lines that are numbered so that no label is parsed. */
function categoryChart(column, colors, layout) {
  const names = barNames(column.bars, column.type), flat = !['integer', 'decimal'].includes(column.type);
  const places = names.map((_, i) => i);
  const bar = (counts, total, width, color, table) => {
    const y = shares(counts, total);
    const trace = {
      type: 'bar',
      orientation: flat ? 'h' : 'v',
      width,
      marker: {color},
      hovertemplate: '%{hovertext}<extra></extra>',
      hovertext: y.map((share, i) => `${plain(short(names[i], 80))}: ${percent(share)} ${table}`)
    };
    return flat ? {...trace, x: y, y: places} : {...trace, x: places, y};
  };
  const lines = {
    tickvals: places,
    ticktext: names.map((name) => plain(short(name, flat ? 18 : 8))),
    range: [-0.6, names.length - 0.4],
    showgrid: false,
    zeroline: false
  };
  const share = {tickformat: '.0%', nticks: 5, rangemode: 'tozero'};
  Object.assign(layout[flat ? 'yaxis' : 'xaxis'], lines);
  Object.assign(layout[flat ? 'xaxis' : 'yaxis'], share);
  if (flat) layout.yaxis.range.reverse();
  layout.margin = {l: 8, r: 14, t: 6, b: 24};
  layout.barmode = 'overlay';
  return {
    traces: [
      bar(column.real, rows.real, 0.8, colors.realFill, 'of the real rows'),
      bar(column.synthetic, rows.synthetic, 0.34, colors.synthetic, 'of the synthetic rows')
    ],
    layout
  };
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
  const at = (x) => (column.type === 'datetime' ? 1000 * x : x);
  const real = shares(column.real, rows.real).slice(0, bars),
        synthetic = shares(column.synthetic, rows.synthetic).slice(0, bars);
  const centres = edges.slice(1).map((high, i) => at((edges[i] + high) / 2)), width = at(edges[1]) - at(edges[0]);
  Object.assign(layout.xaxis, {
    nticks: 6,
    showgrid: false,
    zeroline: false,
    range: [at(edges[0]) - width / 2, at(edges[bars]) + width / 2],
    type: column.type === 'datetime' ? 'date' : 'linear'
  });
  Object.assign(
      layout.yaxis,
      {tickformat: Math.max(...real, ...synthetic) < 0.03 ? '.1%' : '.0%', nticks: 5, rangemode: 'tozero'});
  layout.margin = {l: 8, r: 14, t: 6, b: 24};
  layout.bargap = 0;
  return {
    traces: [
      {
        type: 'bar',
        x: centres,
        y: real,
        width,
        marker: {color: colors.realFill, line: {width: 0}},
        hovertemplate: '%{hovertext}<extra></extra>',
        hovertext:
            real.map((share, i) => `${plain(names[i])}<br>real ${percent(share)}<br>synthetic ${percent(synthetic[i])}`)
      },
      {
        type: 'scatter',
        mode: 'lines',
        ...outline(edges.map(at), synthetic),
        line: {color: colors.synthetic, width: 2},
        hoverinfo: 'skip'
      }
    ],
    layout
  };
}

function columnCard(column) {
  const m = evaluation.columns[column.measures];
  const chart = element('div', {class: 'chart'}), list = element('dl', {class: 'facts'});
  const counted = 'total_variation' in m;
  const coverage = m.range_coverage ?? m.category_coverage;
  facts(list, [
    ['KS', counted ? null : fixed(m.ks)],
    ['Wasserstein', counted || !isNumber(m.wasserstein) ? null : `${fixed(m.wasserstein)} σ`],
    ['total variation', counted ? fixed(m.total_variation) : null],
    ['χ² p', counted ? probability(m.chi_square_p) : null],
    ['coverage', isNumber(coverage) ? percent(coverage) : null],
    [
      'missing',
      m.missing_real + m.missing_synthetic > 0 ?
          `${percent(m.missing_real)} real, ${percent(m.missing_synthetic)} synthetic` :
          null
    ],
  ]);
  const gap = largestGap(column);
  const beyond = column.bars.open_low || column.bars.open_high ? ' The outer bars hold all that lies beyond.' : '';
  const title = element('h3', {title: column.name}, column.name);
  const out = element(
      'figure', {class: 'card'},
      element('header', {}, title, element('span', {class: 'shape', title: 'shape: 1 is the same'}, fixed(m.shape))),
      element('div', {class: 'kind'}, column.type), chart, list,
      element('figcaption', {}, gap[0].toUpperCase() + gap.slice(1) + '.' + beyond));
  const build = (colors, layout) => (column.bars.edges ? histogramChart : categoryChart)(column, colors, layout);
  show(
      chart, `Distribution of ${column.name}, ${column.type}, real and synthetic: shape ${fixed(m.shape)}; ${gap}`,
      build);
  return out;
}

function showColumns() {
  const cards = data.columns.map(
      (column) => ({column, card: columnCard(column), text: `${column.name} ${column.type}`.toLowerCase()}));
  const total = cards.length;
  const arrange = () => {
    const words = $('filter').value.trim().toLowerCase(), order = $('order').value;
    const shown = cards.filter(({text}) => text.includes(words));
    if (order === 'table') shown.sort((a, b) => a.column.measures - b.column.measures);
    if (order === 'name') shown.sort((a, b) => a.column.name.localeCompare(b.column.name));
    $('cards').replaceChildren(...shown.map(({card}) => card));
    $('column-count').textContent =
        shown.length === total ? `${count(total)} columns` : `${count(shown.length)} of ${count(total)} columns`;
  };
  $('filter').addEventListener('input', arrange);
  $('order').addEventListener('change', arrange);
  arrange();
  const notes = [];
  const left = evaluation.columns.length - total;
  if (left > 0)
    notes.push(
        `The page shows the ${count(total)} weakest columns; ${count(left)} more are alike enough to leave out.`);
  if (evaluation.not_learned.length > 0)
    notes.push(`Not learned, compared by the shape of their texts alone: ${
        evaluation.not_learned.map((text) => `${short(text.name, 60)} (${fixed(text.shape)})`).join(', ')}.`);
  $('not-compared').textContent = notes.join(' ');
}
