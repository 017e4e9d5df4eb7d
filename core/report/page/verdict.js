// The first screen.

const evaluation = data.evaluation;
const rows = evaluation.rows;

function gradeBadge(grade, words) {
  return element('span', {class: `grade ${grade}`}, words);
}

function scale(score) {
  const at = (x) => `${Math.max(0, Math.min(1, (x - score.low) / (score.high - score.low))) * 100}%`;
  const bar = element('div', {
    class: 'scale',
    role: 'img',
    'aria-label': `On a scale from ${score.low} to ${score.high}: ${fixed(score.value)}` +
        (isNumber(score.real_rows) ? `; real rows score ${fixed(score.real_rows)}` : '')
  });
  bar.append(element('div', {class: 'fill', style: `width:${at(score.value)}`}));
  if (isNumber(score.real_rows)) bar.append(element('div', {class: 'mark', style: `left:${at(score.real_rows)}`}));
  return bar;
}

function scoreCard(score) {
  const out = element('li', {'data-score': score.name}, element('h2', {}, score.title));
  const text = (x) => (score.is_percent ? percent(x) : fixed(x));
  if (isNumber(score.value)) {
    out.append(element('div', {class: 'value'}, text(score.value)));
    out.append(gradeBadge(score.grade, score.badge));
    out.append(element(
        'div', {class: 'real-rows'},
        `real rows: ${isNumber(score.real_rows) ? text(score.real_rows) : score.real_rows_reason ?? 'not measured'}`));
    out.append(
        scale(score),
        element(
            'div', {class: 'ends'}, element('span', {}, String(score.low)), element('span', {}, String(score.high))));
  } else {
    out.append(element('div', {class: 'value none'}, score.reason));
  }
  out.append(element('p', {class: 'question'}, score.question));
  return out;
}

/** Flags and percentages stay in one piece. */
const withFlags = (sentence) => sentence.replaceAll(' %', '\u00a0%')
                                    .split(/(--[a-z][a-z-]*)/)
                                    .map((part, i) => (i % 2 === 1 ? element('span', {class: 'flag'}, part) : part));

function showVerdict() {
  const {names, verdict} = data;
  document.title = `${names.synthetic} beside ${names.real} – meg report`;
  $('tables').textContent =
      `${names.synthetic} (${several(rows.synthetic, 'row')}) beside ${names.real} (${several(rows.real, 'row')}` +
      `, ${several(evaluation.columns.length, 'column')} compared)` + (names.model ? `, made by ${names.model}` : '') +
      (names.test ? `, unseen rows from ${names.test}` : '');
  $('verdict-title').textContent = verdict.title;
  $('privacy-title').replaceWith(gradeBadge(verdict.privacy, verdict.privacy_title));
  $('verdict-text').textContent = verdict.sentences.join(' ');
  for (const score of verdict.scores) $('scores').append(scoreCard(score));
  const badges = {good: 'All well', fair: 'Look', poor: 'Mend', unknown: 'Not known'};
  for (const advice of data.advice)
    $('advice').append(element(
        'li', {}, gradeBadge(advice.grade, badges[advice.grade]), element('span', {}, ...withFlags(advice.sentence))));
}
