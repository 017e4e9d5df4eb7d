// Principal components in 2D and 3D.

function hasWebGl() {
  try {
    return Boolean(document.createElement('canvas').getContext('webgl'));
  } catch {
    return false;
  }
}

function showComponents() {
  const {pca} = evaluation;
  if (!pca || pca.explained.length < 2) {
    $('components').querySelectorAll('.controls, figure').forEach((part) => {
      part.hidden = true;
    });
    $('components').querySelector('.note').textContent =
        `There are no two principal components${pca && pca.reason ? `: ${pca.reason}` : ''}.`;
    return;
  }
  const titles = pca.explained.map((share, i) => `Component ${i + 1} (${percent(share)} of the variance)`);
  // Real rows as large pale points, synthetic ones as small dark ones upon them: neither hides the other.
  const points = (table, axes, colors, size) => ({
    mode: 'markers',
    name: table,
    hoverinfo: 'skip',
    ...Object.fromEntries(axes.map((axis, i) => [axis, pca[table].map((point) => point[i])])),
    marker: {
      size: table === 'real' ? 1.7 * size : size,
      color: colors[table],
      opacity: table === 'synthetic' ? 0.75 :
          theme === 'dark'           ? 0.55 :
                                       0.4,
      line: {width: 0}
    }
  });
  const legend = (colors) => ({
    showlegend: true,
    legend: {orientation: 'h', x: 0, y: 1, yanchor: 'bottom', itemsizing: 'constant', font: {color: colors.ink}}
  });
  const flat = (colors, layout) => {
    layout.xaxis.title.text = titles[0];
    layout.yaxis.title.text = titles[1];
    layout.margin = {l: 10, r: 10, t: 30, b: 10};
    return {
      traces: ['real', 'synthetic'].map((table) => ({type: 'scatter', ...points(table, ['x', 'y'], colors, 4)})),
      layout: {...layout, ...legend(colors)}
    };
  };
  const solid = (colors, layout) => {
    const axis = (i) => ({
      title: {text: titles[i].replace(' of the variance', ''), font: {color: colors.soft, size: 11}},
      color: colors.soft,
      gridcolor: colors.line,
      zerolinecolor: colors.line,
      showbackground: false,
      showspikes: false,
      tickfont: {size: 10}
    });
    return {
      traces:
          ['real', 'synthetic'].map((table) => ({type: 'scatter3d', ...points(table, ['x', 'y', 'z'], colors, 1.5)})),
      layout: {
        ...layout,
        ...legend(colors),
        margin: {l: 0, r: 0, t: 30, b: 0},
        dragmode: 'orbit',
        scene: {
          aspectmode: 'cube',
          xaxis: axis(0),
          yaxis: axis(1),
          zaxis: axis(2),
          camera: {eye: {x: 1.5, y: 1.5, z: 0.9}, center: {x: 0, y: 0, z: -0.15}}
        }
      }
    };
  };
  const cube = $('pca-view').querySelector('[data-view="3"]');
  if (pca.explained.length < 3 || !hasWebGl()) {
    cube.disabled = true;
    $('pca-status').textContent = pca.explained.length < 3 ? 'The table has only two components.' :
                                                             '3D needs WebGL, which this browser does not offer.';
  }
  $('pca-caption').textContent =
      `${count(pca.real.length)} real and ${count(pca.synthetic.length)} synthetic rows; ` +
      `the components were found in ${
          count(Math.min(pca.rows, rows.real))} real rows. Choose a name above the chart to hide its rows.`;
  segments($('pca-view'), '2', (view) => {
    if (!cube.disabled) $('pca-status').textContent = view === '3' ? 'Drag to turn, scroll to come nearer.' : '';
    const explained = pca.explained.slice(0, Number(view)).reduce((sum, share) => sum + share, 0);
    show(
        $('pca'),
        `Real and synthetic rows in the first ${view} principal components, which hold ${
            percent(explained)} of the real rows' variance`,
        view === '3' ? solid : flat);
  });
}
