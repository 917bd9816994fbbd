// One picture in the document, brought up to date whenever it changes.

import { bytes, largest, savedPercent, stateOf } from './words.js';

/**
 * formats: those of variants, each {name, label}.
 * actions: {retry, remove}, each called without arguments. Returns {element, update, dispose}.
 */
export function makeView(picture, formats, actions) {
  const element = document.getElementById('picture').content.firstElementChild.cloneNode(true);
  const part = (name) => element.querySelector(`.${name}`);
  const preview = URL.createObjectURL(picture.file);
  const name = part('name');
  const bar = element.querySelector('progress');

  name.id = `name-${picture.id}`;
  name.textContent = picture.file.name;
  element.setAttribute('aria-labelledby', name.id);
  bar.setAttribute('aria-labelledby', name.id);
  const thumb = part('thumb').firstElementChild;
  thumb.onerror = () => thumb.remove();
  thumb.src = preview;
  for (const action of ['retry', 'remove']) {
    part(action).onclick = actions[action];
    part(action).setAttribute('aria-describedby', name.id);
  }

  function update() {
    element.dataset.state = picture.state;
    part('state').textContent = stateOf(picture);
    bar.hidden = picture.state !== 'uploading';
    bar.value = picture.progress;
    part('retry').hidden = !(picture.state === 'failed' && picture.problem.retriable);
    if (picture.state === 'ready') showResult(part('result'), picture, formats, preview);
    else part('result').hidden = true;
  }

  function dispose() {
    URL.revokeObjectURL(preview);
    element.remove();
  }

  update();
  return { element, update, dispose };
}

function showResult(place, picture, formats, preview) {
  const result = document.getElementById('result').content.cloneNode(true);
  const part = (name) => result.querySelector(`.${name}`);
  const { published } = picture;
  compare(part, published, preview);
  const saved = savedPercent(picture.file.size, largest(published).bytes);
  part('saved').textContent = saved > 0 ? `${saved} % fewer bytes` : '';
  table(result.querySelector('table'), published, formats);
  part('notes').append(...(published.notes ?? []).map((note) => node('li', note)));
  result.querySelector('code').textContent = published.picture;
  const copy = part('copy');
  copy.onclick = async () => {
    await navigator.clipboard.writeText(published.picture);
    copy.textContent = 'Copied';
    setTimeout(() => { copy.textContent = 'Copy'; }, 2000);
  };
  place.replaceChildren(result);
  place.hidden = false;
}

/** The published picture, and as much of the original over it as the divider says. */
function compare(part, published, preview) {
  const stage = part('stage');
  const divider = part('divider');
  const original = part('before').firstElementChild;
  const missing = part('before-missing');
  part('after').append(shown(published));
  stage.style.aspectRatio = `${published.width} / ${published.height}`;
  original.onerror = () => {
    stage.classList.add('alone');
    missing.hidden = false;
  };
  original.src = preview;
  divider.oninput = () => stage.style.setProperty('--at', `${divider.value}%`);
}

/** The published picture as a page would show it, from the variants and not from markup: nothing is parsed here. */
function shown(published) {
  const picture = document.createElement('picture');
  const last = published.picture_formats.at(-1);
  for (const name of published.picture_formats.slice(0, -1)) {
    const variants = published.variants.filter((variant) => variant.format === name);
    const source = document.createElement('source');
    source.type = variants[0].media_type;
    source.srcset = srcset(variants);
    source.sizes = '(max-width: 42rem) 100vw, 30rem';
    picture.append(source);
  }
  const image = document.createElement('img');
  image.alt = 'The published picture';
  image.src = largest(published, last).url;
  picture.append(image);
  return picture;
}

function srcset(variants) {
  const byWidth = new Map(variants.map((variant) => [variant.width, variant.url]));
  return [...byWidth].map(([width, url]) => `${url} ${width}w`).join(', ');
}

function table(element, published, formats) {
  const label = (name) => formats.find((format) => format.name === name)?.label ?? name;
  const names = [...new Set(published.variants.map((variant) => variant.format))];
  const sizes = [...new Set(published.variants.map((variant) => variant.name))];
  const heading = node('th', 'Size');
  heading.scope = 'col';
  const columns = names.map((name) => Object.assign(node('th', label(name)), { scope: 'col' }));
  element.tHead.rows[0].append(heading, ...columns);
  for (const size of sizes) {
    const row = element.tBodies[0].insertRow();
    const variants = published.variants.filter((variant) => variant.name === size);
    const { width, height } = variants[0];
    row.append(Object.assign(node('th', `${size} (${width} x ${height})`), { scope: 'row' }));
    for (const name of names) row.append(cell(variants.find((variant) => variant.format === name), label(name)));
  }
}

function cell(variant, format) {
  const td = document.createElement('td');
  if (variant) {
    const link = Object.assign(node('a', bytes(variant.bytes)), { href: variant.url, target: '_blank', rel: 'noopener' });
    link.setAttribute('aria-label', `${variant.name}, ${format}: ${bytes(variant.bytes)}`);
    td.append(link);
  }
  return td;
}

function node(name, text) {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
}
