// Shows what the server says, and follows it: the server tells when there is something else to show.

const find = (id) => document.getElementById(id);
const number = new Intl.NumberFormat('en');
const kb = (bytes) => `${number.format(Math.max(0.1, Math.round(bytes / 102.4) / 10))} KB`;
const LABELS = { avif: 'AVIF', webp: 'WebP', jpeg: 'JPEG', png: 'PNG', jxl: 'JPEG XL' };
const label = (format) => LABELS[format] ?? format;
const STATES = { waiting: 'waits', rendering: 'is being rendered', ignored: 'left alone by a rule' };
const BY_RULES = '';

/** Cards by the key of their picture; the file that is looked at, by recipe; how far each divider stands, by key. */
const cards = new Map();
const chosen = new Map();
const dividers = new Map();
let state = { pictures: [], recipes: [] };
let version = -1;

function node(name, text = '', about = {}) {
  return Object.assign(document.createElement(name), { textContent: text }, about);
}

async function load() {
  const response = await fetch('state.json');
  if (!response.ok) throw new Error(await response.text());
  const said = await response.json();
  if (said.version <= version) return; // an answer that was overtaken by a later one
  ({ state, version } = said);
  if (state.pictures) show();
}

function show() {
  find('file').textContent = state.file;
  showRecipes();
  showError();
  const shown = new Set(state.pictures.map((picture) => picture.key));
  for (const [key, card] of cards) {
    if (!shown.has(key)) {
      card.element.remove();
      cards.delete(key);
    }
  }
  state.pictures.forEach((picture, index) => {
    if (!cards.has(picture.key)) cards.set(picture.key, makeCard());
    const card = cards.get(picture.key);
    const list = find('pictures');
    if (list.children[index] !== card.element) list.insertBefore(card.element, list.children[index] ?? null);
    const said = JSON.stringify(picture);
    if (card.said !== said) {
      card.said = said;
      update(card, picture);
    }
  });
  filter();
  showSummary();
  find('empty').hidden = state.pictures.length > 0 || Boolean(state.error);
  find('more').hidden = !state.passed_over;
  find('more').textContent = `${number.format(state.passed_over)} more pictures of the folder are not shown: name a folder with fewer.`;
}

function showRecipes() {
  const select = find('recipe');
  const names = [BY_RULES, ...state.recipes];
  if (names.join('\n') !== [...select.options].map((option) => option.value).join('\n')) {
    select.replaceChildren(...names.map((name) => node('option', name || 'by the rules', { value: name })));
  }
  select.value = state.recipe ?? BY_RULES;
}

/** An error names the file, the key, and what is wrong, with colons between them. */
function showError() {
  const box = find('error');
  box.hidden = !state.error;
  if (!state.error) return;
  const [file, key, ...what] = state.error.split(': ');
  const named = what.length > 0;
  box.querySelector('.where').textContent = named ? `${file}: ${key}` : '';
  box.querySelector('.what').textContent = named ? what.join(': ') : state.error;
  box.querySelector('.hint').hidden = state.pictures.length === 0;
}

function showSummary() {
  const { pictures, left } = state;
  find('progress').hidden = left === 0;
  find('progress').value = pictures.length ? 1 - left / pictures.length : 0;
  if (left) {
    find('summary').textContent = `${pictures.length - left} of ${pictures.length} pictures rendered`;
    return;
  }
  const files = pictures.filter((picture) => picture.state === 'ready').flatMap((picture) => picture.variants);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const words = [`${pictures.length} pictures`, `${number.format(files.length)} files`, kb(bytes)];
  const was = pictures.reduce((sum, picture) => sum + Object.values(picture.was).reduce((all, one) => all + one, 0), 0);
  if (was && was !== bytes) words.push(`${change(was, bytes)} than before the last change`);
  const refused = pictures.filter((picture) => picture.reason).length;
  if (refused) words.push(`${refused} rejected`);
  find('summary').textContent = words.join(' · ');
}

function change(was, bytes) {
  const percent = Math.round((100 * (bytes - was)) / was);
  return `${Math.abs(percent)} % ${bytes < was ? 'less' : 'more'}`;
}

function makeCard() {
  const element = find('picture').content.firstElementChild.cloneNode(true);
  const part = (name) => element.querySelector(name);
  const divider = part('.stage input');
  divider.oninput = () => {
    part('.stage').style.setProperty('--at', `${divider.value}%`);
    dividers.set(element.dataset.key, divider.value);
  };
  return { element, part, said: '' };
}

