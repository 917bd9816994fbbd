// The page for operators: asks the operators' API and shows what it says. Read this first.
//
// Keys and reasons are strangers' words: they become text of elements and never markup.

import { makeAccount } from './account.js';
import { accountButton, askWhoIsThere, by, notice, tell } from './sign-in.js';
import { bytes, savedPercent } from './words.js';

const base = new URL('./', location.href);
// A sign-in of its own: the token of the upload page lacks the scope.
const storage = {
  getItem: (name) => sessionStorage.getItem(`operators.${name}`),
  setItem: (name, value) => sessionStorage.setItem(`operators.${name}`, value),
  removeItem: (name) => sessionStorage.removeItem(`operators.${name}`),
};

try {
  await start();
} catch {
  notice('The service cannot be reached. Look at the connection, then reload this page.');
}

async function start() {
  const config = await (await fetch(new URL('config.json', base))).json();
  const account = await makeAccount({ ...config.auth, scope: `openid ${config.operators}` }, { storage });
  if (account.needed()) askWhoIsThere(account, () => open(account, config));
  else open(account, config);
}

function open(account, config) {
  if (account.kind !== 'none') {
    accountButton('Sign out', () => {
      account.signOut();
      location.reload();
    });
  }
  const api = makeApi(account, config.operators);
  by('desk').hidden = false;
  by('find').onsubmit = (event) => {
    event.preventDefault();
    show(by('picture'), async () => pictureCard(await api.picture(by('key').value), api));
  };
  by('filter').onsubmit = (event) => {
    event.preventDefault();
    listFailures(api);
  };
  listFailures(api);
  show(by('held'), async () => heldList(await api.held(), api));
  show(by('backfills'), async () => backfillTable(await api.backfills()));
  show(by('days'), async () => dayTable(await api.days()));
}

/** The API. Each call gives what it says, or throws an Error with words for people. */
function makeApi(account, scope) {
  async function call(method, path, body) {
    const headers = {};
    if (account.token()) headers.authorization = account.token();
    if (body) headers['content-type'] = 'application/json';
    let answer;
    try {
      answer = await fetch(new URL(`operators/${path}`, base), { method, headers, body: body && JSON.stringify(body) });
    } catch {
      throw new Error('The service cannot be reached. Try again in a moment.');
    }
    if (answer.ok && answer.headers.get('content-type') === 'image/jpeg') return answer.blob();
    const said = await answer.json().catch(() => undefined);
    if (answer.ok && said) return said;
    if (answer.ok) throw new Error('The answer broke off. Look anew: what you asked for has happened.');
    if (answer.status === 401) throw new Error('You are signed out, or the token has ended. Sign out, then in again.');
    if (answer.status === 403) throw new Error(`This takes the scope ${scope}, which your sign-in does not have.`);
    throw new Error(said?.detail ?? `The service answers ${answer.status}. Try again in a moment.`);
  }

  const query = (asked) => new URLSearchParams(Object.entries(asked).filter(([, value]) => value));
  const named = ({ subject, identity }) => ({ subject, identity });
  return {
    picture: (key) => call('GET', `pictures?${query({ key })}`),
    failures: (asked) => call('GET', `failures?${query(asked)}`),
    retry: (failure) => call('POST', 'failures/retry', named(failure)),
    discard: (failure) => call('POST', 'failures/discard', named(failure)),
    held: () => call('GET', 'held'),
    preview: (held) => call('GET', `held/preview?${query(held)}`),
    approve: (review) => call('POST', 'held/approve', review),
    reject: (review) => call('POST', 'held/reject', review),
    backfills: () => call('GET', 'backfills'),
    days: () => call('GET', 'days'),
  };
}

function listFailures(api) {
  const asked = { reason: by('reason').value.trim(), prefix: by('prefix').value };
  return show(by('failures'), async () => {
    const { failures, more } = await api.failures(asked);
    tell(failures.length === 1 ? '1 failure.' : `${failures.length} failures.`);
    if (!failures.length) return empty(more ? 'None among the newest. Name a reason or a prefix.' : 'No failures.');
    const list = make('ul', { className: 'cards' }, ...failures.map((one) => make('li', {}, failureCard(one, api))));
    return more ? make('div', {}, list, empty('There are more: name a reason or a prefix.')) : list;
  });
}

