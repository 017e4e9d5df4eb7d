// The matrix, and heat maps of one pair.

/** Element (a, b) of a lower triangle without its diagonal. */
const inTriangle = (values, a, b) =>
    (a === b ? null : values[(Math.max(a, b) * (Math.max(a, b) - 1)) / 2 + Math.min(a, b)]);

/** Long names of more bars than a few would run into each other. */
const crowded = (names) => names.length > 4 && names.some((name) => name.length > 4);

/** Ticks of a column's bars along a heat map: categories by name, intervals by some of their edges. */
function barTicks(column, length) {
  const bars = column.pair_bars, names = barNames(bars, column.type);
  if (!bars.edges) return {tickvals: names.map((_, i) => i), ticktext: names.map((name) => plain(short(name, length)))};
  const step = bars.edges[1] - bars.edges[0], every = Math.ceil(bars.edges.length / 5), tickvals = [], ticktext = [];
  bars.edges.forEach((edge, i) => {
    if (i % every !== 0 || (bars.missing && i > bars.edges.length - 3)) return;  // "(missing)" needs its room
    tickvals.push(i - 0.5);
    ticktext.push(place(column.type === 'integer' ? Math.ceil(edge) : edge, column.type, step));
  });
  if (bars.missing) {
    tickvals.push(names.length - 1);
    ticktext.push('(missing)');
  }
  return {tickvals, ticktext};
}

/** Shares as [bars of y][bars of x] from counts [bars of first][bars of second]. */
function pairShares(pair, table, x, y) {
  const width = barNames(data.columns[pair.second].pair_bars, data.columns[pair.second].type).length;
  const total = rows[table], turned = x !== pair.first;
  const nx = barNames(data.columns[x].pair_bars, data.columns[x].type).length;
  const ny = barNames(data.columns[y].pair_bars, data.columns[y].type).length;
  return Array.from(
      {length: ny},
      (_, j) => Array.from({length: nx}, (_, i) => pair[table][turned ? j * width + i : i * width + j] / total));
}

function pairChart(x, y, z, most) {
  return (colors, layout) => {
    const xNames = barNames(data.columns[x].pair_bars, data.columns[x].type);
    const yNames = barNames(data.columns[y].pair_bars, data.columns[y].type);
    Object.assign(layout.xaxis, barTicks(data.columns[x], 12), {
      showgrid: false,
      zeroline: false,
      ticklabeloverflow: 'allow',
      tickangle: data.columns[x].pair_bars.labels && crowded(xNames) ? -45 : 0
    });
    Object.assign(
        layout.yaxis, barTicks(data.columns[y], 14),
        {showgrid: false, zeroline: false, autorange: data.columns[y].pair_bars.labels ? 'reversed' : true});
    layout.xaxis.title.text = plain(short(data.columns[x].name, 40));
    layout.yaxis.title.text = plain(short(data.columns[y].name, 30));
    layout.margin = {l: 10, r: 10, t: 6, b: 10};
    return {
      traces: [{
        type: 'heatmap',
        z: z.map((row) => row.map(Math.sqrt)),
        zmin: 0,
        zmax: Math.sqrt(most),
        showscale: false,
        xgap: 1,
        ygap: 1,
        colorscale: [[0, colors.middle], [1, colors.dense]],
        hovertemplate: '%{hovertext}<extra></extra>',
        hovertext: z.map(
            (row, j) => row.map(
                (share, i) => `${plain(short(xNames[i], 60))}<br>${plain(short(yNames[j], 60))}<br>${
                    percent(share)} of the rows`))
      }],
      layout
    };
  };
}

function showPairs() {
  const {columns, associations, trend, counts} = data.pairs;
  if (columns.length < 2) {
    $('pairs').querySelectorAll('.controls, figure, .halves').forEach((part) => {
      part.hidden = true;
    });
    $('pair-text').textContent = 'There are fewer than two columns to compare.';
    return;
  }
  const place = new Map(columns.map((column, i) => [column, i]));  // of a column in the matrices
  const key = (a, b) => `${Math.min(a, b)},${Math.max(a, b)}`;
  const byKey = new Map(counts.map((pair) => [key(pair.first, pair.second), pair]));
  const name = (column) => data.columns[column].name;

  function choose(x, y) {
    $('pair-first').value = String(x);
    $('pair-second').value = String(y);
    $('pair-worst').value = $('pair-worst').querySelector(`[value="${key(x, y)}"]`) ? key(x, y) : '';
    const score = inTriangle(trend, place.get(x), place.get(y));
    const parts = [`${quoted(name(x))} with ${quoted(name(y))}`];
    if (x !== y)
      parts.push(isNumber(score) ? `trend ${fixed(score)} (1: the same)` : 'no trend: one of them is constant');
    if (associations && x !== y)
      parts.push(
          `dependence ${fixed(inTriangle(associations.real, place.get(x), place.get(y)), 2)} real, ` +
          `${fixed(inTriangle(associations.synthetic, place.get(x), place.get(y)), 2)} synthetic`);
    $('pair-text').textContent = parts.join(' · ');
    const pair = byKey.get(key(x, y));
    document.querySelector('#pairs .halves').hidden = !pair;
    if (!pair) {
      $('pair-note').textContent = x === y ?
          'Choose two different columns.' :
          `The page holds the heat maps of the ${count(counts.length)} weakest pairs; this one is among the others.`;
      return;
    }
    const real = pairShares(pair, 'real', x, y), synthetic = pairShares(pair, 'synthetic', x, y);
    const most = Math.max(...real.flat(), ...synthetic.flat());
    for (const [table, z] of [['real', real], ['synthetic', synthetic]])
      show(
          $(`pair-${table}`),
          `Heat map of ${name(x)} and ${name(y)} in the ${table} table: share of rows in each pair of bars; ` +
              `the densest holds ${percent(Math.max(...z.flat()))}`,
          pairChart(x, y, z, most));
    $('pair-note').textContent =
        `Shade grows with the root of the share of rows; the densest field holds ${percent(most)}.`;
  }

  for (const select of [$('pair-first'), $('pair-second')]) {
    for (const column of columns) select.append(element('option', {value: column}, short(name(column), 60)));
    select.addEventListener('change', () => choose(Number($('pair-first').value), Number($('pair-second').value)));
  }
  $('pair-worst').append(element('option', {value: ''}, '–'));
  for (const pair of counts.slice(0, 30))
    $('pair-worst')
        .append(element(
            'option', {value: key(pair.first, pair.second)},
            `${fixed(inTriangle(trend, place.get(pair.first), place.get(pair.second)))}  ${
                short(name(pair.first), 30)} · ${short(name(pair.second), 30)}`));
  $('pair-worst').addEventListener('change', () => {
    if ($('pair-worst').value) choose(...$('pair-worst').value.split(',').map(Number));
  });
  const first = counts[0] ?? {first: columns[0], second: columns[1]};
  choose(first.first, first.second);

  showMatrix(choose);
}