function update(card, picture) {
  const { element, part } = card;
  element.dataset.key = picture.key;
  element.dataset.state = picture.state;
  part('h2').textContent = picture.key;
  part('.facts').textContent = facts(picture);
  const reason = picture.title ? [picture.title, picture.detail].filter(Boolean).join(' ') : '';
  part('.reason').hidden = !reason;
  part('.reason').textContent = picture.reason ? `${picture.reason}: ${reason}` : reason;
  const file = picked(picture);
  showWhole(part, picture, file);
  showMade(part, picture, file);
  showTable(card, picture, file);
  const notes = [...(picture.notes ?? []), ...(picture.variants ?? []).filter((one) => one.note).map((one) => `${one.name}, ${label(one.format)}: ${one.note}`)];
  part('.notes').replaceChildren(...notes.map((note) => node('li', note)));
}

function facts(picture) {
  const size = picture.width ? [`${picture.width} x ${picture.height}`, picture.format] : [];
  const moving = picture.frames > 1 ? [`${picture.frames} frames`] : [];
  const cost = picture.cpu_ms ? [`${number.format(picture.cpu_ms)} ms of CPU`] : [];
  return [...size, ...moving, kb(picture.bytes), picture.recipe ?? '', STATES[picture.state] ?? '', ...cost].filter(Boolean).join(' · ');
}

/** The file that is looked at: of the size and format that was chosen for the recipe, or else of the largest size. */
function picked(picture) {
  const variants = picture.variants ?? [];
  const wanted = chosen.get(picture.recipe);
  const named = variants.filter((one) => one.name === wanted?.name);
  const largest = variants.filter((one) => one.width === Math.max(...variants.map((other) => other.width)));
  const among = named.length ? named : largest;
  return among.find((one) => one.format === wanted?.format) ?? among[0];
}

/** The original as it was read, and on it what the size cuts off and the point that it keeps. */
function showWhole(part, picture, file) {
  const figure = part('.whole');
  const crop = file && picture.crops?.[file.name];
  figure.hidden = !picture.before || comparable(picture, file);
  if (figure.hidden) return;
  source(figure.querySelector('img'), picture.before, `The original of ${picture.key}`);
  const [rectangle, point] = [figure.querySelector('.crop'), figure.querySelector('.point')];
  rectangle.hidden = point.hidden = !crop;
  figure.querySelector('.frame').classList.toggle('aims', Boolean(crop));
  showAimed(figure, picture);
  figure.querySelector('figcaption').textContent = 'Original';
  if (!crop) return;
  const [left, top, width, height] = crop.rectangle.map((share) => `${100 * share}%`);
  Object.assign(rectangle.style, { left, top, width, height });
  const [x, y] = crop.focus;
  place(point, x, y);
  const by = picture.aimed ? ' (chosen here)' : picture.focus ? ' (found)' : '';
  figure.querySelector('figcaption').textContent = `Original, focus ${x.toFixed(2)}, ${y.toFixed(2)}${by}. Click to try another`;
  figure.querySelector('img').onclick = (event) => {
    const { left: from, top: above, width: wide, height: high } = event.target.getBoundingClientRect();
    aim(picture.key, point, (event.clientX - from) / wide, (event.clientY - above) / high);
  };
  point.onkeydown = (event) => {
    const [right, down] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
    if (!right && !down) return;
    event.preventDefault();
    const step = event.shiftKey ? 0.1 : 0.02;
    aim(picture.key, point, Number(point.dataset.x) + right * step, Number(point.dataset.y) + down * step);
  };
}

function place(point, x, y) {
  Object.assign(point.style, { left: `${100 * x}%`, top: `${100 * y}%` });
  Object.assign(point.dataset, { x, y });
  point.setAttribute('aria-label', `Focus: ${Math.round(100 * x)} % from the left, ${Math.round(100 * y)} % from the top. Arrow keys move it.`);
}

/** Have the picture cut around another point: it counts more than any focus of its recipe, as an uploader's does. */
function aim(key, point, ...shares) {
  const [x, y] = shares.map((share) => Math.round(100 * Math.min(1, Math.max(0, share))) / 100);
  place(point, x, y);
  post('focus', { key, focus: [x, y] });
}

/** The point that was chosen on this page, as metadata and `lightpress focus` have it. */
function showAimed(figure, picture) {
  const line = figure.querySelector('.aimed');
  line.hidden = !picture.aimed;
  if (!picture.aimed) return;
  const value = picture.aimed.join(',');
  line.querySelector('code').textContent = value;
  const copy = line.querySelector('.copy');
  copy.setAttribute('aria-label', `Copy ${value}`);
  copy.onclick = async () => {
    await navigator.clipboard.writeText(value);
    copy.textContent = 'Copied';
    setTimeout(() => { copy.textContent = 'Copy'; }, 2000);
  };
  line.querySelector('.undo').onclick = () => post('focus', { key: picture.key, focus: null });
}

