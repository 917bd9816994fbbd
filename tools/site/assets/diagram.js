// Draws the diagrams of a page by the site's own copy of Mermaid, which only pages with a diagram load.
const own = document.currentScript.src;

async function draw() {
  const diagrams = [...document.querySelectorAll('pre.diagram')];
  if (!diagrams.length) return;
  if (!window.mermaid) {
    await new Promise((resolve, reject) => {
      const script = Object.assign(document.createElement('script'), { onload: resolve, onerror: reject });
      script.src = new URL('mermaid.min.js', own).href;
      document.head.append(script);
    });
  }
  const dark = document.body.dataset.mdColorScheme === 'slate';
  window.mermaid.initialize({ startOnLoad: false, theme: dark ? 'dark' : 'default' });
  for (const [index, pre] of diagrams.entries()) {
    const { svg } = await window.mermaid.render(`diagram-${index}`, pre.textContent);
    const figure = document.createElement('div');
    figure.className = 'drawn';
    figure.setAttribute('role', 'img');
    figure.setAttribute('aria-label', 'Diagram: the table below says the same in words');
    figure.innerHTML = svg;
    pre.replaceWith(figure);
  }
}

draw();