function pictureCard(picture, api) {
  const facts = {
    Status: picture.title ? `${picture.status}: ${picture.title}` : picture.status,
    Detail: picture.detail,
    'Held for': picture.held_for.join(', '),
    Recipe: picture.recipe,
    Revision: picture.revision,
    Original: picture.width && `${picture.width} x ${picture.height} pixels, ${picture.format}, ${bytes(picture.bytes)}`,
    Permalink: picture.status === 'ready' ? link(picture.permalink, picture.permalink) : picture.permalink,
    'Alt text': picture.facts?.alt,
    Labels: picture.facts?.labels.map((label) => label.name).join(', '),
    Focus: picture.focus && `${picture.focus.map((share) => `${Math.round(100 * share)} %`).join(' from the left, ')} from the top`,
    Notes: picture.notes.join(' '),
  };
  const variants = picture.variants.map((one) => [
    words(one.note ? `${one.name}. ${one.note}` : one.name),
    link(one.url, one.format),
    `${one.width} x ${one.height}`,
    one.lazy ? 'at first view' : bytes(one.bytes),
  ]);
  const versions = picture.versions.map((one) => [
    words(one.deleted ? 'deleted' : bytes(one.bytes)),
    words(time(one.at)),
    words(one.identity),
  ]);
  return make(
    'article',
    { className: picture.status === 'failed' ? 'card failed' : 'card' },
    make('h3', { textContent: picture.key }),
    factList(facts, picture.status),
    variants.length ? table('Variants', [words('Size'), 'File', 'Pixels', 'Bytes'], variants) : '',
    versions.length ? table('History of the original', [words('Version'), words('When'), words('Id')], versions) : '',
    ...picture.failures.map((one) => failureCard(one, api)),
  );
}

function failureCard(failure, api) {
  const said = make('span', {});
  said.setAttribute('aria-live', 'polite');
  const name = failure.key ?? failure.subject;
  const card = make('article', { className: 'card failed' });
  const button = (label, className, act) => {
    const made = make('button', { type: 'button', className, textContent: label });
    made.setAttribute('aria-label', `${label}: ${name}`);
    made.onclick = async () => {
      made.disabled = true;
      try {
        said.textContent = await act();
        made.disabled = said.textContent !== '';
      } catch (error) {
        said.textContent = error.message;
        made.disabled = false;
      }
    };
    return made;
  };
  const retry = button('Retry', 'retry', async () => {
    await api.retry(failure);
    return 'Sent. It leaves the list once it is published.';
  });
  const discard = button('Discard', 'discard', async () => {
    if (!confirm(`Forget this failure of ${name}, and the copy in quarantine? The original stays.`)) return '';
    await api.discard(failure);
    retry.disabled = true;
    return 'Forgotten.';
  });
  card.append(
    make('h3', { textContent: name }),
    factList({
      Reason: failure.reason,
      Detail: failure.detail,
      URL: failure.url,
      Last: `${time(failure.last_at)}, after ${failure.attempts} ${failure.attempts === 1 ? 'attempt' : 'attempts'}`,
      Copy: failure.in_quarantine ? 'in quarantine' : 'none',
    }),
    make('div', { className: 'act' }, ...[failure.key && retry, discard, said].filter(Boolean)),
  );
  return card;
}

function heldList({ held, more }, api) {
  if (!held.length) return empty('Nothing waits for a reviewer.');
  const list = make('ul', { className: 'cards' }, ...held.map((one) => make('li', {}, heldCard(one, api))));
  return more ? make('div', {}, list, empty('There are more: they follow once these are reviewed.')) : list;
}

function heldCard(held, api) {
  const said = make('span', {});
  said.setAttribute('aria-live', 'polite');
  const detail = make('input', { autocomplete: 'off', maxLength: 500, placeholder: 'for whoever uploaded it' });
  const why = make('label', { className: 'why' }, 'Reason', detail);
  const buttons = [];
  const button = (label, className, act) => {
    const made = make('button', { type: 'button', className, textContent: label });
    made.setAttribute('aria-label', `${label}: ${held.key}`);
    made.onclick = async () => {
      buttons.forEach((one) => { one.disabled = true; });
      try {
        said.textContent = await act();
        tell(`${said.textContent} ${held.key}`);
      } catch (error) {
        said.textContent = error.message;
        buttons.forEach((one) => { one.disabled = false; });
      }
    };
    buttons.push(made);
    return made;
  };
  const about = { key: held.key, version: held.version };
  // An approval counts while it is waited for, and a rejection afterwards, too: the first one named is the usual one.
  const waitedFor = held.answerable.find((name) => held.held_for.includes(name));
  const reviewer = waitedFor ?? held.answerable[0];
  const shown = make('div', {});
  const see = make('button', { type: 'button', className: 'see', textContent: 'Look' });
  see.setAttribute('aria-label', `Look: ${held.key}`);
  see.onclick = async () => {
    see.disabled = true;
    await show(shown, async () => previewOf(await api.preview(about), held.key));
    see.disabled = shown.querySelector('img') !== null;
  };
  const approve = waitedFor && button('Approve', 'approve', async () => {
    await api.approve({ ...about, reviewer });
    const others = held.held_for.filter((name) => name !== reviewer);
    return others.length ? `Approved. It still waits for ${others.join(', ')}.` : 'Approved.';
  });
  const reject = reviewer && button('Reject', 'discard', async () => {
    await api.reject({ ...about, reviewer, ...(detail.value.trim() && { detail: detail.value.trim() }) });
    return 'Rejected.';
  });
  return make(
    'article',
    { className: 'card' },
    make('h3', {}, look(held.key, api)),
    factList({
      'Waits for': held.held_for.join(', '),
      'You answer for': reviewer,
      Since: time(held.since),
      ...(held.until && { Until: time(held.until) }),
      Bytes: bytes(held.bytes),
    }),
    waitedFor ? '' : empty(whoAnswers(held.held_for)),
    make('div', { className: 'act' }, ...[see, approve, reject, reject && why, said].filter(Boolean)),
    shown,
  );
}

