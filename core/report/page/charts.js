// Colours, and when charts are drawn.

// Okabe and Ito's blue and vermilion (orange in the dark) are the tables; their purple and green the rows that a model
// has seen and not seen. Each two are told apart with any kind of colour vision, and by how they are drawn.
const palettes = {
  light: {
    real: '#0072b2',
    synthetic: '#d55e00',
    realFill: '#9cc9e3',
    seen: '#8c4a86',
    seenFill: '#dcc0d8',
    unseen: '#00795c',
    ink: '#1c2126',
    soft: '#59626d',
    line: '#dde1e6',
    paper: '#ffffff',
    middle: '#f5f6f8',
    low: '#0b5394',
    high: '#b35806',
    dense: '#08427a'
  },
  dark: {
    real: '#56b4e9',
    synthetic: '#f0a23a',
    realFill: '#2f6f96',
    seen: '#d79bd1',
    seenFill: '#6b4a68',
    unseen: '#3fd0a4',
    ink: '#e8eaed',
    soft: '#a3acb8',
    line: '#343a43',
    paper: '#14171b',
    middle: '#20262d',
    low: '#6cb8f5',
    high: '#f5a952',
    dense: '#a8d6ff'
  },
};
const darkWanted = window.matchMedia('(prefers-color-scheme: dark)');
let theme = darkWanted.matches ? 'dark' : 'light';

/**
 * All charts: element -> {build(palette, layout) => {traces, layout}, drawn: theme it was drawn in, near: in sight}.
 */
const charts = new Map();
const sight = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    const chart = charts.get(entry.target);
    chart.near = entry.isIntersecting;
    if (chart.near) draw(entry.target);
  }
}, {rootMargin: '500px'});

function baseLayout(colors) {
  const axis = {
    gridcolor: colors.line,
    linecolor: colors.line,
    zerolinecolor: colors.line,
    tickcolor: colors.line,
    tickfont: {color: colors.soft, size: 11},
    title: {font: {color: colors.soft, size: 12}, standoff: 8},
    automargin: true,
    fixedrange: true,
    exponentformat: 'B'
  };
  return {
    paper_bgcolor: 'rgba(0,0,0,0)',
    plot_bgcolor: 'rgba(0,0,0,0)',
    margin: {l: 44, r: 10, t: 8, b: 34},
    font: {family: getComputedStyle(document.body).fontFamily, color: colors.ink, size: 12},
    xaxis: structuredClone(axis),
    yaxis: structuredClone(axis),
    dragmode: false,
    showlegend: false,
    hoverlabel: {
      bgcolor: colors.paper,
      bordercolor: colors.soft,
      font: {color: colors.ink, size: 12},
      align: 'left',
      namelength: -1
    }
  };
}

/** Draws a chart, unless it has been drawn with what it shows now, in these colours. */
function draw(target) {
  const chart = charts.get(target);
  if (chart.drawn === theme) return chart.done;
  chart.drawn = theme;
  const {traces, layout} = chart.build(palettes[theme], baseLayout(palettes[theme]));
  // A scene keeps a WebGL context, of which a browser has few.
  if (chart.scene && !layout.scene) Plotly.purge(target);
  chart.scene = Boolean(layout.scene);
  // Plotly finds out that its place has another size only when the window has.
  Object.assign(layout, {autosize: true, width: target.clientWidth, height: target.clientHeight});
  chart.done =
      Plotly.react(target, traces, layout, {responsive: true, displayModeBar: false, displaylogo: false}).then(() => {
        if (!target.dataset.drawn && chart.ready) chart.ready(target);
        target.dataset.drawn = 'yes';
      });
  return chart.done;
}

/** Adds a chart, or changes what one shows; it is drawn when it comes into sight. `ready` is called once. */
function show(target, words, build, ready) {
  target.setAttribute('role', 'img');
  target.setAttribute('aria-label', words);
  const known = charts.get(target);
  if (known) {
    Object.assign(known, {build, drawn: null});
    if (known.near) draw(target);
    return;
  }
  charts.set(target, {build, ready, drawn: null, near: false});
  sight.observe(target);
}

function setTheme(name) {
  theme = name;
  document.documentElement.dataset.theme = name;
  const other = name === 'dark' ? 'light' : 'dark';
  $('theme').textContent = `${other[0].toUpperCase()}${other.slice(1)}`;
  $('theme').setAttribute('aria-label', `Switch to ${other} colours`);
  for (const [target, chart] of charts)
    if (chart.near) draw(target);
}

$('theme').addEventListener('click', () => setTheme(theme === 'dark' ? 'light' : 'dark'));
darkWanted.addEventListener('change', (event) => setTheme(event.matches ? 'dark' : 'light'));

// Paper is white, as wide as page.css says, and shows what nobody has scrolled to.
let themeOnScreen = null;
function setPrinting(printing) {
  document.documentElement.classList.toggle('printing', printing);
  for (const chart of charts.values()) chart.drawn = null;
}
window.addEventListener('beforeprint', () => {
  themeOnScreen = theme;
  setPrinting(true);
  setTheme('light');
  for (const target of charts.keys()) draw(target);
});
window.addEventListener('afterprint', () => {
  setPrinting(false);
  setTheme(themeOnScreen);
});

/** Buttons of which one is pressed. */
function segments(group, first, choose) {
  const press = (view) => {
    for (const button of group.children) button.setAttribute('aria-pressed', String(button.dataset.view === view));
    choose(view);
  };
  group.addEventListener('click', (event) => {
    if (event.target.dataset.view && !event.target.disabled) press(event.target.dataset.view);
  });
  press(first);
}

function facts(list, pairs) {
  for (const [term, value] of pairs)
    if (value !== null) list.append(element('div', {}, element('dt', {}, term), element('dd', {}, value)));
}
