// Distances to the closest records.

function showPrivacy() {
  const {privacy} = evaluation, distances = data.distances;
  $('distances-figure').hidden = !distances;
  if (!privacy) {
    $('privacy-text').textContent = 'No column is left to compare rows by.';
    return;
  }
  const closest = privacy.closest_record, member = privacy.membership;
  const drift = privacy.held_out_drift;
  $('privacy-text').textContent = !closest ?
      'Only rows that the model has not learned from can show whether rows were copied: give some with --test.' :
      'How far each synthetic row is from the closest training row and from the closest unseen row. If rows were ' +
          'copied, the distances to training rows would be the shorter ones. ' +
          (drift ?
               `Here this says nothing, for the unseen rows differ from the training rows in ${
                   quoted(drift.column)} (shape ${fixed(drift.shape)}).` :
               'This is an average: a few copied rows among thousands do not show, and no number here proves that ' +
                   'rows are anonymous.');
  facts($('privacy-facts'), [
    ['Rows that equal a row of the real table', percent(privacy.identical_to_real)],
    ['the same of the unseen rows', closest ? percent(privacy.held_out_identical_to_real) : null],
    [
      'Share nearer to a training row (0.5: no copying)',
      closest ? `${fixed(closest.share)} ± ${fixed(closest.share_error)}` : null
    ],
    [
      'Median distance to training / unseen rows',
      closest ? `${fixed(closest.train.median_distance)} / ${fixed(closest.held_out.median_distance)}` : null
    ],
    [
      'Median ratio of closest to second closest',
      closest ? `${fixed(closest.train.median_ratio)} / ${fixed(closest.held_out.median_ratio)}` : null
    ],
    [
      'AUC of guessing who was in the training table',
      member ? `${fixed(member.auc)} ± ${fixed(member.auc_error)}` : null
    ],
  ]);
  if (!distances) return;
  const step = distances.edges[1] - distances.edges[0], asked = distances.train.reduce((sum, n) => sum + n, 0);
  const series = [['train', 'to the closest training row'], ['held_out', 'to the closest unseen row']];
  $('distances-caption').textContent = `${count(closest.synthetic_rows)} synthetic rows, each beside the closest of ${
                                           count(closest.real_rows)} training rows ` +
      'and of as many unseen ones. A distance is the mean over the columns: 0 for the same row, 1 for one that ' +
      'differs in everything. The last bar holds all beyond.';
  show(
      $('distances'),
      `Distances of synthetic rows to the closest training and unseen rows: medians ${
          fixed(closest.train.median_distance)} and ${fixed(closest.held_out.median_distance)}`,
      (colors, layout) => {
        layout.xaxis.title.text = 'distance to the closest row';
        Object.assign(layout.xaxis, {zeroline: false, showgrid: false, nticks: 8});
        layout.yaxis.title.text = 'share of synthetic rows';
        Object.assign(layout.yaxis, {tickformat: '.0%', nticks: 6, rangemode: 'tozero'});
        Object.assign(layout, {
          margin: {l: 10, r: 10, t: 30, b: 10},
          bargap: 0,
          showlegend: true,
          legend: {orientation: 'h', x: 0, y: 1, yanchor: 'bottom'}
        });
        const traces = series.map(([key, name], i) => {
          const y = shares(distances[key], asked),
                centres = distances.edges.slice(1).map((high, j) => (distances.edges[j] + high) / 2);
          const hover = {
            hovertemplate: '%{hovertext}<extra></extra>',
            hovertext: y.map(
                (share, j) => `${place(distances.edges[j], 'decimal', step)} to ${
                                  place(distances.edges[j + 1], 'decimal', step)}<br>` +
                    `training rows ${percent(share)}<br>unseen rows ${percent(distances.held_out[j] / asked)}`)
          };
          return i === 0 ? {type: 'bar', name, x: centres, y, width: step, marker: {color: colors.seenFill}, ...hover} :
                           {
                             type: 'scatter',
                             mode: 'lines',
                             name,
                             ...outline(distances.edges, y),
                             line: {color: colors.unseen, width: 2},
                             hoverinfo: 'skip'
                           };
        });
        return {traces, layout};
      });
}
