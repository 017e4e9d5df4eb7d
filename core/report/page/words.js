'use strict';
// The page of `meg report`: everything is read from the JSON in #data (its keys: core/report/report.h).
// Names and categories are any text: they reach the page by textContent, and the charts by plain().

const data = JSON.parse(document.getElementById('data').textContent);
const $ = (id) => document.getElementById(id);

function element(tag, attributes = {}, ...children) {
  const out = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) out.setAttribute(name, value);
  out.append(...children.filter((child) => child !== null));
  return out;
}

const isNumber = (x) => typeof x === 'number' && Number.isFinite(x);
const count = (x) => x.toLocaleString('en');
const several = (x, what) => `${count(x)} ${what}${x === 1 ? '' : 's'}`;
const fixed = (x, digits = 3) => (isNumber(x) ? x.toFixed(digits).replace('-', '−') : '–');
function percent(share) {
  const x = 100 * share;
  return `${x > 0 && x < 0.1 ? x.toPrecision(1) : x.toFixed(x === 0 || x >= 10 ? 0 : x >= 1 ? 1 : 2)}\u00a0%`;
}
const probability = (p) => (!isNumber(p) ? '–' : p < 0.001 ? '< 0.001' : p.toFixed(3));
const short = (text, length) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);
const quoted = (name) => `“${short(name, 60)}”`;

function duration(seconds) {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const whole = Math.round(seconds);
  return whole < 3600 ? `${Math.floor(whole / 60)} min ${whole % 60} s` :
                        `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** A place on a column's line, in as few digits as a step of `step` needs. */
function place(x, type, step) {
  if (type === 'datetime') return new Date(1000 * x).toISOString().slice(0, step < 86400 ? 16 : 10).replace('T', ' ');
  if (x !== 0 && (Math.abs(x) >= 1e6 || Math.abs(x) < 1e-3))
    return new Intl
        .NumberFormat(
            'en',
            {notation: Math.abs(x) < 1e15 && Math.abs(x) >= 1 ? 'compact' : 'scientific', maximumSignificantDigits: 3})
        .format(x)
        .replace('-', '−');
  const digits = Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(step || 1))));
  return String(Number(x.toFixed(digits))).replace('-', '−');
}

/** Text for a chart, where tags and entities would be read. */
const plain = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** What each of a column's bars is, in words. */
function barNames(bars, type) {
  let names;
  if (bars.edges) {
    const step = bars.edges[1] - bars.edges[0];
    names = bars.edges.slice(1).map((high, i) => {
      const whole = type === 'integer', last = i === bars.edges.length - 2;
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
  if (bars.missing) names.push('(missing)');
  return names;
}