/** Whether original and file can lie over each other: the whole picture is shown, and no step moves its pixels. */
function comparable(picture, file) {
  if (!picture.before || !file || picture.crops?.[file.name]) return false;
  return Math.abs(file.width * picture.height - file.height * picture.width) <= Math.max(picture.width, picture.height);
}

function showMade(part, picture, file) {
  const figure = part('.made');
  figure.hidden = !file;
  if (!file) return;
  const [after, before, divider] = ['.after', '.before', 'input'].map((name) => figure.querySelector(name));
  source(after, file.url, `${picture.key} as ${file.name}, ${label(file.format)}`);
  after.width = file.width;
  after.height = file.height;
  const compares = comparable(picture, file);
  figure.querySelector('.stage').classList.toggle('compares', compares);
  before.hidden = divider.hidden = !compares;
  if (compares) {
    source(before, picture.before, '');
    divider.value = dividers.get(picture.key) ?? 0;
    divider.oninput();
  }
  const link = node('a', `${file.name}, ${label(file.format)}, ${kb(file.bytes)}`, { href: file.url, target: '_blank', rel: 'noopener' });
  const share = Math.round((100 * file.bytes) / picture.bytes);
  figure.querySelector('figcaption').replaceChildren(link, node('span', ` · ${share} % of the original's bytes${compares ? ' · drag to compare' : ''}`));
}

function source(image, url, alt) {
  image.alt = alt;
  if (image.getAttribute('src') !== url) image.src = url;
}

function showTable(card, picture, file) {
  const table = card.part('table');
  const variants = picture.variants ?? [];
  table.hidden = variants.length === 0;
  const formats = [...new Set(variants.map((one) => one.format))];
  const sizes = [...new Set(variants.map((one) => one.name))];
  const focused = table.contains(document.activeElement) ? document.activeElement.dataset.file : null;
  const heads = ['Size', ...formats.map(label)].map((text) => node('th', text, { scope: 'col' }));
  table.tHead.rows[0].replaceChildren(...heads);
  table.tBodies[0].replaceChildren(...sizes.map((size) => row(picture, size, formats, file)));
  if (focused) table.querySelector(`[data-file="${CSS.escape(focused)}"]`)?.focus();
}

function row(picture, size, formats, file) {
  const of = (format) => picture.variants.find((one) => one.name === size && one.format === format);
  const { width, height } = picture.variants.find((one) => one.name === size);
  const head = node('th', `${size} `, { scope: 'row' });
  head.append(node('span', `${width} x ${height}`, { className: 'pixels' }));
  const line = document.createElement('tr');
  line.append(head, ...formats.map((format) => cell(picture, of(format), file)));
  return line;
}

function cell(picture, variant, file) {
  const td = document.createElement('td');
  if (!variant) return td;
  const name = `${variant.name}.${variant.format}`;
  const button = node('button', kb(variant.bytes), { type: 'button' });
  button.dataset.file = name;
  button.setAttribute('aria-pressed', String(variant === file));
  button.setAttribute('aria-label', `Show ${variant.name}, ${label(variant.format)}: ${kb(variant.bytes)}`);
  const was = picture.was[name];
  if (was && was !== variant.bytes) {
    const less = variant.bytes < was;
    const percent = Math.round((100 * Math.abs(variant.bytes - was)) / was);
    button.append(node('span', ` ${less ? '−' : '+'}${percent} %`, { className: less ? 'less' : 'grown' }));
    button.setAttribute('aria-label', `${button.getAttribute('aria-label')}, ${change(was, variant.bytes)} than before`);
  }
  button.onclick = () => choose(picture.recipe, variant);
  td.append(button);
  return td;
}

/** A choice is for all pictures of a recipe, so that they can be compared with each other. */
function choose(recipe, { name, format }) {
  chosen.set(recipe, { name, format });
  for (const picture of state.pictures) if (picture.recipe === recipe) update(cards.get(picture.key), picture);
}

function filter() {
  const wanted = find('find').value.trim().toLowerCase();
  for (const [key, card] of cards) card.element.hidden = !key.toLowerCase().includes(wanted);
}

find('find').oninput = filter;
find('recipe').onchange = (event) => {
  post('recipe', { recipe: event.target.value || null });
};

function post(what, said) {
  fetch(what, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(said) }).catch(gone);
}

const events = new EventSource('events');
events.onmessage = () => load().catch(gone);
events.onerror = gone;
events.onopen = () => { find('gone').hidden = true; };

function gone() {
  find('gone').hidden = false;
  find('gone').textContent = 'The command has ended, or cannot be reached. Start lightpress render --watch again, and open the address that it prints.';
}
