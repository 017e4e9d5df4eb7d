// Curves of the training run.

function curve(lines, x, key, name, color) {
  const known = lines.filter((line) => isNumber(line[key]) && isNumber(line[x]));
  return {
    type: 'scatter',
    mode: known.length > 40 ? 'lines' : 'lines+markers',
    name,
    x: known.map((line) => line[x]),
    y: known.map((line) => line[key]),
    line: {color, width: 2},
    marker: {color, size: 5},
    hovertemplate: '%{hovertext}<extra></extra>',
    hovertext: known.map(
        (line) =>
            `${plain(name)} ${line[key].toPrecision(4)}<br>${line.phase} ${count(line.done)} of ${count(line.of)}` +
            (isNumber(line.seconds) ? `<br>${duration(line.seconds)}` : ''))
  };
}

function showTraining() {
  const {training} = data;
  if (!training) {
    $('training-text').textContent = 'No model was given: --model shows how it was trained.';
    return;
  }
  const lines = training.lines, last = lines.at(-1);
  const of = (phase) => lines.filter((line) => line.phase === phase);
  const timed = lines.length > 0 && lines.every((line) => isNumber(line.seconds));
  const memory = Math.max(...lines.map((line) => line.megabytes ?? 0));
  const words =
      [`Preset ${training.preset}, ${count(training.epochs)} epochs, batches of ${count(training.batch_size)} rows` +
       (training.preset === 'meg' ? training.refined ? ', refined against the discriminator.' : ', not refined.' :
                                    '.')];
  if (timed)
    words.push(
        `It took ${duration(last.seconds)}` +
        (memory > 0 ? ` and at most ${count(Math.round(memory))} MB of memory.` : '.'));
  else
    words.push(
        'A model file holds no clock: its time and memory are in what “meg train --log” writes; --log shows them.');
  if (!training.finished) words.push('Training was stopped before it was done.');
  $('training-text').textContent = words.join(' ');

  const add = (title, phase, xTitle, series, extra = {}) => {
    const shown = series.filter(([key]) => phase.some((line) => isNumber(line[key])));
    if (shown.length === 0) return;
    const chart = element('div', {class: 'chart'}), x = extra.x ?? 'done';
    $('training-charts')
        .append(element(
            'figure', {}, element('figcaption', {class: 'above'}, title), chart,
            extra.note ? element('figcaption', {}, extra.note) : null));
    const ends = shown.map(([key, name]) => {
      const known = phase.filter((line) => isNumber(line[key]));
      return `${name} from ${known[0][key].toPrecision(3)} to ${known.at(-1)[key].toPrecision(3)}`;
    });
    show(chart, `${title}: ${ends.join('; ')}`, (colors, layout) => {
      layout.xaxis.title.text = xTitle;
      Object.assign(layout, {
        margin: {l: 10, r: 10, t: 30, b: 10},
        showlegend: shown.length > 1,
        legend: {orientation: 'h', x: 0, y: 1, yanchor: 'bottom'}
      });
      Object.assign(layout.xaxis, {nticks: 6, zeroline: false, rangemode: 'tozero'});
      Object.assign(layout.yaxis, {nticks: 6, zeroline: false, ...extra.yaxis});
      layout.shapes = (extra.levels ?? []).map((level) => ({
                                                 type: 'line',
                                                 xref: 'paper',
                                                 x0: 0,
                                                 x1: 1,
                                                 y0: level,
                                                 y1: level,
                                                 line: {color: colors.soft, width: 1, dash: 'dot'}
                                               }));
      return {traces: shown.map(([key, name, color]) => curve(phase, x, key, name, colors[color])), layout};
    });
  };
  add('Warm-up: loss, nats per row', of('warm-up'), 'epoch',
      [['loss', 'training rows', 'seen'], ['held_out_loss', 'held-out rows', 'unseen']]);
  const refined = of('refinement').length > 0;
  const game = refined ? of('refinement') : of('training'), unit = refined ? 'step' : 'epoch';
  const losses = [['discriminator', 'discriminator', 'soft'], ['generator', 'generator', 'synthetic']];
  if (refined)
    add('Refinement: losses of the game', game, unit, losses, {
      levels: [2 * Math.LN2, Math.LN2],
      note: 'Dotted: a discriminator that can only guess, 1.386, and what its generator then has, 0.693.'
    });
  else
    add('Losses of the game', game, unit, losses);
  const areas = game.map((line) => line.held_out_auc).filter(isNumber);
  add('Discriminator\'s AUC on held-out rows (0.5: cannot tell)', game, unit,
      [['held_out_auc', 'held-out AUC', 'unseen']], {
        levels: [0.5],
        yaxis: {
          range:
              [Math.min(0.4, ...areas.map((area) => area - 0.05)), Math.max(0.7, ...areas.map((area) => area + 0.05))]
        }
      });
  const held = [['megabytes', 'memory held at most', 'soft'], ['gpu_megabytes', 'of the GPU\'s', 'unseen']];
  add('Memory, MB, over the seconds of training', lines, 'seconds', held, {x: 'seconds', yaxis: {rangemode: 'tozero'}});
}
