// One picture in the document, brought up to date whenever it changes.

import { describe } from './describe.js';
import { aim } from './focus.js';
import { WORDS, bytes, isUnderWay, largest, savedPercent, stateOf } from './words.js';

/**
 * formats: those of variants, each {name, label}.
 * actions: {retry, remove, delete}, each called without arguments. say: {focus(focus), words({alt, labels})}, which resolve
 * once the files are cut around it, and the words are published. Returns {element, update, open, trouble, dispose}.
 */
export function makeView(picture, formats, actions, say) {
  const element = document.getElementById('picture').content.firstElementChild.cloneNode(true);
  const part = (name) => element.querySelector(`.${name}`);
  let preview = null;
  const name = part('name');
  const bar = element.querySelector('progress');

  name.id = `name-${picture.id}`;
  name.textContent = picture.file.name;
  element.setAttribute('aria-labelledby', name.id);
  bar.setAttribute('aria-labelledby', name.id);
  const thumb = part('thumb').firstElementChild;
  thumb.onerror = () => { thumb.hidden = true; };
  for (const [action, act] of Object.entries({ ...actions, details: () => open(part('result').hidden) })) {
    part(action).onclick = act;
    part(action).setAttribute('aria-describedby', name.id);
  }

  function update() {
    const ready = picture.state === 'ready';
    element.dataset.state = picture.state;
    part('state').textContent = stateOf(picture);
    bar.hidden = picture.state !== 'uploading';
    bar.value = picture.progress;
    part('retry').hidden = !(picture.state === 'failed' && picture.problem.retriable);
    part('details').hidden = !ready;
    part('delete').hidden = !picture.key;
    part('remove').textContent = isUnderWay(picture) ? 'Cancel' : 'Clear';
    part('remove').title = picture.key ? WORDS.clears : '';
    showThumb();
    if (!ready) open(false);
  }

  /** The file itself as soon as there is one; of a picture from before the page was loaded anew, a published file. */
  function showThumb() {
    if (!preview && picture.file instanceof Blob) {
      preview = URL.createObjectURL(picture.file);
      show(preview);
    } else if (!preview && picture.published) {
      show(smallest(picture.published).url);
    }
  }

  function show(url) {
    if (thumb.src === url) return;
    thumb.hidden = false;
    thumb.src = url;
  }

  /** The result is made when it is looked at: twenty comparisons are forty pictures to load. */
  function open(wanted) {
    part('details').setAttribute('aria-expanded', String(wanted));
    if (wanted) showResult(part('result'), picture, formats, preview, say);
    else part('result').replaceChildren();
    part('result').hidden = !wanted;
  }

  function trouble(words) {
    part('trouble').textContent = words;
    part('trouble').hidden = !words;
  }

  function dispose() {
    if (preview) URL.revokeObjectURL(preview);
    element.remove();
  }

  update();
  return { element, update, open, trouble, dispose };
}

function showResult(place, picture, formats, preview, say) {
  const result = document.getElementById('result').content.cloneNode(true);
  const part = (name) => result.querySelector(`.${name}`);
  const { published } = picture;
  compare(part, published, preview);
  aim(part, picture, preview, say.focus);
  describe(part, picture, say.words);
  const weight = largest(published).bytes; // null of a file that is made at its first view
  const saved = weight === null ? 0 : savedPercent(picture.file.size, weight);
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
  const alone = (words) => {
    stage.classList.add('alone');
    missing.textContent = words;
    missing.hidden = false;
  };
  original.onerror = () => alone(WORDS.notShown);
  if (preview) original.src = preview;
  else alone(WORDS.noOriginal);
  divider.oninput = () => stage.style.setProperty('--at', `${divider.value}%`);
}

/** The published picture as a page would show it, from addresses and not from markup: no HTML is parsed here. */
function shown(published) {
  const picture = document.createElement('picture');
  const last = published.picture_formats.at(-1);
  for (const name of published.picture_formats.slice(0, -1)) {
    const source = document.createElement('source');
    source.type = published.variants.find((variant) => variant.format === name).media_type;
    source.srcset = published.srcset[name];
    source.sizes = '(max-width: 42rem) 100vw, 30rem';
    picture.append(source);
  }
  const image = document.createElement('img');
  image.alt = published.facts?.alt || 'The published picture';
  image.src = largest(published, last).url;
  picture.append(image);
  return picture;
}

/** The smallest file that every browser shows. */
function smallest(published) {
  return published.variants
    .filter((variant) => variant.format === published.picture_formats.at(-1) && !variant.dominated)
    .reduce((best, variant) => (variant.width < best.width ? variant : best));
}

function table(element, published, formats) {
  const label = (name) => formats.find((format) => format.name === name)?.label ?? name;
  const names = [...new Set(published.variants.map((variant) => variant.format))];
  const sizes = [...new Set(published.variants.map((variant) => variant.name))];
  const corner = node('th', 'Size');
  corner.scope = 'col';
  const columns = names.map((name) => Object.assign(node('th', label(name)), { scope: 'col' }));
  element.tHead.rows[0].append(corner, ...columns);
  for (const size of sizes) {
    const row = element.tBodies[0].insertRow();
    const variants = published.variants.filter((variant) => variant.name === size);
    const { width, height } = variants[0];
    const heading = Object.assign(node('th', `${size} `), { scope: 'row' });
    heading.append(Object.assign(node('span', `${width} x ${height}`), { className: 'pixels' }));
    row.append(heading);
    for (const name of names) row.append(cell(variants.find((variant) => variant.format === name), label(name)));
  }
}

function cell(variant, format) {
  const td = document.createElement('td');
  if (variant) {
    const weight = variant.bytes === null ? WORDS.lazy : bytes(variant.bytes);
    const link = Object.assign(node('a', weight), { href: variant.url, target: '_blank', rel: 'noopener' });
    link.setAttribute('aria-label', `${variant.name}, ${format}: ${weight}`);
    td.append(link);
  }
  return td;
}

function node(name, text) {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
}