/** What to do where no approval is waited for that operators may give. */
function whoAnswers(names) {
  if (!names.length) return 'All have answered: what comes of it takes seconds.';
  return `No approval of operators is waited for. Where ${names.join(', ')} will not answer, somebody with access to the deployment `
    + `answers for each: lightpress gate approve KEY --reviewer ${names[0]} --env ENV`;
}

/** The picture from memory: no address of it exists that anybody else could ask for. */
function previewOf(blob, key) {
  const address = URL.createObjectURL(blob);
  const picture = make('img', { className: 'preview', src: address, alt: `Preview of ${key}` });
  picture.onload = () => URL.revokeObjectURL(address);
  return picture;
}

/** A button that shows a picture in the part for that. */
function look(key, api) {
  const button = make('button', { type: 'button', className: 'link', textContent: key });
  button.onclick = () => {
    by('key').value = key;
    by('key').scrollIntoView();
    by('key').focus();
    return show(by('picture'), async () => pictureCard(await api.picture(key), api));
  };
  return button;
}

// What the state machine of backfills is run for.
const TASKS = { look: 'backfill', sweep: 'sweep', plan: 'plan', retry: 'retry of failures' };

function backfillTable({ backfills }) {
  if (!backfills.length) return empty('No run in the last 90 days.');
  const rows = backfills.map((run) => [
    words(`${TASKS[run.task] ?? run.task} ${run.name}: ${run.buckets.join(', ')}`),
    words(run.ended ?? (run.stopped ? `ending: ${run.stopped}` : `pass ${run.pass}, at most ${run.rate} a second`)),
    run.sent.toLocaleString('en'),
    run.objects_left === null ? 'no cap' : run.objects_left.toLocaleString('en'),
    dollars(run.dollars_spent),
    run.dollars_left === null ? 'no cap' : dollars(run.dollars_left),
  ]);
  return table('Runs over existing pictures', [words('Run'), words('State'), 'Sent', 'May still', 'Spent', 'May still'], rows);
}

function dayTable({ days }) {
  if (!days.length) return empty('Nothing was counted in the last seven days.');
  const sum = (values) => Object.values(values).reduce((all, one) => all + one, 0);
  const rows = days.map((day) => [
    words(day.day),
    day.published.toLocaleString('en'),
    day.failed.toLocaleString('en'),
    bytes(day.original_bytes),
    day.original_bytes ? `${savedPercent(day.original_bytes, day.largest_bytes)} %` : '',
    dollars(sum(day.dollars)),
  ]);
  return table('Counts of each day', [words('Day (UTC)'), 'Published', 'Failed', 'Originals', 'Saved', 'Dollars'], rows);
}

/** Put what `read` gives into a place; its words, if it fails. */
async function show(place, read) {
  place.replaceChildren(empty('One moment.'));
  try {
    place.replaceChildren(await read());
  } catch (error) {
    const said = make('p', { className: 'notice', textContent: error.message });
    said.setAttribute('role', 'alert');
    place.replaceChildren(said);
  }
}

function factList(facts, status) {
  const list = make('dl', { className: 'facts-list' });
  for (const [name, value] of Object.entries(facts)) {
    if (value === null || value === undefined || value === '' || value === false) continue;
    const said = make('dd', {}, value);
    if (name === 'Status') said.className = `state-${status}`;
    list.append(make('dt', { textContent: name }), said);
  }
  return list;
}

/** A table that may be wider than a phone: then it scrolls, by the keyboard, too. */
function table(caption, heads, rows) {
  const cells = (tag, row) => row.map((cell) => (cell?.wide ? make(tag, { className: 'words' }, cell.wide) : make(tag, {}, cell)));
  const head = make('tr', {}, ...cells('th', heads));
  head.querySelectorAll('th').forEach((one) => one.setAttribute('scope', 'col'));
  const made = make(
    'table',
    {},
    make('caption', { className: 'visually-hidden', textContent: caption }),
    make('thead', {}, head),
    make('tbody', {}, ...rows.map((row) => make('tr', {}, ...cells('td', row)))),
  );
  const scroll = make('div', { className: 'scroll', tabIndex: 0 }, made);
  scroll.setAttribute('role', 'region');
  scroll.setAttribute('aria-label', caption);
  return scroll;
}

/** A cell of words, which may take several lines. */
function words(text) {
  return { wide: String(text) };
}

function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== '').map((child) => (child instanceof Node ? child : String(child))));
  return element;
}

function link(address, text) {
  return make('a', { href: address, textContent: text, rel: 'noreferrer' });
}

function empty(text) {
  return make('p', { className: 'empty', textContent: text });
}

function time(seconds) {
  return `${new Date(1000 * seconds).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function dollars(value) {
  return `$${value < 1 && value > 0 ? value.toFixed(4) : value.toFixed(2)}`;
}
