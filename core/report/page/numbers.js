// Every measure in tables; and the page is put together.

function fillTable(table, head, body) {
  table.append(element('thead', {}, element('tr', {}, ...head.map((text) => element('th', {scope: 'col'}, text)))));
  table.append(element(
      'tbody', {},
      ...body.map(
          (cells) => element(
              'tr', {},
              ...cells.map(
                  (cell, i) => element(i === 0 ? 'th' : 'td', i === 0 ? {scope: 'row'} : {}, ...[cell].flat()))))));
}

/** A name that may be cut after its underscores: a phone is narrow. */
const breakable = (name) => name.split(/(?<=_)/).flatMap((part) => [part, element('wbr')]);

/** Which way a measure is better; of rows nearer to seen rows, and of guesses, a half is no copying. */
const best = (headline) => ['closest_share', 'membership_auc'].includes(headline.name) ? '0.5' :
    headline.higher_is_better                                                          ? 'high' :
                                                                                         'low';

function showNumbers() {
  const reason = (headline, key) =>
      (isNumber(headline[key]) ? fixed(headline[key], 4) : headline.reasons?.[key] ?? '–');
  fillTable(
      $('headlines'), ['measure', 'synthetic', 'real rows', 'best'],
      evaluation.headlines.map(
          (headline) => [
              [`${headline.label} `, element('span', {class: 'code'}, ...breakable(headline.name))],
              reason(headline, 'value'), reason(headline, 'real_against_real'), best(headline)]));
  const rules = [...evaluation.rules].sort((a, b) => (a.synthetic ?? 1) - (b.synthetic ?? 1));
  $('rules').hidden = rules.length === 0;
  fillTable(
      $('rules'), ['rule', 'synthetic', 'real'],
      rules.map((rule) => [short(rule.rule, 120), fixed(rule.synthetic, 4), fixed(rule.real, 4)]));
  fillTable(
      $('column-table'),
      [
        'column', 'type', 'shape', 'KS', 'KS p', 'Wasserstein, σ', 'Jensen–Shannon', 'total variation', 'χ² p',
        'coverage', 'valid', 'missing real', 'missing synthetic'
      ],
      data.columns.map((column) => {
        const m = evaluation.columns[column.measures];
        return [
          short(column.name, 60), column.type, fixed(m.shape, 4), fixed(m.ks, 4), probability(m.ks_p),
          fixed(m.wasserstein, 4), fixed(m.jensen_shannon, 4), fixed(m.total_variation, 4), probability(m.chi_square_p),
          fixed(m.range_coverage ?? m.category_coverage, 3), fixed(m.adherence, 3), percent(m.missing_real),
          percent(m.missing_synthetic)
        ];
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
