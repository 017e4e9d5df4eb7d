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

/** How a number of a column is printed. */
const printed = {
  number: (x) => fixed(x, 4),
  short: (x) => fixed(x, 3),
  probability,
  percent
};

function showNumbers() {
  const reason = (headline, key) =>
      (isNumber(headline[key]) ? fixed(headline[key], 4) : headline.reasons?.[key] ?? '–');
  fillTable(
      $('headlines'), ['measure', 'synthetic', 'real rows', 'best'],
      evaluation.headlines.map(
          (headline) =>
              [element(
                   'span', {title: headline.meaning}, `${headline.label} `,
                   element('span', {class: 'code'}, ...breakable(headline.name))),
               reason(headline, 'value'), reason(headline, 'real_against_real'), headline.best]));
  const rules = [...evaluation.rules].sort((a, b) => (a.synthetic ?? 1) - (b.synthetic ?? 1));
  $('rules').hidden = rules.length === 0;
  fillTable(
      $('rules'), ['rule', 'synthetic', 'real'],
      rules.map(
          (rule) =>
              [short(rule.rule, 120) +
                   (rule.stated ? ` (stated: ${rule.synthetic_broken} rows break it, ${rule.real_broken} real ones)` :
                                  ''),
               fixed(rule.synthetic, 4), fixed(rule.real, 4)]));
  fillTable(
      $('column-table'), ['column', 'type', ...data.column_measures.map(({heading}) => heading)],
      data.columns.map((column) => {
        const m = evaluation.columns[column.measures];
        const cells = data.column_measures.map(
            ({keys, print}) => printed[print](keys.map((key) => m[key]).find((value) => value !== undefined)));
        return [short(column.name, 60), column.type, ...cells];
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