/** The matrix of dependence; a click on a cell chooses its two columns. */
function showMatrix(choose) {
  const {columns, associations, reason} = data.pairs, name = (column) => data.columns[column].name;
  const values = (view) => columns.map((_, b) => columns.map((_, a) => {
    const real = inTriangle(associations.real, a, b), synthetic = inTriangle(associations.synthetic, a, b);
    if (view !== 'difference') return view === 'real' ? real : synthetic;
    return isNumber(real) && isNumber(synthetic) ? synthetic - real : null;
  }));
  const views = associations ? ['difference', 'real', 'synthetic'].filter((v) => values(v).flat().some(isNumber)) : [];
  for (const button of $('matrix-view').children) button.disabled = !views.includes(button.dataset.view);
  if (views.length === 0) {
    $('matrix-figure').hidden = $('matrix-view').hidden = true;
    $('matrix-note').textContent =
        `There is no matrix of dependence: ${reason ?? 'of no pair of columns can it be measured'}.`;
    return;
  }
  const n = columns.length, narrow = $('matrix').clientWidth < 560, labelled = n <= (narrow ? 20 : 40);
  const largest = Math.max(...values('difference').flat().filter(isNumber).map(Math.abs), 0);
  $('matrix').style.height = `${Math.round(Math.min(narrow ? 400 : 760, Math.max(300, 26 * n + 150)))}px`;
  const captions = {
    real: 'Dependence in the real table.',
    synthetic: 'Dependence in the synthetic table.',
    difference: `Synthetic minus real; the largest difference is ${fixed(largest, 2)}.`,
  };
  const build = (view) => (colors, layout) => {
    const z = values(view), reach = view === 'difference' ? Math.max(0.1, largest) : 1;
    const ticks = {
      tickvals: labelled ? columns.map((_, i) => i) : [],
      ticktext: columns.map((column) => plain(short(name(column), narrow ? 12 : 16))),
      showgrid: false,
      zeroline: false
    };
    if (narrow) layout.xaxis.tickfont.size = layout.yaxis.tickfont.size = 9;
    Object.assign(layout.xaxis, ticks, {tickangle: n <= 4 ? 0 : narrow ? -90 : -45});
    Object.assign(layout.yaxis, ticks, {autorange: 'reversed'});
    layout.margin = {l: 10, r: 10, t: 6, b: 10};
    return {
      traces: [{
        type: 'heatmap',
        z,
        zmin: -reach,
        zmax: reach,
        xgap: labelled ? 1 : 0,
        ygap: labelled ? 1 : 0,
        hoverongaps: false,
        colorscale: [[0, colors.low], [0.5, colors.middle], [1, colors.high]],
        colorbar: {thickness: 12, outlinewidth: 0, tickfont: {color: colors.soft, size: 11}, nticks: 5},
        hovertemplate: '%{hovertext}<extra></extra>',
        hovertext: z.map(
            (row, b) => row.map(
                (value, a) => `${plain(short(name(columns[b]), 40))}<br>${plain(short(name(columns[a]), 40))}<br>${
                    view} ${fixed(value, 2)}`))
      }],
      layout
    };
  };
  const clicked = (target) => target.on('plotly_click', ({points: [point]}) => {
    if (point.x !== point.y) choose(columns[point.x], columns[point.y]);
  });
  segments($('matrix-view'), views[0], (view) => {
    $('matrix-caption').textContent = captions[view] +
        (n < data.columns.length ? ` The matrix shows the ${n} columns of the lowest shape.` : '') +
        (labelled ? '' : ' Point at a cell to see which columns it is of.');
    show($('matrix'), `Matrix of dependence between ${n} columns, ${view}. ${captions[view]}`, build(view), clicked);
  });
}
